package filesystem

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sync"

	"github.com/diskfs/go-diskfs/backend"
	"github.com/diskfs/go-diskfs/filesystem"
	"github.com/diskfs/go-diskfs/filesystem/squashfs"
)

// This file is the only one of the package that knows go-diskfs. One call of it runs at a time, on a budget, and a
// panic of it is an error.

// A driver is a file system as go-diskfs has it.
type driver struct {
	mu     sync.Mutex
	fs     filesystem.FileSystem
	budget *budget
}

// storage makes a budget a backend.Storage that cannot be written.
type storage struct{ *budget }

func (storage) Sys() (*os.File, error)                  { return nil, backend.ErrNotSuitable }
func (storage) Writable() (backend.WritableFile, error) { return nil, backend.ErrIncorrectOpenMode }

func openDriver(r io.ReaderAt, size int64) (entry, error) {
	d := &driver{budget: &budget{r: r, size: size}}
	err := d.call(func() (err error) {
		d.fs, err = squashfs.Read(storage{d.budget}, size, 0, 0)
		return err
	})
	return &named{d, "."}, err
}

// A named is a file, which go-diskfs finds by its path.
type named struct {
	d    *driver
	path string
}

func (n *named) content(size int64) (io.ReaderAt, error) { return n.d.open(n.path, size) }

// call runs do. Its error is that of reading, where there is one: go-diskfs may not have passed it on.
func (d *driver) call(do func() error) (err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.budget.begin()
	defer func() {
		if p := recover(); p != nil {
			err = damagedf("%v", p)
		}
		if d.budget.err != nil {
			err = d.budget.err
		}
	}()
	if err := do(); err != nil {
		return damage{err}
	}
	return nil
}

func (n *named) list(add func(*file) error) error {
	return n.d.call(func() error {
		entries, err := n.d.fs.ReadDir(n.path)
		for _, e := range entries {
			f, err := describe(e)
			if err != nil {
				return err
			}
			f.entry = &named{n.d, path.Join(n.path, f.name)}
			if err := add(f); err != nil {
				return err
			}
		}
		return err
	})
}

func describe(e fs.DirEntry) (*file, error) {
	info, err := e.Info()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.Name(), err)
	}
	f := &file{name: e.Name(), size: info.Size(), mode: info.Mode(), modTime: info.ModTime()}
	if e.IsDir() {
		f.mode |= fs.ModeDir
	}
	if f.mode&fs.ModeSymlink == 0 {
		return f, nil
	}
	if l, ok := e.(interface{ Readlink() (string, error) }); ok {
		f.link, err = l.Readlink()
	}
	return f, err
}

// An opened is a regular file as go-diskfs has it. It is an io.ReaderAt.
type opened struct {
	d    *driver
	f    filesystem.File
	size int64
}

func (d *driver) open(name string, size int64) (*opened, error) {
	o := &opened{d: d, size: size}
	err := d.call(func() (err error) {
		o.f, err = d.fs.OpenFile(name, os.O_RDONLY)
		return err
	})
	return o, err
}

func (o *opened) ReadAt(p []byte, off int64) (int, error) {
	if off >= o.size {
		return 0, io.EOF
	}
	want := p[:min(int64(len(p)), o.size-off)]
	for done := 0; done < len(want); {
		piece := want[done:min(done+1<<20, len(want))]
		if err := o.d.call(func() error { return o.fill(piece, off+int64(done)) }); err != nil {
			return done, err
		}
		done += len(piece)
	}
	if len(want) < len(p) {
		return len(want), io.EOF
	}
	return len(want), nil
}

func (o *opened) fill(p []byte, off int64) error {
	if _, err := o.f.Seek(off, io.SeekStart); err != nil {
		return err
	}
	_, err := io.ReadFull(stubborn{o.f}, p)
	return err
}

// stubborn ends where nothing was read and nothing said, which go-diskfs may do for ever.
type stubborn struct{ r io.Reader }

func (s stubborn) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if n < 0 || n > len(p) {
		return 0, damagedf("%d bytes were read of %d", n, len(p))
	}
	if n == 0 && err == nil {
		return 0, io.ErrNoProgress
	}
	return n, err
}
