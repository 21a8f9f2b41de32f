package ext4

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
)

const maxReadFile = 256 << 20 // bytes of a file that ReadFile reads

// Open opens the file or directory that name leads to: a *File. Its errors are *fs.PathErrors.
func (f *FS) Open(name string) (fs.File, error) {
	n, err := f.walk(name, true)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	file := &File{f: f, name: name, info: fileInfo{path.Base(name), n}}
	if n.kind() == typeDir {
		return file, nil
	}
	if n.kind() != typeRegular {
		return file, nil
	}
	if file.r, err = n.content(); err != nil {
		return nil, pathError("open", name, err)
	}
	return file, nil
}

// Stat describes what name leads to. Sys of the fs.FileInfo is an *Inode.
func (f *FS) Stat(name string) (fs.FileInfo, error) { return f.stat("stat", name, true) }

// Lstat is Stat that does not follow a symbolic link at the end of name.
func (f *FS) Lstat(name string) (fs.FileInfo, error) { return f.stat("lstat", name, false) }

func (f *FS) stat(op, name string, follow bool) (fs.FileInfo, error) {
	n, err := f.walk(name, follow)
	if err != nil {
		return nil, pathError(op, name, err)
	}
	return fileInfo{path.Base(name), n}, nil
}

// ReadLink returns where the symbolic link name points to.
func (f *FS) ReadLink(name string) (string, error) {
	n, err := f.walk(name, false)
	if err == nil && n.kind() != typeSymlink {
		err = fs.ErrInvalid
	}
	if err != nil {
		return "", pathError("readlink", name, err)
	}
	target, err := n.link()
	if err != nil {
		return "", pathError("readlink", name, err)
	}
	return target, nil
}

// ReadDir lists the directory that name leads to, by name.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	d, err := f.walkDirectory(name)
	if err != nil {
		return nil, pathError("readdir", name, err)
	}
	list, err := f.list(d)
	if err != nil {
		return nil, pathError("readdir", name, err)
	}
	return list, nil
}

// ReadFile returns the content of the file that name leads to, unless it is of more than 256 MiB: a sparse one costs
// nothing on the disk. Open reads it in pieces.
func (f *FS) ReadFile(name string) ([]byte, error) {
	n, err := f.walk(name, true)
	switch {
	case err != nil:
	case n.kind() == typeDir:
		err = errors.New("is a directory")
	case n.kind() != typeRegular:
		err = errors.New("is not a regular file")
	case n.size > maxReadFile:
		err = unsupportedf("%d bytes are too many to read at once", n.size)
	}
	if err != nil {
		return nil, pathError("read", name, err)
	}
	r, err := n.content()
	if err != nil {
		return nil, pathError("read", name, err)
	}
	b := make([]byte, n.size)
	if err := readFull(r, b, 0); err != nil {
		return nil, pathError("read", name, err)
	}
	return b, nil
}

// Entry describes name with all that Writer.Add takes. It does not follow a symbolic link at its end. The value of
// Entry.Name is name.
func (f *FS) Entry(name string) (*Entry, error) {
	n, err := f.walk(name, false)
	if err != nil {
		return nil, pathError("lstat", name, err)
	}
	e, err := n.entry(name)
	if err != nil {
		return nil, pathError("lstat", name, err)
	}
	return e, nil
}

func (n *node) entry(name string) (*Entry, error) {
	sys := n.sys()
	e := &Entry{
		Name: name, Mode: n.mode(), UID: sys.UID, GID: sys.GID, Major: sys.Major, Minor: sys.Minor,
		ModTime: sys.ModTime, AccessTime: sys.AccessTime, ChangeTime: sys.ChangeTime, BirthTime: sys.BirthTime,
	}
	var err error
	switch n.kind() {
	case typeRegular:
		e.Size = n.size
	case typeSymlink:
		if e.Link, err = n.link(); err != nil {
			return nil, err
		}
	}
	if e.Xattrs, err = n.attributes(); err != nil {
		return nil, fmt.Errorf("inode %d: %w", n.number, err)
	}
	return e, nil
}

func pathError(op, name string, err error) error { return &fs.PathError{Op: op, Path: name, Err: err} }

func isEncrypted(err error) bool { return errors.Is(err, errEncrypted()) }
