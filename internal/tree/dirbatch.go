package tree

import (
	"context"
	"io"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

const (
	batchEntries  = 64        // of the walk that one reader does in a row
	batchDirs     = 16        // that are open for them
	parcelContent = 512 << 10 // bytes
	smallFile     = 64 << 10  // up to this size files are read ahead, in bytes
)

// A directory is an open one. Its last user closes it.
type directory struct {
	fd    int
	users atomic.Int32
}

func newDirectory(fd int) *directory {
	d := &directory{fd: fd}
	d.users.Store(1)
	return d
}

func (d *directory) release() {
	if d.users.Add(-1) == 0 {
		unix.Close(d.fd)
	}
}

// An entry is what the walk found under a name.
type entry struct {
	name string
	kind fileKind
	dir  *directory // that it is in
	item *Item      // of a directory, which needs nothing more
	op   string     // that failed
	err  error

	elsewhere bool // a directory that is left empty, since it is on another file system
}

// A fileKind is what a directory tells of its entries.
type fileKind uint8

const (
	kindUnknown fileKind = iota
	kindDir
	kindRegular
	kindOther
)

// A batch is a run of entries: what a reader does at a time.
type batch struct {
	first   int64 // the number of the first entry in the walk
	entries []entry
	dirs    []*directory
	out     chan *parcel
}

func newBatch(first int64) *batch {
	return &batch{first: first, entries: make([]entry, 0, batchEntries), out: make(chan *parcel, 1)}
}

// add appends an entry, whose directory stays open until the batch is done.
func (b *batch) add(e entry) {
	if n := len(b.dirs); e.dir != nil && (n == 0 || b.dirs[n-1] != e.dir) {
		e.dir.users.Add(1)
		b.dirs = append(b.dirs, e.dir)
	}
	b.entries = append(b.entries, e)
}

func (b *batch) isFull() bool { return len(b.entries) == batchEntries || len(b.dirs) == batchDirs }

// done says that no more comes of the batch.
func (b *batch) done() {
	for _, d := range b.dirs {
		d.release()
	}
	close(b.out)
}

// A parcel is what a reader hands over at a time.
type parcel struct {
	items    []Item
	links    []link
	readers  []smallContent
	content  []byte // of the small files, one behind the other
	large    *fileContent
	warnings []string
	denied   []string // what may not be read; what comes after that is not given
	err      error    // what the walk ends with after the items
}

func newParcel() *parcel {
	return &parcel{items: make([]Item, 0, batchEntries), readers: make([]smallContent, 0, batchEntries)}
}

func (p *parcel) isEmpty() bool {
	return len(p.items) == 0 && len(p.warnings) == 0 && len(p.denied) == 0 && p.err == nil
}

func (p *parcel) close() {
	if p.large != nil {
		p.large.file.Close()
		p.large = nil
	}
}

// send hands p over, unless ctx ends first.
func (b *batch) send(ctx context.Context, p *parcel) {
	select {
	case b.out <- p:
	case <-ctx.Done():
		p.close()
	}
}

// drain closes what came of a batch that is done and was not taken.
func (b *batch) drain() {
	for p := range b.out {
		p.close()
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

// A link says that an item of a parcel is a file with several names.
type link struct {
	at   int // of the parcel's items
	id   inode
	turn int64 // the number of its entry
}

// linkTable has the first name of each file that has several, among those that were read.
type linkTable struct {
	mu    sync.Mutex
	names map[inode]firstName
}

type firstName struct {
	name string
	turn int64
}

// isBefore tells whether the file was read under a name that comes before turn.
func (t *linkTable) isBefore(id inode, turn int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	first, ok := t.names[id]
	return ok && first.turn < turn
}

// add says that the file was read under a name.
func (t *linkTable) add(id inode, name string, turn int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if first, ok := t.names[id]; !ok || turn < first.turn {
		t.names[id] = firstName{name, turn}
	}
}

// first returns the name that comes first, once all up to turn were read, or "" if turn is that of the first.
func (t *linkTable) first(id inode, turn int64) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if first := t.names[id]; first.turn < turn {
		return first.name
	}
	return ""
}
