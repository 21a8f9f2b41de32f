package tree

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// A walker finds what is in a directory, and reads small files, ahead of its source.
type walker struct {
	ctx    context.Context
	opts   *DirOptions
	path   string // of the root, for errors
	device uint64
	links  map[inode]string // the names of files that have several
	source *dirSource
	batch  *batch
	denied DeniedError
	target []byte // that links are read into
	xattrs xattrReader
}

func newWalker(ctx context.Context, path string, opts *DirOptions, device uint64, source *dirSource) *walker {
	return &walker{
		ctx: ctx, opts: opts, path: path, device: device, links: map[inode]string{}, source: source,
		batch: newBatch(nil), target: make([]byte, unix.PathMax),
	}
}

// walk walks root, and says how that ended.
func (w *walker) walk(root *os.File, st *unix.Stat_t) {
	err := w.directory(root, ".", st)
	if err == nil && w.denied.Count > 0 {
		err = &w.denied
	}
	if err == nil {
		err = io.EOF
	}
	w.batch.err = err
	w.flush()
}

// directory gives the directory dir, which it closes, and what is in it.
func (w *walker) directory(dir *os.File, name string, st *unix.Stat_t) error {
	defer dir.Close()
	xattrs, err := w.xattrs.ofFile(int(dir.Fd()))
	if err != nil {
		return w.failed("read extended attributes of", name, err)
	}
	item := newItem(name, st)
	item.Xattrs = xattrs
	if err := w.give(item); err != nil {
		return err
	}
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return w.failed("read", name, underlying(err))
	}
	slices.Sort(names)
	for _, base := range names {
		if err := w.entry(int(dir.Fd()), base, join(name, base)); err != nil {
			return err
		}
	}
	return nil
}

// join is path.Join of names that are clean.
func join(dir, base string) string {
	if dir == "." {
		return base
	}
	return dir + "/" + base
}

// entry gives what is called base in the directory dir.
func (w *walker) entry(dir int, base, name string) error {
	var st unix.Stat_t
	if err := retry(func() error { return unix.Fstatat(dir, base, &st, unix.AT_SYMLINK_NOFOLLOW) }); err != nil {
		return w.failed("stat", name, err)
	}
	isDir := st.Mode&unix.S_IFMT == unix.S_IFDIR
	skipped := w.opts.Skip(name, isDir)
	if w.opts.OneFileSystem && deviceOf(&st) != w.device {
		if !isDir && !skipped {
			w.warn(name, "is on another file system: left out")
		}
		skipped = true
	}
	switch {
	case isDir && !skipped:
		return w.descend(dir, base, name, &st)
	case isDir:
		return w.other(dir, base, name, &st)
	case skipped:
		return nil
	case w.linked(name, &st):
		item := newItem(name, &st)
		item.HardLink = w.links[inodeOf(&st)]
		return w.give(item)
	}
	return w.file(dir, base, name, &st)
}

// linked tells whether the file was given already under another name.
func (w *walker) linked(name string, st *unix.Stat_t) bool {
	return st.Nlink > 1 && w.links[inodeOf(st)] != ""
}

func (w *walker) file(dir int, base, name string, st *unix.Stat_t) error {
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		return w.regular(dir, base, name, st)
	case unix.S_IFSOCK:
		w.warn(name, "is a socket: left out")
		return nil
	}
	return w.other(dir, base, name, st)
}

func (w *walker) descend(dir int, base, name string, st *unix.Stat_t) error {
	var now unix.Stat_t
	fd, err := w.open(dir, base, st, &now, unix.O_DIRECTORY)
	if err != nil {
		return w.failed("open", name, err)
	}
	return w.directory(os.NewFile(uintptr(fd), filepath.Join(w.path, name)), name, &now)
}

// open opens what st is about, never another that took its name since.
func (w *walker) open(dir int, base string, st, now *unix.Stat_t, flags int) (int, error) {
	fd := -1
	err := retry(func() (err error) {
		fd, err = unix.Openat(dir, base, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC|flags, 0)
		return err
	})
	if err != nil {
		return -1, err
	}
	if err = unix.Fstat(fd, now); err == nil && (inodeOf(now) != inodeOf(st) || now.Mode&unix.S_IFMT != st.Mode&unix.S_IFMT) {
		err = errSwapped
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// errSwapped is about a name that another file has than a moment ago.
var errSwapped = errors.New("another file took its name")

// other gives what has no content, or none that is wanted: it is not opened.
func (w *walker) other(dir int, base, name string, st *unix.Stat_t) error {
	item := newItem(name, st)
	var err error
	if item.Mode.Type() == fs.ModeSymlink {
		if item.Link, err = w.readLink(dir, base); err != nil {
			return w.failed("read", name, err)
		}
	}
	if item.Xattrs, err = w.xattrs.ofName(dir, base); err != nil {
		return w.failed("read extended attributes of", name, err)
	}
	w.remember(name, st)
	return w.give(item)
}

func (w *walker) readLink(dir int, base string) (string, error) {
	n, err := unix.Readlinkat(dir, base, w.target)
	if err != nil {
		return "", err
	}
	return string(w.target[:n]), nil
}

// remember notes the first name of a file that has several.
func (w *walker) remember(name string, st *unix.Stat_t) {
	if st.Nlink > 1 && st.Mode&unix.S_IFMT != unix.S_IFDIR {
		w.links[inodeOf(st)] = name
	}
}

// failed decides what an error means: what is gone by now is warned of, what may not be read is collected, and all else
// ends the walk.
func (w *walker) failed(op, name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESTALE):
		w.warn(name, "vanished while the tree was read")
		return nil
	case errors.Is(err, errSwapped) || errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ENXIO) || errors.Is(err, unix.EINVAL):
		w.warn(name, "changed while the tree was read: left out")
		return nil
	case errors.Is(err, fs.ErrPermission):
		w.denied.add(filepath.Join(w.path, name))
		return nil
	}
	return &fs.PathError{Op: op, Path: filepath.Join(w.path, name), Err: err}
}

func (w *walker) warn(name, what string) {
	w.batch.warnings = append(w.batch.warnings, filepath.Join(w.path, name)+" "+what)
}

// give hands the item over. Once something may not be read, nothing is any more: the walk goes on to find what else.
func (w *walker) give(item Item) error {
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	if w.denied.Count > 0 {
		return nil
	}
	w.batch.items = append(w.batch.items, item)
	if len(w.batch.items) == batchItems {
		return w.flush()
	}
	return nil
}

// flush hands over the batch and begins another.
func (w *walker) flush() error {
	select {
	case w.source.batches <- w.batch:
		w.batch = newBatch(nil)
		return nil
	case <-w.ctx.Done():
		w.batch.close()
		w.batch = newBatch(nil)
		return context.Cause(w.ctx)
	}
}

// buffer returns where n bytes of content go.
func (w *walker) buffer(n int) ([]byte, error) {
	if b := w.batch; b.content != nil && cap(b.content)-len(b.content) < n {
		if err := w.flush(); err != nil {
			return nil, err
		}
	}
	b := w.batch
	if b.content == nil {
		select {
		case b.content = <-w.source.free:
		default:
			b.content = make([]byte, 0, batchContent)
		}
	}
	return b.content[len(b.content) : len(b.content)+n], nil
}

// retry calls a system call again as long as signals interrupt it.
func retry(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

// underlying returns the error of the system call in err, which names the file itself.
func underlying(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	if call, ok := errors.AsType[*os.SyscallError](err); ok {
		return call.Err
	}
	return err
}
