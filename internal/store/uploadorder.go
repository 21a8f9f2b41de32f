package store

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// An order checks that an object is covered as an Upload wants it.
type order struct {
	head int64 // length of what comes last
	most int64 // bytes the object may have
	size int64 // that it must have; -1 if unknown

	end    int64  // of what came in order; it begins behind the head
	tables []span // of the head that came, ascending, none adjoining
}

// A span is a run of bytes.
type span struct{ off, end int64 }

// add checks that n bytes at off may come next, and notes them.
func (o *order) add(off, n int64) error {
	switch {
	case off < 0 || n < 0:
		return fmt.Errorf("%d bytes at byte %d are none", n, off)
	case n == 0:
		return nil
	case n > o.most-off:
		return fmt.Errorf("%d bytes at byte %d are more than %d bytes, the most that it can have", n, off, o.most)
	case off < o.head:
		return o.addTable(span{off, off + n})
	case len(o.tables) > 0:
		return fmt.Errorf("byte %d comes after the head, which must come last", off)
	case off != o.end:
		return fmt.Errorf("byte %d comes where byte %d must", off, o.end)
	}
	o.end += n
	return nil
}

// addTable notes bytes of the head.
func (o *order) addTable(s span) error {
	if s.end > o.head {
		return fmt.Errorf("bytes %d to %d cross the end of the head, %d", s.off, s.end, o.head)
	}
	i, _ := slices.BinarySearchFunc(o.tables, s, func(t, s span) int { return int(min(1, max(-1, t.off-s.off))) })
	if i > 0 && o.tables[i-1].end > s.off || i < len(o.tables) && o.tables[i].off < s.end {
		return fmt.Errorf("bytes %d to %d come twice", s.off, s.end)
	}
	if i < len(o.tables) && o.tables[i].off == s.end {
		s.end = o.tables[i].end
		o.tables = slices.Delete(o.tables, i, i+1)
	}
	if i > 0 && o.tables[i-1].end == s.off {
		o.tables[i-1].end = s.end
		return nil
	}
	o.tables = slices.Insert(o.tables, i, s)
	return nil
}

// whole checks that nothing is missing.
func (o *order) whole() error {
	switch {
	case o.head > 0 && !slices.Equal(o.tables, []span{{0, o.head}}):
		return fmt.Errorf("its head of %d bytes is not complete: %w", o.head, io.ErrUnexpectedEOF)
	case o.size >= 0 && o.end < o.size:
		return fmt.Errorf("it ends at byte %d of %d: %w", o.end, o.size, io.ErrUnexpectedEOF)
	}
	return nil
}

// check refuses options that no object can meet.
func (o *UploadOptions) check() error {
	switch {
	case o.Size < -1 || o.Limit < 0 || o.Head < 0:
		return errors.New("a size is negative")
	case max(o.Size, o.Limit, o.Head) > MaxObject:
		return fmt.Errorf("%d bytes are more than an object in S3 can have, %d (5 TiB)", max(o.Size, o.Limit, o.Head), int64(MaxObject))
	case o.Head > maxPart:
		return fmt.Errorf("a head of %d bytes is longer than a part in S3 can be, %d (5 GiB)", o.Head, int64(maxPart))
	case o.Head > o.most():
		return fmt.Errorf("a head of %d bytes is longer than the object, %d", o.Head, o.most())
	}
	return nil
}

// most returns how many bytes the object may have.
func (o *UploadOptions) most() int64 {
	switch {
	case o.Size >= 0:
		return o.Size
	case o.Limit > 0:
		return o.Limit
	}
	return MaxObject
}
