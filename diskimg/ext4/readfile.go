package ext4

import (
	"errors"
	"io"
	"io/fs"
)

// A File is a file or a directory that is open. Reading from a file by ReadAt may go on concurrently.
type File struct {
	f      *FS
	name   string
	info   fileInfo
	r      io.ReaderAt // nil of what is not a regular file
	off    int64
	rest   []fs.DirEntry // of a directory
	listed bool
	closed bool
}

var (
	_ fs.ReadDirFile = (*File)(nil)
	_ io.ReaderAt    = (*File)(nil)
	_ io.Seeker      = (*File)(nil)
)

// Stat describes the file, as FS.Stat does.
func (f *File) Stat() (fs.FileInfo, error) {
	if f.closed {
		return nil, pathError("stat", f.name, fs.ErrClosed)
	}
	return f.info, nil
}

// Close ends the use of f.
func (f *File) Close() error {
	if f.closed {
		return pathError("close", f.name, fs.ErrClosed)
	}
	f.closed = true
	return nil
}

// Read reads what comes next. Holes are zeros.
func (f *File) Read(p []byte) (int, error) {
	if err := f.readable(); err != nil {
		return 0, pathError("read", f.name, err)
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, err := f.ReadAt(p, f.off)
	f.off += int64(n)
	if err == io.EOF && n > 0 {
		err = nil
	}
	return n, err
}

// ReadAt reads what is at off. Holes are zeros.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	err := f.readable()
	if err == nil && off < 0 {
		err = fs.ErrInvalid
	}
	if err != nil {
		return 0, pathError("read", f.name, err)
	}
	n, err := f.r.ReadAt(p, off)
	if err != nil && err != io.EOF {
		err = pathError("read", f.name, err)
	}
	return n, err
}

func (f *File) readable() error {
	switch {
	case f.closed:
		return fs.ErrClosed
	case f.info.IsDir():
		return errors.New("is a directory")
	case f.r == nil:
		return errors.New("is not a regular file")
	}
	return nil
}

// Seek sets where Read goes on.
func (f *File) Seek(off int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		off += f.off
	case io.SeekEnd:
		off += f.info.Size()
	}
	err := f.readable()
	if err == nil && (off < 0 || whence < io.SeekStart || whence > io.SeekEnd) {
		err = fs.ErrInvalid
	}
	if err != nil {
		return 0, pathError("seek", f.name, err)
	}
	f.off = off
	return off, nil
}

// ReadDir lists what comes next in a directory, as fs.ReadDirFile has it.
func (f *File) ReadDir(n int) ([]fs.DirEntry, error) {
	switch {
	case f.closed:
		return nil, pathError("readdir", f.name, fs.ErrClosed)
	case !f.info.IsDir():
		return nil, pathError("readdir", f.name, errors.New("is not a directory"))
	}
	if !f.listed {
		var err error
		if f.rest, err = f.f.ReadDir(f.name); err != nil {
			return nil, err
		}
		f.listed = true
	}
	if n <= 0 {
		n = len(f.rest)
	} else if len(f.rest) == 0 {
		return nil, io.EOF
	}
	list := f.rest[:min(n, len(f.rest))]
	f.rest = f.rest[len(list):]
	return list, nil
}
