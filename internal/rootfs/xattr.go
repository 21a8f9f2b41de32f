package rootfs

import (
	"errors"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"amiforge/diskimg/ext4"
)

// HasXattr tells whether a regular file has an extended attribute, as far as its file system has such.
func (f *File) HasXattr(name string) (bool, error) {
	at := f.root.find(f.Name)
	switch fsys := f.root.mounts[at.mount].fsys.(type) {
	case interface {
		Entry(name string) (*ext4.Entry, error)
	}:
		e, err := fsys.Entry(at.inner)
		if err != nil {
			return false, reason(err)
		}
		for _, x := range e.Xattrs {
			if x.Name == name {
				return true, nil
			}
		}
	case *Directory:
		return fsys.hasXattr(at.inner, name)
	}
	return false, nil
}

func (d *Directory) hasXattr(path, name string) (bool, error) {
	f, err := d.Open(path)
	if err != nil {
		return false, reason(err)
	}
	defer f.Close()
	file, ok := f.(*os.File)
	if !ok {
		return false, nil
	}
	n, err := unix.Flistxattr(int(file.Fd()), nil)
	names := make([]byte, max(n, 0))
	if n > 0 {
		n, err = unix.Flistxattr(int(file.Fd()), names)
	}
	if errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.EPERM) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return slices.Contains(strings.Split(string(names[:n]), "\x00"), name), nil
}
