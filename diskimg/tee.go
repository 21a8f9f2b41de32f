package diskimg

import (
	"hash"
	"io"
)

// A Tee is a Source that adds all that passes, holes as zeros, to a hash: at its end the hash is that of the
// whole disk, as of a RAW file.
type Tee struct {
	src  Source
	size int64
	h    hash.Hash
	done int64 // bytes of the disk that are hashed
	next Extent
}

// NewTee returns a Source of what src yields, the content of a disk of size bytes, that writes it to h.
func NewTee(src Source, size int64, h hash.Hash) *Tee {
	return &Tee{src: src, size: size, h: h}
}

// Next goes to the next extent.
func (t *Tee) Next() (Extent, error) {
	if _, err := io.Copy(io.Discard, t); err != nil { // what was not read of the current extent is hashed, too
		return Extent{}, err
	}
	e, err := t.src.Next()
	switch {
	case err == io.EOF:
		t.zeros(t.size - t.done)
	case err == nil:
		t.zeros(e.Offset - t.done)
		t.next = e
	}
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

func (t *Tee) zeros(n int64) {
	zeros := make([]byte, min(max(n, 0), readChunk))
	for n > 0 {
		m := min(n, int64(len(zeros)))
		t.h.Write(zeros[:m])
		n -= m
		t.done += m
	}
}
