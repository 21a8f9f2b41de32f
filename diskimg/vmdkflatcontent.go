package diskimg

import (
	"context"
	"fmt"
	"iter"
	"sort"
)

// A flatContent is a run of a file that has a part of the disk as it is.
type flatContent struct {
	raw *rawImage
	in  Extent
}

func (c *flatContent) extents() iter.Seq2[Extent, error] {
	return func(yield func(Extent, error) bool) {
		data := c.raw.data
		// A file may have very many holes, and a descriptor thousands of runs of it.
		for _, e := range data[sort.Search(len(data), func(i int) bool { return data[i].End() > c.in.Offset }):] {
			start, end := max(e.Offset, c.in.Offset), min(e.End(), c.in.End())
			if start >= end || !yield(Extent{start - c.in.Offset, end - start}, nil) {
				return
			}
		}
	}
}

func (c *flatContent) readAt(p []byte, off int64) error { return c.raw.readAt(p, c.in.Offset+off) }

func (c *flatContent) check(context.Context) error { return nil }

// zeroContent is a part of the disk that is nowhere.
type zeroContent struct{}

func (zeroContent) extents() iter.Seq2[Extent, error] { return func(func(Extent, error) bool) {} }

func (zeroContent) readAt(p []byte, _ int64) error {
	clear(p)
	return nil
}

func (zeroContent) check(context.Context) error { return nil }

// A namedContent is one of several files: its errors say which.
type namedContent struct {
	partContent
	name string
}

func (c *namedContent) readAt(p []byte, off int64) error {
	return c.named(c.partContent.readAt(p, off))
}

func (c *namedContent) check(ctx context.Context) error { return c.named(c.partContent.check(ctx)) }

func (c *namedContent) named(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("extent %q: %w", c.name, err)
}
