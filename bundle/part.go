package bundle

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha1"
	"fmt"

	"golang.org/x/sync/errgroup"

	"amiforge/manifest"
)

// PartName returns the name of the part with the given index. The number of parts is not known while they
// are written, so names do not sort: image.part.99 is followed by image.part.100.
func PartName(prefix string, index int) string { return fmt.Sprintf("%s.part.%02d", prefix, index) }

// partWriter cuts what is written to it into parts and puts them into a store, several at a time: as many as
// fit into memory beside the one that is being filled.
type partWriter struct {
	ctx    context.Context // ends at the first error: no further part is put
	abort  context.CancelCauseFunc
	outer  context.Context // of the parts on their way: one that is cut off could still appear later
	put    *errgroup.Group
	store  Store
	prefix string
	size   int64
	free   chan []byte
	buf    []byte
	parts  []*manifest.Part // digests are set by the time Close returns
	total  int64
}

func newPartWriter(outer context.Context, st Store, prefix string, size int64) *partWriter {
	ctx, abort := context.WithCancelCause(outer)
	put, ctx := errgroup.WithContext(ctx)
	n := max(slots(size), 2)
	w := &partWriter{
		ctx: ctx, abort: abort, outer: outer, put: put,
		store: st, prefix: prefix, size: size, free: make(chan []byte, n),
	}
	for range n {
		w.free <- nil
	}
	return w
}

func (w *partWriter) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		if w.buf == nil {
			if err := w.takeBuffer(); err != nil {
				return written, err
			}
		}
		n := copy(w.buf[len(w.buf):cap(w.buf)], p)
		w.buf = w.buf[:len(w.buf)+n]
		p, written = p[n:], written+n
		if len(w.buf) == cap(w.buf) {
			w.flush()
		}
	}
	return written, nil
}

// takeBuffer waits for a free buffer.
func (w *partWriter) takeBuffer() error {
	select {
	case w.buf = <-w.free:
	case <-w.ctx.Done():
		return context.Cause(w.ctx)
	}
	if w.buf == nil {
		w.buf = make([]byte, 0, w.size)
	}
	return nil
}

// flush puts the current part.
func (w *partWriter) flush() {
	buf, part := w.buf, &manifest.Part{Name: PartName(w.prefix, len(w.parts))}
	w.buf = nil
	w.parts = append(w.parts, part)
	w.total += int64(len(buf))
	w.put.Go(func() error {
		part.Digest = sha1.Sum(buf)
		err := w.store.Put(w.outer, part.Name, bytes.NewReader(buf), int64(len(buf)), part.Digest)
		w.free <- buf[:0]
		return err
	})
}

// Close puts the last part and waits for all. Where the length is an exact multiple of the part size, no
// empty part follows. After abort nothing more is put, and Close only waits.
func (w *partWriter) Close() error {
	defer w.abort(nil)
	ended := context.Cause(w.ctx)
	if ended == nil && len(w.buf) > 0 {
		w.flush()
	}
	return cmp.Or(w.put.Wait(), ended)
}

// result returns the parts in order and their length together. It may be called after Close.
func (w *partWriter) result() ([]manifest.Part, int64) {
	parts := make([]manifest.Part, len(w.parts))
	for i, p := range w.parts {
		parts[i] = *p
	}
	return parts, w.total
}
