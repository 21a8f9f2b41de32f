//go:build !linux

package tree

import (
	"os"

	"golang.org/x/sys/unix"
)

// readEntries returns what is in the open directory called dir, in no order.
func readEntries(fd int, dir string, _ []byte) ([]entry, error) {
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(own), dir)
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return nil, underlying(err)
	}
	all := make([]entry, len(names))
	for i, name := range names {
		all[i].name = join(dir, name)
	}
	return all, nil
}

// isMountPoint tells whether something is mounted on the entry, which only Linux tells.
func (*entry) isMountPoint() bool { return false }
