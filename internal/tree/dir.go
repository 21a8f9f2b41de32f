package tree

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
)

// DirOptions say how OpenDir walks. Nil means the defaults.
type DirOptions struct {
	// OneFileSystem leaves out what is on other file systems than the directory. Mount points stay, as empty directories.
	OneFileSystem bool

	// Skip tells of an item that it is left out without being read; a directory stays, but is empty. Another name of a
	// file that is left out becomes the file. Nil skips nothing. Selection.Skip is one.
	Skip func(name string, dir bool) bool

	// Warn is told of what vanished or changed while it was read, and of sockets, which are left out. It is called in Next
	// and when content is read. Nil ignores it.
	Warn func(message string)
}

// OpenDir walks the directory path in the order of names, a directory before what is in it: attributes, links, devices
// and, where the file system has them, extended attributes and holes. No symbolic link but path itself is followed, and
// what is swapped for one while it is read is not either. The small files are read ahead by a goroutine; memory is
// bounded by a few MiB and what the names of a directory and of files with several links take. An open directory a level
// is what a deep tree needs.
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
	d := &dirSource{ctx: ctx, cancel: cancel, warn: o.Warn, batches: make(chan *batch, aheadBatches), free: make(chan []byte, aheadBatches+2)}
	w := newWalker(ctx, path, &o, deviceOf(st), d)
	d.walking.Go(func() { w.walk(root, st) })
	return d, nil
}

// A dirSource gives what its walker finds.
type dirSource struct {
	ctx     context.Context
	cancel  context.CancelFunc
	warn    func(string)
	batches chan *batch
	free    chan []byte // that content was read into
	walking sync.WaitGroup
	current *batch
	at      int   // of current's items
	err     error // what Next ended with
}

func (d *dirSource) Next() (*Item, error) {
	for d.err == nil {
		if d.current == nil {
			d.take()
			continue
		}
		if d.at < len(d.current.items) {
			d.at++
			return &d.current.items[d.at-1], nil
		}
		d.err = d.current.err
		d.release()
	}
	return nil, d.err
}

// take waits for the next batch.
func (d *dirSource) take() {
	select {
	case d.current = <-d.batches:
	case <-d.ctx.Done():
		d.err = context.Cause(d.ctx)
		return
	}
	d.at = 0
	for _, message := range d.current.warnings {
		d.warn(message)
	}
}

func (d *dirSource) release() {
	d.current.close()
	if d.current.content != nil {
		d.free <- d.current.content[:0]
	}
	d.current = nil
}

// Close ends the walk and returns when nothing of it is running.
func (d *dirSource) Close() error {
	d.cancel()
	if d.current != nil {
		d.current.close()
		d.current = nil
	}
	d.walking.Wait()
	close(d.batches)
	for b := range d.batches {
		b.close()
	}
	d.batches = make(chan *batch)
	if d.err == nil {
		d.err = fs.ErrClosed
	}
	return nil
}

// A batch is what the walker hands over at a time.
type batch struct {
	items    []Item
	readers  []smallContent
	content  []byte // of the small files, one behind the other
	large    *fileContent
	warnings []string
	err      error // what the walk ends with after the items
}

const (
	aheadBatches = 4 // that wait for being taken
	batchItems   = 128
	batchContent = 256 << 10 // bytes
	smallFile    = 64 << 10  // up to this size files are read ahead, in bytes
)

func newBatch(content []byte) *batch {
	return &batch{items: make([]Item, 0, batchItems), readers: make([]smallContent, 0, batchItems), content: content}
}

func (b *batch) close() {
	if b.large != nil {
		b.large.file.Close()
		b.large = nil
	}
}

// A smallContent is a file that is in memory.
type smallContent struct{ rest []byte }

func (s *smallContent) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
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
