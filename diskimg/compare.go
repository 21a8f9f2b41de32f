package diskimg

import (
	"bytes"
	"io"

	"amiforge/internal/sparse"
)

// Compare reads two contents and returns the offset of the first byte in which they differ, or -1. Where one is
// longer than the other, what is behind the shorter one's end differs only if it is not zero; sizes are the
// caller's to compare.
func Compare(a, b Source) (int64, error) {
	x, y := newCompared(a), newCompared(b)
	for {
		if err := x.fill(); err != nil {
			return -1, err
		}
		if err := y.fill(); err != nil {
			return -1, err
		}
		if x.ended && y.ended {
			return -1, nil
		}
		if off := step(x, y); off >= 0 {
			return off, nil
		}
	}
}

// step compares what both have, or, where only one has data, that with zeros.
func step(x, y *compared) int64 {
	switch {
	case y.ended || !x.ended && x.off < y.off:
		return x.againstZero(y)
	case x.ended || y.off < x.off:
		return y.againstZero(x)
	}
	n := min(len(x.p), len(y.p))
	if i := firstDifference(x.p[:n], y.p[:n]); i >= 0 {
		return x.off + int64(i)
	}
	x.skip(n)
	y.skip(n)
	return -1
}

// A compared is one of the contents.
type compared struct {
	next  func() ([]byte, int64, error)
	p     []byte // not compared yet
	off   int64  // of p
	ended bool
}

func newCompared(src Source) *compared {
	if r, ok := src.(*Reader); ok {
		return &compared{next: r.chunk}
	}
	return &compared{next: (&chunker{src: src}).next}
}

func (c *compared) fill() error {
	var err error
	for len(c.p) == 0 && !c.ended && err == nil {
		c.p, c.off, err = c.next()
		if err == io.EOF {
			c.ended, err = true, nil
		}
	}
	return err
}

func (c *compared) skip(n int) { c.p, c.off = c.p[n:], c.off+int64(n) }

// againstZero compares what c has before other's next data with zeros.
func (c *compared) againstZero(other *compared) int64 {
	n := len(c.p)
	if !other.ended {
		n = int(min(int64(n), other.off-c.off))
	}
	for n > 0 {
		piece := c.p[:min(n, sparse.MaxZero)]
		if !sparse.IsZero(piece) {
			return c.off + int64(firstDifference(piece, make([]byte, len(piece))))
		}
		c.skip(len(piece))
		n -= len(piece)
	}
	return -1
}

// firstDifference returns the index of the first byte that differs in two slices of one length, or -1.
func firstDifference(a, b []byte) int {
	if bytes.Equal(a, b) {
		return -1
	}
	i := 0
	for a[i] == b[i] {
		i++
	}
	return i
}
