package rootfs

import (
	"io/fs"
	"syscall"

	"amiforge/diskimg/ext4"
)

// An identity tells directories apart, as far as the file system has numbers for them.
type identity struct {
	mount  int
	device uint64
	inode  uint64 // 0 if it is not known
}

func identityOf(info fs.FileInfo, mount int) identity {
	switch sys := info.Sys().(type) {
	case *ext4.Inode:
		return identity{mount, 0, uint64(sys.Number)}
	case *syscall.Stat_t:
		return identity{mount, uint64(sys.Dev), sys.Ino}
	}
	return identity{mount: mount}
}

// Owner returns the user and the group that a file belongs to, if its file system has such.
func Owner(info fs.FileInfo) (uid, gid uint32, ok bool) {
	switch sys := info.Sys().(type) {
	case *ext4.Inode:
		return sys.UID, sys.GID, true
	case *syscall.Stat_t:
		return sys.Uid, sys.Gid, true
	}
	return 0, 0, false
}
