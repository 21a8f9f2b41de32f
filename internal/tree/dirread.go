package tree

import (
	"errors"
	"io/fs"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// A reader makes items of what the walk found, several at the same time as others do.
type reader struct {
	*dirTree
	batch  *batch
	turn   int64 // the number of the entry that is read
	parcel *parcel
	target []byte // that links are read into
	xattrs xattrReader
}

func newReader(t *dirTree) *reader { return &reader{dirTree: t, target: make([]byte, unix.PathMax)} }

func (r *reader) run(jobs <-chan *batch) {
	for b := range jobs {
		r.read(b)
	}
}

// read reads a batch, up to an error that ends the walk.
func (r *reader) read(b *batch) {
	defer b.done()
	r.batch, r.parcel = b, newParcel()
	for i := range b.entries {
		if r.ctx.Err() != nil || r.parcel.err != nil {
			break
		}
		r.turn = b.first + int64(i)
		r.entry(&b.entries[i])
	}
	if r.flush(); r.parcel.content != nil {
		r.recycle(r.parcel.content)
	}
}

func (r *reader) entry(e *entry) {
	switch {
	case e.err != nil:
		r.failed(e.op, e.name, e.err)
	case e.item != nil:
		r.give(*e.item)
	case e.kind == kindRegular:
		r.regular(e)
	default:
		r.other(e)
	}
}

// other gives what has no content, or none that is wanted: it is not opened.
func (r *reader) other(e *entry) {
	var st unix.Stat_t
	if err := e.stat(&st); err != nil {
		r.failed("stat", e.name, err)
		return
	}
	switch now := kindOf(&st); {
	case now != e.kind:
		r.failed("stat", e.name, errSwapped)
	case r.isMounted(e, &st):
		r.warnElsewhere(e.name)
	case st.Mode&unix.S_IFMT == unix.S_IFSOCK:
		r.warn(e.name, "is a socket: left out")
	default:
		if e.elsewhere {
			r.warnElsewhere(e.name)
		}
		r.special(e, &st)
	}
}

// isMounted tells whether what is no directory is on a file system that is left out. Its device alone does not tell: the
// files of an overlay may have that of the layer they come from.
func (r *reader) isMounted(e *entry, st *unix.Stat_t) bool {
	return kindOf(st) != kindDir && r.isElsewhere(st) && e.isMountPoint()
}

func (r *reader) special(e *entry, st *unix.Stat_t) {
	item := newItem(e.name, st)
	var err error
	if item.Mode.Type() == fs.ModeSymlink {
		if item.Link, err = r.readLink(e); err != nil {
			r.failed("read", e.name, err)
			return
		}
	}
	if item.Xattrs, err = r.xattrs.ofName(e.dir.fd, e.base()); err != nil {
		r.failed("read extended attributes of", e.name, err)
		return
	}
	r.giveFile(item, st)
}

func (r *reader) readLink(e *entry) (string, error) {
	n, err := unix.Readlinkat(e.dir.fd, e.base(), r.target)
	if err == unix.EINVAL { // it is no link
		err = errSwapped
	}
	if err != nil {
		return "", err
	}
	return string(r.target[:n]), nil
}

// failed decides what an error means: what is gone by now is warned of, what may not be read is collected, and all else
// ends the walk.
func (r *reader) failed(op, name string, err error) {
	switch {
	case err == errElsewhere:
		r.warnElsewhere(name)
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESTALE):
		r.warn(name, "vanished while the tree was read")
	case errors.Is(err, errSwapped) || errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ENXIO):
		r.warn(name, "changed while the tree was read: left out")
	case errors.Is(err, fs.ErrPermission):
		r.deny(name)
	default:
		r.parcel.err = &fs.PathError{Op: op, Path: filepath.Join(r.path, name), Err: err}
	}
}

// deny says that name may not be read: nothing is given after that, but the walk goes on to find what else.
func (r *reader) deny(name string) {
	if len(r.parcel.denied) == 0 {
		r.flush()
	}
	r.parcel.denied = append(r.parcel.denied, filepath.Join(r.path, name))
}

func (r *reader) warn(name, what string) {
	r.parcel.warnings = append(r.parcel.warnings, filepath.Join(r.path, name)+" "+what)
}

func (r *reader) warnElsewhere(name string) {
	r.warn(name, "is on another file system: left out (-a takes it along)")
}

func (r *reader) give(item Item) { r.parcel.items = append(r.parcel.items, item) }

// giveFile gives a file that may have several names.
func (r *reader) giveFile(item Item, st *unix.Stat_t) {
	if st.Nlink > 1 && !item.Mode.IsDir() {
		id := inodeOf(st)
		r.links.add(id, item.Name, r.turn)
		r.parcel.links = append(r.parcel.links, link{len(r.parcel.items), id, r.turn})
	}
	r.give(item)
}

// flush hands over the parcel and begins another.
func (r *reader) flush() {
	if r.parcel.isEmpty() {
		return
	}
	r.batch.send(r.ctx, r.parcel)
	r.parcel = newParcel()
}

// buffer returns where n bytes of content go.
func (r *reader) buffer(n int) []byte {
	if p := r.parcel; p.content != nil && cap(p.content)-len(p.content) < n {
		r.flush()
	}
	p := r.parcel
	if p.content == nil {
		select {
		case p.content = <-r.free:
		default:
			p.content = make([]byte, 0, parcelContent)
		}
	}
	return p.content[len(p.content) : len(p.content)+n]
}

// recycle gives back what content was read into.
func (t *dirTree) recycle(content []byte) {
	select {
	case t.free <- content[:0]:
	default:
	}
}
