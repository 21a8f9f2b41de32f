package store

import (
	"io"
	"sync"

	"amiforge/internal/sparse"
)

// pageSize is the unit, in bytes, in which the content of a part is held in memory, or is known to be zero.
const pageSize = 16 << 10

type page [pageSize]byte

// A content is what a part consists of. Pages of zeros take no memory, so a part may be long.
type content struct {
	pages []*page // nil, or missing at the end, for zeros
	held  int64   // how many are not nil
	size  int64   // bytes
}

// put sets bytes that were zero until now, and extends the content to their end.
func (c *content) put(p []byte, off int64, pages *pagePool) {
	c.extend(off + int64(len(p)))
	for len(p) > 0 {
		at := int(off % pageSize)
		n := min(len(p), pageSize-at)
		if !sparse.IsZero(p[:n]) {
			copy(c.page(off/pageSize, pages)[at:], p[:n])
		}
		p, off = p[n:], off+int64(n)
	}
}

// extend makes the content end at the given size at least, with zeros.
func (c *content) extend(size int64) { c.size = max(c.size, size) }

func (c *content) page(i int64, pages *pagePool) *page {
	for int64(len(c.pages)) <= i {
		c.pages = append(c.pages, nil)
	}
	if c.pages[i] == nil {
		c.pages[i] = pages.take()
		c.held++
	}
	return c.pages[i]
}

// memory returns how many bytes of memory the content takes.
func (c *content) memory() int64 { return c.held * pageSize }

// ReadAt reads the content.
func (c *content) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) && off < c.size {
		n := c.readPage(p[done:min(int64(len(p)), int64(done)+c.size-off)], off)
		done, off = done+n, off+int64(n)
	}
	if done < len(p) {
		return done, io.EOF
	}
	return done, nil
}

// readPage reads what p and the page at off have in common.
func (c *content) readPage(p []byte, off int64) int {
	i, at := off/pageSize, int(off%pageSize)
	n := min(len(p), pageSize-at)
	if i < int64(len(c.pages)) && c.pages[i] != nil {
		return copy(p[:n], c.pages[i][at:])
	}
	clear(p[:n])
	return n
}

// A pagePool keeps the pages of parts that are sent for those that follow: the garbage collector would let them
// pile up.
type pagePool struct {
	mu   sync.Mutex
	free []*page
}

// take returns a page of zeros.
func (l *pagePool) take() *page {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := len(l.free) - 1
	if last < 0 {
		return new(page)
	}
	p := l.free[last]
	l.free = l.free[:last]
	clear(p[:])
	return p
}

// give takes the pages of c back.
func (l *pagePool) give(c *content) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range c.pages {
		if p != nil {
			l.free = append(l.free, p)
		}
	}
	c.pages, c.held = nil, 0
}
