package tree

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// A walker finds what is in a directory, ahead of those who read it.
type walker struct {
	*dirTree
	batches chan<- *batch // in order
	jobs    chan<- *batch // the same
	batch   *batch
	xattrs  xattrReader
	names   []byte // that are read
}

func newWalker(t *dirTree, batches, jobs chan<- *batch) *walker {
	return &walker{dirTree: t, batches: batches, jobs: jobs, batch: newBatch(0), names: make([]byte, 32<<10)}
}

// walk walks root to the end, or until ctx ends.
func (w *walker) walk(root int, st *unix.Stat_t) {
	err := w.directory(newDirectory(root), ".", st)
	if err == nil {
		err = w.flush()
	}
	if err != nil {
		w.batch.done()
	}
}

// directory gives the directory d, which it releases, and what is in it.
func (w *walker) directory(d *directory, name string, st *unix.Stat_t) error {
	defer d.release()
	xattrs, err := w.xattrs.ofFile(d.fd)
	if err != nil {
		return w.failed("read extended attributes of", name, err)
	}
	item := newItem(name, st)
	item.Xattrs = xattrs
	if err := w.give(entry{item: &item}); err != nil {
		return err
	}
	entries, err := readEntries(d.fd, name, w.names)
	if err != nil {
		return w.failed("read", name, err)
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	for _, e := range entries {
		e.dir = d
		if err := w.entry(e); err != nil {
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

// base returns the last part of the name, by which its directory knows it.
func (e *entry) base() string { return e.name[strings.LastIndexByte(e.name, '/')+1:] }

// entry gives what was found. Only of directories it looks what they are.
func (w *walker) entry(e entry) error {
	if e.kind == kindDir || e.kind == kindUnknown {
		var st unix.Stat_t
		if err := e.stat(&st); err != nil {
			return w.unknown(e, err)
		}
		if e.kind = kindOf(&st); e.kind == kindDir {
			return w.subdirectory(e, &st)
		}
	}
	if w.opts.Skip(e.name, false) {
		return nil
	}
	return w.give(e)
}

// unknown says why nothing is known of an entry, unless it is skipped. What another user has mounted with FUSE not even root
// may look at.
func (w *walker) unknown(e entry, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		if w.opts.Skip(e.name, true) {
			return nil
		}
		if w.opts.OneFileSystem && e.isMountPoint() {
			err = errElsewhere
		}
	}
	return w.failed("stat", e.name, err)
}

func (e *entry) stat(st *unix.Stat_t) error {
	return retry(func() error { return unix.Fstatat(e.dir.fd, e.base(), st, unix.AT_SYMLINK_NOFOLLOW) })
}

func kindOf(st *unix.Stat_t) fileKind {
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return kindDir
	case unix.S_IFREG:
		return kindRegular
	}
	return kindOther
}

// subdirectory descends, or gives the directory without what is in it.
func (w *walker) subdirectory(e entry, st *unix.Stat_t) error {
	skip := w.opts.Skip(e.name, true)
	if e.elsewhere = !skip && w.isElsewhere(st); skip || e.elsewhere {
		return w.give(e)
	}
	return w.descend(e, st)
}

// isElsewhere tells whether the directory that st is about is on a file system that is left out.
func (t *dirTree) isElsewhere(st *unix.Stat_t) bool {
	return t.opts.OneFileSystem && deviceOf(st) != t.device
}

// descend gives the directory that st is about, never another that took its name since.
func (w *walker) descend(e entry, st *unix.Stat_t) error {
	var now unix.Stat_t
	fd, err := e.open(&now, unix.O_DIRECTORY)
	if err == nil && inodeOf(&now) != inodeOf(st) {
		unix.Close(fd)
		err = errSwapped
	}
	if err != nil {
		return w.failed("open", e.name, err)
	}
	return w.directory(newDirectory(fd), e.name, &now)
}

// open opens a file of the kind of e, and no link to one.
func (e *entry) open(now *unix.Stat_t, flags int) (int, error) {
	fd := -1
	err := retry(func() (err error) {
		fd, err = unix.Openat(e.dir.fd, e.base(), unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC|flags, 0)
		return err
	})
	if err != nil {
		return -1, err
	}
	if err = unix.Fstat(fd, now); err == nil && kindOf(now) != e.kind {
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

// errElsewhere is about a name that another file system is mounted on, of which no more is known.
var errElsewhere = errors.New("another file system is mounted there")

// failed leaves it to the reader to say what became of a name. What ends the walk ends this.
func (w *walker) failed(op, name string, err error) error {
	return w.give(entry{name: name, op: op, err: err})
}

// give adds an entry to the batch, and hands that over when it is full.
func (w *walker) give(e entry) error {
	w.batch.add(e)
	if w.batch.isFull() {
		return w.flush()
	}
	return nil
}

// flush hands over the batch and begins another. The readers are not many batches behind the source.
func (w *walker) flush() error {
	b := w.batch
	select {
	case w.batches <- b:
	case <-w.ctx.Done():
		return context.Cause(w.ctx)
	}
	w.batch = newBatch(b.first + int64(len(b.entries)))
	select {
	case w.jobs <- b:
		return nil
	case <-w.ctx.Done():
		b.done()
		return context.Cause(w.ctx)
	}
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
