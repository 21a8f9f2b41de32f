package filesystem

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
)

const maxReadFile = 256 << 20 // bytes of a file that ReadFile reads

// Open opens what name leads to. A regular file is an io.ReaderAt and io.Seeker, too.
func (t *tree) Open(name string) (fs.File, error) {
	f, err := t.walk(name, true)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	if f.IsDir() {
		list, err := t.ReadDir(name)
		if err != nil {
			return nil, err
		}
		return &openDir{renamed(f, name), list, false}, nil
	}
	if !f.mode.IsRegular() {
		return &openFile{io.NewSectionReader(bytes.NewReader(nil), 0, 0), renamed(f, name), false}, nil
	}
	r, err := t.content(f)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	return &openFile{io.NewSectionReader(r, 0, f.size), renamed(f, name), false}, nil
}

func (t *tree) content(f *file) (io.ReaderAt, error) {
	if f.size == 0 {
		return bytes.NewReader(nil), nil
	}
	return f.entry.content(f.size)
}

// Stat describes what name leads to.
func (t *tree) Stat(name string) (fs.FileInfo, error) { return t.stat("stat", name, true) }

// Lstat is Stat that does not follow a link at the end of name.
func (t *tree) Lstat(name string) (fs.FileInfo, error) { return t.stat("lstat", name, false) }

func (t *tree) stat(op, name string, follow bool) (fs.FileInfo, error) {
	f, err := t.walk(name, follow)
	if err != nil {
		return nil, pathError(op, name, err)
	}
	return renamed(f, name), nil
}

// ReadLink returns where the symbolic link name points to.
func (t *tree) ReadLink(name string) (string, error) {
	f, err := t.walk(name, false)
	if err == nil && f.mode&fs.ModeSymlink == 0 {
		err = fs.ErrInvalid
	}
	if err != nil {
		return "", pathError("readlink", name, err)
	}
	return f.link, nil
}

// ReadDir lists the directory that name leads to, by name.
func (t *tree) ReadDir(name string) ([]fs.DirEntry, error) {
	f, err := t.walk(name, true)
	if err == nil && !f.IsDir() {
		err = errors.New("is not a directory")
	}
	if err != nil {
		return nil, pathError("readdir", name, err)
	}
	list, err := t.list(f)
	if err != nil {
		return nil, pathError("readdir", name, err)
	}
	entries := make([]fs.DirEntry, len(list))
	for i, f := range list {
		entries[i] = f
	}
	return entries, nil
}

// ReadFile returns the content of the file that name leads to, unless it is of more than 256 MiB.
func (t *tree) ReadFile(name string) ([]byte, error) {
	f, err := t.walk(name, true)
	switch {
	case err != nil:
	case !f.mode.IsRegular():
		err = errors.New("is not a regular file")
	case f.size > maxReadFile:
		err = unsupportedf("%d bytes are too many to read at once", f.size)
	}
	if err != nil {
		return nil, pathError("read", name, err)
	}
	r, err := t.content(f)
	if err != nil {
		return nil, pathError("read", name, err)
	}
	var b bytes.Buffer // grows with what is there, not with what is said
	if _, err := io.Copy(&b, io.NewSectionReader(r, 0, f.size)); err != nil {
		return nil, pathError("read", name, err)
	}
	return b.Bytes(), nil
}

// renamed is f under the name that it was found by, through a link or in another case.
func renamed(f *file, name string) fs.FileInfo {
	if base := path.Base(name); base != f.name {
		return &file{name: base, size: f.size, mode: f.mode, modTime: f.modTime}
	}
	return f
}

func pathError(op, name string, err error) error { return &fs.PathError{Op: op, Path: name, Err: err} }

// An openFile is a file that is open.
type openFile struct {
	*io.SectionReader
	info   fs.FileInfo
	closed bool
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.info, nil }

func (f *openFile) Read(p []byte) (int, error) {
	switch {
	case f.closed:
		return 0, pathError("read", f.info.Name(), fs.ErrClosed)
	case !f.info.Mode().IsRegular():
		return 0, pathError("read", f.info.Name(), errors.New("is not a regular file"))
	}
	return f.SectionReader.Read(p)
}

func (f *openFile) Close() error {
	f.closed = true
	return nil
}

// An openDir is a directory that is open.
type openDir struct {
	info   fs.FileInfo
	rest   []fs.DirEntry
	closed bool
}

func (d *openDir) Stat() (fs.FileInfo, error) { return d.info, nil }

func (d *openDir) Read([]byte) (int, error) {
	return 0, pathError("read", d.info.Name(), errors.New("is a directory"))
}

func (d *openDir) Close() error {
	d.closed = true
	return nil
}

// ReadDir lists what comes next, as fs.ReadDirFile has it.
func (d *openDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if d.closed {
		return nil, pathError("readdir", d.info.Name(), fs.ErrClosed)
	}
	if n > 0 && len(d.rest) == 0 {
		return nil, io.EOF
	}
	if n <= 0 || n > len(d.rest) {
		n = len(d.rest)
	}
	list := d.rest[:n]
	d.rest = d.rest[n:]
	return list, nil
}
