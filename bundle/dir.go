package bundle

import (
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"amiforge/manifest"
)

// A Dir is a directory as a Store. Objects are its regular files; nothing outside it is ever touched, links
// that lead out are not followed (os.Root). A file gets its name when it is whole and on the disk; until then
// it has a name that no object can have.
type Dir struct {
	path   string
	root   *os.Root
	noSync bool
}

// DirOptions says how to open a directory.
type DirOptions struct {
	Create bool // make it, and its parents, if missing
	NoSync bool // leave out fsync: quicker, and after a crash of the machine the bundle may be damaged
}

// OpenDir opens a directory as a store. Opened with Create, it is also rid of the temporary files that
// killed processes left in it.
func OpenDir(path string, opts *DirOptions) (*Dir, error) {
	if opts == nil {
		opts = &DirOptions{}
	}
	if opts.Create {
		if err := os.MkdirAll(path, 0o755); err != nil {
			return nil, err
		}
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	d := &Dir{path: path, root: root, noSync: opts.NoSync}
	if opts.Create {
		err = sweepTemp(root)
	}
	return d, err
}

// Close closes the directory.
func (d *Dir) Close() error { return d.root.Close() }

// String returns the path that the directory was opened with.
func (d *Dir) String() string { return d.path }

// Stat implements Store.
func (d *Dir) Stat(ctx context.Context, name string) (Object, error) {
	if err := d.check(ctx, name); err != nil {
		return Object{}, err
	}
	info, err := d.root.Stat(name)
	if err == nil {
		err = checkRegular(info)
	}
	if err != nil {
		return Object{}, d.explain(name, err)
	}
	return Object{Name: name, Size: info.Size()}, nil
}

func checkRegular(info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return errors.New("is not a regular file")
	}
	return nil
}

// Open implements Store.
func (d *Dir) Open(ctx context.Context, name string) (io.ReadCloser, int64, error) {
	if err := d.check(ctx, name); err != nil {
		return nil, 0, err
	}
	f, err := d.root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0) // a pipe would wait for its writer
	if err != nil {
		return nil, 0, d.explain(name, err)
	}
	info, err := f.Stat()
	if err == nil {
		err = checkRegular(info)
	}
	if err != nil {
		f.Close()
		return nil, 0, d.explain(name, err)
	}
	return &exactReader{ctx: ctx, r: f, left: info.Size()}, info.Size(), nil
}

// Put implements Store.
func (d *Dir) Put(ctx context.Context, name string, body io.ReaderAt, size int64, sum manifest.Digest) error {
	if err := d.check(ctx, name); err != nil {
		return err
	}
	if err := d.put(ctx, name, io.NewSectionReader(body, 0, size), size, sum); err != nil {
		return d.explain(name, err)
	}
	return nil
}

func (d *Dir) put(ctx context.Context, name string, body io.Reader, size int64, sum manifest.Digest) error {
	t, err := newTemp(d.root)
	if err != nil {
		return err
	}
	defer t.discard()
	h := sha1.New()
	n, err := io.Copy(io.MultiWriter(t, h), &exactReader{ctx: ctx, r: io.NopCloser(body), left: size})
	if err != nil {
		return err
	}
	if n < size {
		return io.ErrUnexpectedEOF
	}
	if got := digestOf(h); got != sum {
		return invalidf("sha1 of the content is %s, not %s", got, sum)
	}
	return t.commit(name, !d.noSync)
}

// Remove implements Store.
func (d *Dir) Remove(ctx context.Context, name string) error {
	if err := d.check(ctx, name); err != nil {
		return err
	}
	info, err := d.root.Lstat(name)
	if err == nil && info.IsDir() {
		err = unix.EISDIR
	}
	if err == nil {
		err = d.root.Remove(name)
	}
	if err != nil {
		return d.explain(name, err)
	}
	return nil
}

// List implements Store.
func (d *Dir) List(ctx context.Context) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		entries, err := fs.ReadDir(d.root.FS(), ".")
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			yield(Object{}, fmt.Errorf("%s: %w", d.path, err))
			return
		}
		for _, e := range entries {
			if !e.Type().IsRegular() || isReserved(e.Name()) {
				continue
			}
			info, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) { // removed meanwhile
				continue
			}
			if err == nil {
				err = context.Cause(ctx)
			}
			if err != nil {
				yield(Object{}, fmt.Errorf("%s: %w", d.path, err))
				return
			}
			if !yield(Object{Name: e.Name(), Size: info.Size()}, nil) {
				return
			}
		}
	}
}

func (d *Dir) at(name string) string { return filepath.Join(d.path, name) }

// isReserved tells whether name is that of a file that is no object: one that is not whole, or a lock.
func isReserved(name string) bool { return isTemp(name) || strings.HasPrefix(name, lockPrefix) }

// check refuses names that are not plain, and those that no object can have.
func (d *Dir) check(ctx context.Context, name string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if name == "." || !filepath.IsLocal(name) || filepath.Base(name) != name {
		return fmt.Errorf("%s: %q is not a plain file name", d.path, name)
	}
	if isReserved(name) {
		return fmt.Errorf("%s: the name %q is kept for temporary files and locks", d.path, name)
	}
	return nil
}

// explain says which file an error is about, once.
func (d *Dir) explain(name string, err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	if p, ok := errors.AsType[*os.LinkError](err); ok {
		err = p.Err
	}
	return fmt.Errorf("%s: %w", d.at(name), err)
}

// exactReader reads left bytes, neither more nor fewer, until ctx ends.
type exactReader struct {
	ctx  context.Context
	r    io.ReadCloser
	left int64
}

func (r *exactReader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	if r.left == 0 {
		return 0, io.EOF
	}
	n, err := r.r.Read(p[:min(int64(len(p)), r.left)])
	if r.left -= int64(n); err == io.EOF && r.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	if r.left == 0 && err == io.EOF {
		err = nil
	}
	return n, err
}

func (r *exactReader) Close() error { return r.r.Close() }
