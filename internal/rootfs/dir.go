package rootfs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
)

// A Directory is a directory of this machine as the file system of a Root. It must be closed.
type Directory struct {
	root *os.Root
}

// Dir opens a directory of this machine. Nothing outside of it is reached, whatever its links say: it follows none, and
// has a Root do so.
func Dir(path string) (*Directory, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	return &Directory{root}, nil
}

// Close releases the directory.
func (d *Directory) Close() error { return d.root.Close() }

// Open opens a regular file or a directory. A pipe in its place is not waited for.
func (d *Directory) Open(name string) (fs.File, error) {
	f, err := d.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		err = &fs.PathError{Op: "open", Path: name, Err: ErrNotRegular}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Lstat describes name itself.
func (d *Directory) Lstat(name string) (fs.FileInfo, error) { return d.root.Lstat(name) }

// Stat describes what name leads to inside the directory.
func (d *Directory) Stat(name string) (fs.FileInfo, error) { return d.root.Stat(name) }

// ReadLink returns what a symbolic link says.
func (d *Directory) ReadLink(name string) (string, error) { return d.root.Readlink(name) }

// ReadDir lists a directory by name.
func (d *Directory) ReadDir(name string) ([]fs.DirEntry, error) {
	f, err := d.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	dir, ok := f.(fs.ReadDirFile)
	if !ok {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrInvalid}
	}
	list, err := dir.ReadDir(-1)
	if err == io.EOF {
		err = nil
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return list, err
}
