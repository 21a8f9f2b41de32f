package filesystem

import (
	"io"
	"sync"

	"amiforge/diskimg"
)

// A fatChain is a chain of clusters, as far as it was followed.
type fatChain struct {
	*fat
	first, next uint32
	mark        uint32 // one that was passed, ever farther back: who comes by it again goes round
	n           int64  // clusters so far
	place       pieces // of them
}

func (f *fat) chain(first uint32) fatChain {
	return fatChain{fat: f, first: first, next: first, place: pieces{r: f.r}}
}

// follow goes on until there are n clusters, or the chain ends.
func (c *fatChain) follow(n int64) error {
	for ; c.n < n && (c.n == 0 || !c.isEnd(c.next)); c.next = c.after(c.next) {
		switch {
		case c.next < 2 || c.next >= c.limit:
			return damagedf("the chain of cluster %d comes to %#x, which is none", c.first, c.next)
		case c.next == c.mark:
			return damagedf("the chain of cluster %d goes round in a circle", c.first)
		case c.n&(c.n-1) == 0:
			c.mark = c.next
		}
		c.place.add(diskimg.Extent{Offset: c.data + int64(c.next-2)*c.clusterSize, Length: c.clusterSize})
		c.n++
	}
	return nil
}

// A fatContent is the content of a file. It follows the chain as far as is read: to follow it to its end takes long, if it
// is long, and entries with such a file may be many.
type fatContent struct {
	size int64

	mu    sync.Mutex
	chain fatChain
}

func (c *fatContent) ReadAt(b []byte, off int64) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	short := int64(len(b)) > c.size-off
	if short {
		b = b[:max(c.size-off, 0)]
	}
	needed := (off + int64(len(b)) + c.chain.clusterSize - 1) / c.chain.clusterSize
	err := c.chain.follow(needed)
	if err == nil && c.chain.n < needed {
		err = damagedf("%d bytes are in %d clusters", c.size, c.chain.n)
	}
	n, readErr := c.chain.place.ReadAt(b, off)
	switch {
	case n < len(b) && err != nil:
		return n, err
	case n < len(b):
		return n, readErr
	case short:
		return n, io.EOF
	}
	return n, nil
}
