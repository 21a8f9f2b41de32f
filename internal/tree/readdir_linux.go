package tree

import (
	"bytes"
	"encoding/binary"
	"errors"

	"golang.org/x/sys/unix"
)

// readEntries returns what is in the open directory called dir, in no order, with what Linux tells of it: struct
// linux_dirent64 [getdents(2)]. It reads into p.
func readEntries(fd int, dir string, p []byte) ([]entry, error) {
	var all []entry
	for {
		n := 0
		err := retry(func() (err error) {
			n, err = unix.Getdents(fd, p)
			return err
		})
		if n <= 0 || err != nil {
			return all, err
		}
		for rest := p[:n]; len(rest) > 0; {
			const length, kind, name = 16, 18, 19 // where they are
			size := int(binary.NativeEndian.Uint16(rest[length:]))
			if size <= name || size > len(rest) {
				return nil, errors.New("an entry is damaged")
			}
			base, _, _ := bytes.Cut(rest[name:size], []byte{0})
			if s := string(base); s != "." && s != ".." {
				all = append(all, entry{name: join(dir, s), kind: kindOfType(rest[kind])})
			}
			rest = rest[size:]
		}
	}
}

// isMountPoint tells whether something is mounted on the entry, as far as the kernel tells: since Linux 5.8. Nothing else is
// asked for, so that FUSE answers whoever asks.
func (e *entry) isMountPoint() bool {
	var st unix.Statx_t
	err := retry(func() error {
		return unix.Statx(e.dir.fd, e.base(), unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT, 0, &st)
	})
	return err == nil && st.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0
}

func kindOfType(t byte) fileKind {
	switch t {
	case unix.DT_UNKNOWN:
		return kindUnknown
	case unix.DT_DIR:
		return kindDir
	case unix.DT_REG:
		return kindRegular
	}
	return kindOther
}
