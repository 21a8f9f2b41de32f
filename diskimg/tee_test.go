package diskimg

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"testing"
)

func TestTee(t *testing.T) {
	content := contents()["islands"]
	extents := []Extent{{0, 100}, {1 << 20, 65536}, {1<<20 + 65536, 5000}, {5<<20 - 1, 1}}
	h := sha256.New()
	src := NewTee(t.Context(), &sliceSource{content: content, extents: extents}, int64(len(content)), h)
	target := &memTarget{t: t}
	if err := CopyFrom(t.Context(), target, src, int64(len(content)), &CreateOptions{Format: RAW}); err != nil {
		t.Fatal(err)
	}
	if want := sha256.Sum256(content); !bytes.Equal(h.Sum(nil), want[:]) {
		t.Error("the digest is another")
	}
	if !bytes.Equal(target.b, content) {
		t.Error("the copy differs")
	}
}

// countingHash ends a context when it has got some bytes.
type countingHash struct {
	hash.Hash
	left int
	end  func()
}

func (h *countingHash) Write(p []byte) (int, error) {
	if h.left -= len(p); h.left <= 0 {
		h.end()
	}
	return len(p), nil
}

// TestTeeCancelled hashes a hole that would take for ever.
func TestTeeCancelled(t *testing.T) {
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	h := &countingHash{left: 3 * readChunk, end: func() { cancel(enough) }}
	_, err := NewTee(ctx, &sliceSource{}, MaxSize, h).Next()
	if !errors.Is(err, enough) || h.left != 0 {
		t.Errorf("%v, with %d bytes left, want the cause", err, h.left)
	}
}
