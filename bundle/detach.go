package bundle

import (
	"context"
	"io"
	"os"
)

// detachedChunk is how much a detachedReader reads at a time, in bytes.
const detachedChunk = 256 << 10

// A detachedReader reads from r in a goroutine of its own, so that a Read that does not come back (from a pipe
// whose writer sleeps) does not hold up the end of ctx. That goroutine lasts as long as the Read.
type detachedReader struct {
	ctx  context.Context
	r    io.Reader
	buf  []byte
	left []byte // read from r and not yet from here
	err  error  // sticky: after the end of ctx, buf is the goroutine's
}

func newDetachedReader(ctx context.Context, r io.Reader) *detachedReader {
	return &detachedReader{ctx: ctx, r: r, buf: make([]byte, detachedChunk)}
}

func (d *detachedReader) Read(p []byte) (int, error) {
	if len(d.left) == 0 && d.err == nil {
		d.fill()
	}
	if len(d.left) == 0 {
		return 0, d.err
	}
	n := copy(p, d.left)
	d.left = d.left[n:]
	return n, nil
}

// fill reads the next chunk.
func (d *detachedReader) fill() {
	type result struct {
		n   int
		err error
	}
	done := make(chan result, 1)
	go func() {
		n, err := d.r.Read(d.buf)
		done <- result{n, err}
	}()
	select {
	case got := <-done:
		d.left, d.err = d.buf[:got.n], got.err
	case <-d.ctx.Done():
		d.err = context.Cause(d.ctx)
	}
}

// openDetached is os.Open, which waits for the writer of a named pipe, until ctx ends.
func openDetached(ctx context.Context, path string) (*os.File, error) {
	type result struct {
		f   *os.File
		err error
	}
	done := make(chan result, 1)
	go func() {
		f, err := os.Open(path)
		done <- result{f, err}
	}()
	select {
	case got := <-done:
		return got.f, got.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
