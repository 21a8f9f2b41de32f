package diskimg

import (
	"context"
	"hash"
	"io"
)

// A Tee is a Source that adds all that passes, holes as zeros, to a hash: at its end the hash is that of the
// whole disk, as of a RAW file.
type Tee struct {
	ctx  context.Context
	src  Source
	size int64
	h    hash.Hash
	done int64 // bytes of the disk that are hashed
	next Extent
}

// NewTee returns a Source of what src yields, the content of a disk of size bytes, that writes it to h. Long holes
// take their time, too, so that ctx ends it.
func NewTee(ctx context.Context, src Source, size int64, h hash.Hash) *Tee {
	return &Tee{ctx: ctx, src: src, size: size, h: h}
}

// Next goes to the next extent.
func (t *Tee) Next() (Extent, error) {
	if _, err := io.Copy(io.Discard, t); err != nil { // what was not read of the current extent is hashed, too
		return Extent{}, err
	}
	e, err := t.src.Next()
	upTo := e.Offset
	switch {
	case err == io.EOF:
		upTo = t.size
	case err != nil:
		return e, err
	}
	if err := t.zeroTo(upTo); err != nil {
		return Extent{}, err
	}
	t.next = e
	return e, err
}

// Read reads from the current extent.
func (t *Tee) Read(p []byte) (int, error) {
	if t.done >= t.next.End() {
		return 0, io.EOF
	}
	n, err := t.src.Read(p[:min(int64(len(p)), t.next.End()-t.done)])
	t.h.Write(p[:n])
	t.done += int64(n)
	return n, err
}

// zeroTo hashes zeros up to the byte off of the disk.
func (t *Tee) zeroTo(off int64) error {
	zeros := make([]byte, min(max(off-t.done, 0), readChunk))
	for t.done < off {
		if t.ctx.Err() != nil {
			return context.Cause(t.ctx)
		}
		n := min(off-t.done, int64(len(zeros)))
		t.h.Write(zeros[:n])
		t.done += n
	}
	return nil
}
