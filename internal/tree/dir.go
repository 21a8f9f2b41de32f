package tree

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// DirOptions say how OpenDir walks. Nil means the defaults.
type DirOptions struct {
	// OneFileSystem leaves out what is on other file systems than the directory, and in subvolumes of its own. Mount points
	// stay, as empty directories.
	OneFileSystem bool

	// Skip tells of an item that it is left out without being read; a directory stays, but is empty. Another name of a
	// file that is left out becomes the file. Nil skips nothing. Selection.Skip is one.
	Skip func(name string, dir bool) bool

	// Warn is told of what vanished or changed while it was read, of what OneFileSystem leaves out and is not skipped, and
	// of sockets, which are left out. It is called in Next and when content is read. Nil ignores it.
	Warn func(message string)
}

// OpenDir walks the directory path in the order of names, a directory before what is in it: attributes, links, devices
// and, where the file system has them, extended attributes and holes. No symbolic link but path itself is followed, and
// what is swapped for one while it is read is not either. The small files are read ahead, by a goroutine a processor;
// memory is bounded by some MiB, one for each of these and a few, and what the names of a directory and of files with
// several links take. An open directory a level is what a deep tree needs, and a hundred or two besides.
//
// Where something may not be read, Next returns a DeniedError that names it and the others, once the rest was looked at.
func OpenDir(ctx context.Context, path string, opts *DirOptions) (Source, error) {
	var o DirOptions
	if opts != nil {
		o = *opts
	}
	if o.Skip == nil {
		o.Skip = func(string, bool) bool { return false }
	}
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	root, st, err := openRoot(path)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	readers := min(runtime.GOMAXPROCS(0), maxReaders)
	d := &dirSource{
		dirTree: &dirTree{ctx: ctx, opts: &o, path: path, device: deviceOf(st), free: make(chan []byte, 4*readers)},
		cancel:  cancel, batches: make(chan *batch, 2*readers+4),
	}
	d.links.names = map[inode]firstName{}
	d.start(root, st, readers)
	return d, nil
}

const maxReaders = 8

// A dirTree is what the walk, the readers and the source share.
type dirTree struct {
	ctx      context.Context
	opts     *DirOptions
	path     string // of the root, for errors
	device   uint64
	links    linkTable
	free     chan []byte // that content was read into
	isDenied atomic.Bool // something may not be read, so nothing more is given
}

// A dirSource gives what the readers make of what the walk finds.
type dirSource struct {
	*dirTree
	cancel  context.CancelFunc
	batches chan *batch // in the order of the walk
	working sync.WaitGroup
	batch   *batch
	current *parcel
	at      int // of current's items
	denied  DeniedError
	err     error // what Next ended with
}

func (d *dirSource) start(root int, st *unix.Stat_t, readers int) {
	jobs := make(chan *batch, readers)
	for range readers {
		d.working.Go(func() { newReader(d.dirTree).run(jobs) })
	}
	d.working.Go(func() {
		defer close(d.batches)
		defer close(jobs)
		newWalker(d.dirTree, d.batches, jobs).walk(root, st)
	})
}

func (d *dirSource) Next() (*Item, error) {
	for d.err == nil {
		if d.current == nil {
			d.take()
			continue
		}
		if d.at < len(d.current.items) && d.denied.Count == 0 {
			d.at++
			return &d.current.items[d.at-1], nil
		}
		d.err = d.current.err
		d.release()
	}
	return nil, d.err
}

// take waits for the next parcel, and at the end tells how that came.
func (d *dirSource) take() {
	more := true
	if d.ctx.Err() == nil && d.batch == nil {
		select {
		case d.batch, more = <-d.batches:
		case <-d.ctx.Done():
		}
	}
	var p *parcel
	if d.ctx.Err() == nil && d.batch != nil {
		select {
		case p = <-d.batch.out:
		case <-d.ctx.Done():
		}
	}
	switch {
	case p != nil:
		d.begin(p)
	case d.ctx.Err() != nil:
		d.err = context.Cause(d.ctx)
	case more:
		d.batch = nil
	case d.denied.Count > 0:
		d.err = &d.denied
	default:
		d.err = io.EOF
	}
}

// begin makes p the current parcel.
func (d *dirSource) begin(p *parcel) {
	d.current, d.at = p, 0
	for _, message := range p.warnings {
		d.opts.Warn(message)
	}
	for _, name := range p.denied {
		d.denied.add(name)
		d.isDenied.Store(true)
	}
	for _, l := range p.links {
		if first := d.links.first(l.id, l.turn); first != "" {
			p.setLink(l.at, first)
		}
	}
}

// setLink makes an item another name of the file called first.
func (p *parcel) setLink(at int, first string) {
	item := &p.items[at]
	if p.large != nil && at == len(p.items)-1 {
		p.close()
	}
	item.HardLink, item.Content, item.Link, item.Xattrs = first, nil, "", nil
}

func (d *dirSource) release() {
	d.current.close()
	if d.current.content != nil {
		d.recycle(d.current.content)
	}
	d.current = nil
}

// Close ends the walk and returns when nothing of it is running.
func (d *dirSource) Close() error {
	d.cancel()
	d.working.Wait()
	if d.current != nil {
		d.current.close()
		d.current = nil
	}
	if d.batch != nil {
		d.batch.drain()
		d.batch = nil
	}
	for b := range d.batches {
		b.drain()
	}
	if d.err == nil {
		d.err = fs.ErrClosed
	}
	return nil
}

// A DeniedError tells what of a tree may not be read.
type DeniedError struct {
	Names []string // the first few
	Count int
}

const deniedNames = 10

func (e *DeniedError) add(name string) {
	if e.Count++; e.Count <= deniedNames {
		e.Names = append(e.Names, name)
	}
}

func (e *DeniedError) Error() string {
	more := ""
	if n := e.Count - len(e.Names); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return fmt.Sprintf("%s%s: permission denied: run as root, or bundle an archive that root made", strings.Join(e.Names, ", "), more)
}

// Unwrap makes it an fs.ErrPermission.
func (e *DeniedError) Unwrap() error { return fs.ErrPermission }
