package store

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"
)

func TestContent(t *testing.T) {
	const size = 5*pageSize + 100
	want := make([]byte, size)
	for _, span := range []span{{5, 10}, {pageSize - 1, pageSize + 1}, {3 * pageSize, 4 * pageSize}, {size - 200, size - 150}} {
		copy(want[span.off:span.end], bytes.Repeat([]byte{7}, int(span.end-span.off)))
	}
	for _, step := range []int{1 << 20, pageSize, 1000, 777} {
		var pages pagePool
		var c content
		for off := 0; off < size; off += step {
			c.put(want[off:min(off+step, size)], int64(off), &pages)
		}
		if c.size != size || c.memory() != 4*pageSize { // all but page 2 and the last one
			t.Errorf("steps of %d: %d bytes, %d in memory", step, c.size, c.memory())
		}
		if err := iotest.TestReader(io.NewSectionReader(&c, 0, c.size), want); err != nil {
			t.Errorf("steps of %d: %v", step, err)
		}
		pages.give(&c)
		if len(pages.free) != 4 || !bytes.Equal(pages.take()[:], make([]byte, pageSize)) {
			t.Errorf("steps of %d: %d pages came back, or they are not zero", step, len(pages.free))
		}
	}
}

// A long run of zeros takes no memory, and a byte in it takes a page.
func TestContentOfZeros(t *testing.T) {
	var pages pagePool
	var c content
	c.extend(1 << 30)
	c.put(make([]byte, 1<<20), 5<<20, &pages)
	if c.memory() != 0 || c.size != 1<<30 {
		t.Errorf("%d bytes, %d in memory", c.size, c.memory())
	}
	c.put([]byte{1}, 1<<28, &pages)
	if c.memory() != pageSize {
		t.Errorf("%d in memory", c.memory())
	}
	b := make([]byte, 3)
	if n, err := c.ReadAt(b, 1<<28-1); n != 3 || err != nil || !bytes.Equal(b, []byte{0, 1, 0}) {
		t.Errorf("%v, %d, %v", b, n, err)
	}
	if n, err := c.ReadAt(b, 1<<30-1); n != 1 || err != io.EOF {
		t.Errorf("at the end: %d, %v", n, err)
	}
}
