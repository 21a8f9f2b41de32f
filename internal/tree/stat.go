package tree

import (
	"io/fs"
	"time"

	"golang.org/x/sys/unix"

	"amiforge/diskimg/ext4"
)

// An inode tells files apart.
type inode struct{ device, number uint64 }

func inodeOf(st *unix.Stat_t) inode { return inode{deviceOf(st), st.Ino} }

// deviceOf returns the device of the file system. Its type is not the same everywhere.
func deviceOf(st *unix.Stat_t) uint64 { return uint64(st.Dev) } //nolint:unconvert

// openRoot opens the directory path, which may be a symbolic link to it.
func openRoot(path string) (int, *unix.Stat_t, error) {
	fd := -1
	err := retry(func() (err error) {
		fd, err = unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return -1, nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		unix.Close(fd)
		return -1, nil, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	return fd, &st, nil
}

// newItem returns what st tells.
func newItem(name string, st *unix.Stat_t) Item {
	item := Item{Entry: ext4.Entry{
		Name: name, Mode: fileMode(uint32(st.Mode)), UID: st.Uid, GID: st.Gid,
		ModTime: timeOf(st.Mtim), AccessTime: timeOf(st.Atim), ChangeTime: timeOf(st.Ctim),
	}}
	if item.Mode.IsRegular() {
		item.Size = st.Size
	}
	if item.Mode&fs.ModeDevice != 0 {
		item.Major, item.Minor = unix.Major(uint64(st.Rdev)), unix.Minor(uint64(st.Rdev))
	}
	return item
}

func timeOf(ts unix.Timespec) time.Time { return time.Unix(int64(ts.Sec), int64(ts.Nsec)) } //nolint:unconvert

// fileMode translates the mode of Unix, as stat and archives have it.
func fileMode(mode uint32) fs.FileMode {
	m := fs.FileMode(mode & 0o777)
	for _, bit := range []struct {
		unix uint32
		mode fs.FileMode
	}{{unix.S_ISUID, fs.ModeSetuid}, {unix.S_ISGID, fs.ModeSetgid}, {unix.S_ISVTX, fs.ModeSticky}} {
		if mode&bit.unix != 0 {
			m |= bit.mode
		}
	}
	switch mode & unix.S_IFMT {
	case unix.S_IFDIR:
		m |= fs.ModeDir
	case unix.S_IFLNK:
		m |= fs.ModeSymlink
	case unix.S_IFIFO:
		m |= fs.ModeNamedPipe
	case unix.S_IFSOCK:
		m |= fs.ModeSocket
	case unix.S_IFCHR:
		m |= fs.ModeDevice | fs.ModeCharDevice
	case unix.S_IFBLK:
		m |= fs.ModeDevice
	}
	return m
}
