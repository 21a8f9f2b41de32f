package tree

import (
	"bytes"
	"errors"
	"strconv"

	"golang.org/x/sys/unix"

	"amiforge/diskimg/ext4"
)

// maxXattrs is the most that Linux lists or returns, in bytes.
const maxXattrs = 64 << 10

// An xattrReader reads extended attributes. What it reads into is kept.
type xattrReader struct{ names, value []byte }

// ofFile returns those of an open file.
func (x *xattrReader) ofFile(fd int) ([]ext4.Xattr, error) {
	return x.read(
		func(p []byte) (int, error) { return unix.Flistxattr(fd, p) },
		func(name string, p []byte) (int, error) { return unix.Fgetxattr(fd, name, p) },
	)
}

// ofName returns those of what cannot be opened, such as a symbolic link. They are found through /proc, so that the
// path before base is not walked again; without /proc there are none.
func (x *xattrReader) ofName(dir int, base string) ([]ext4.Xattr, error) {
	path := "/proc/self/fd/" + strconv.Itoa(dir) + "/" + base
	found, err := x.read(
		func(p []byte) (int, error) { return unix.Llistxattr(path, p) },
		func(name string, p []byte) (int, error) { return unix.Lgetxattr(path, name, p) },
	)
	if errors.Is(err, unix.ENOENT) {
		return nil, nil
	}
	return found, err
}

func (x *xattrReader) read(list func([]byte) (int, error), get func(string, []byte) (int, error)) ([]ext4.Xattr, error) {
	if x.names == nil {
		x.names, x.value = make([]byte, maxXattrs), make([]byte, maxXattrs)
	}
	n, err := list(x.names)
	if n == 0 || err != nil {
		return nil, withoutXattrs(err)
	}
	var found []ext4.Xattr
	for name := range bytes.SplitSeq(bytes.TrimSuffix(x.names[:n], []byte{0}), []byte{0}) {
		if !keepsXattr(string(name)) {
			continue
		}
		n, err := get(string(name), x.value)
		if errors.Is(err, unix.ENODATA) { // removed since
			continue
		}
		if err != nil {
			return nil, withoutXattrs(err)
		}
		found = append(found, ext4.Xattr{Name: string(name), Value: bytes.Clone(x.value[:n])})
	}
	sortXattrs(found)
	return found, nil
}

// withoutXattrs makes nothing of the error of a file system that has no extended attributes.
func withoutXattrs(err error) error {
	if errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.ENOSYS) {
		return nil
	}
	return err
}
