package tree

import (
	"context"
	"io"
	"io/fs"
	"os"
)

// interruptible returns r such that a Read ends with ctx, unless r is a file, which does not keep one waiting. Where ctx
// ends first, one Read of r is left behind.
func interruptible(ctx context.Context, r io.Reader) io.Reader {
	if f, ok := r.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&(fs.ModeNamedPipe|fs.ModeCharDevice|fs.ModeSocket) == 0 {
			return r
		}
	}
	return &waiting{ctx: ctx, r: r, p: make([]byte, aheadPiece), got: make(chan reading, 1)}
}

// A waiting reader reads in a goroutine of its own, one Read at a time.
type waiting struct {
	ctx  context.Context
	r    io.Reader
	p    []byte // the goroutine's, until it has answered
	got  chan reading
	rest []byte // of p, not handed out yet
	err  error  // behind rest
}

type reading struct {
	n   int
	err error
}

func (w *waiting) Read(p []byte) (int, error) {
	if w.ctx.Err() != nil {
		return 0, context.Cause(w.ctx)
	}
	if len(w.rest) == 0 && w.err == nil {
		go func() {
			n, err := w.r.Read(w.p)
			w.got <- reading{n, err}
		}()
		select {
		case answer := <-w.got:
			w.rest, w.err = w.p[:answer.n], answer.err
		case <-w.ctx.Done():
			return 0, context.Cause(w.ctx)
		}
	}
	n := copy(p, w.rest)
	w.rest = w.rest[n:]
	if len(w.rest) == 0 && w.err != nil {
		return n, w.err
	}
	return n, nil
}
