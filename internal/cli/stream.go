package cli

import (
	"context"
	"fmt"
	"io"
)

// stream is an image on its way down a pipe: it has to come in order, and holes are zeros in it. Whoever reads it
// must heed the exit status: only that says that the whole was right.
type stream struct {
	ctx   context.Context
	w     io.Writer
	end   int64 // of what was written
	zeros []byte
}

// streamZeros is how many zeros are written at a time.
const streamZeros = 64 << 10

// StdoutImage returns standard output as an Image, whose parts must come in ascending order. When ctx ends, so does
// the writing, also in the midst of a long hole. A terminal is refused, and so is --json, both as usage errors.
func StdoutImage(ctx context.Context, e *Env) (Image, error) {
	w, err := StdoutBinary(e)
	if err != nil {
		return nil, err
	}
	if e.JSON {
		return nil, Usagef("--json and an image cannot both go to standard output")
	}
	return &stream{ctx: ctx, w: w, zeros: make([]byte, streamZeros)}, nil
}

func (s *stream) WriteAt(p []byte, off int64) (int, error) {
	if err := s.check(off); err != nil {
		return 0, err
	}
	n, err := s.w.Write(p)
	s.end += int64(n)
	return n, err
}

func (s *stream) Zero(off, n int64) error {
	if err := s.check(off); err != nil {
		return err
	}
	for n > 0 {
		if s.ctx.Err() != nil {
			return context.Cause(s.ctx)
		}
		m, err := s.w.Write(s.zeros[:min(n, streamZeros)])
		s.end += int64(m)
		if err != nil {
			return err
		}
		n -= int64(m)
	}
	return nil
}

// check refuses what would come out at another place than was asked for.
func (s *stream) check(off int64) error {
	if off != s.end {
		return fmt.Errorf("standard output: bytes for %d come after those before %d, and a pipe cannot go back", off, s.end)
	}
	return nil
}

// Commit and Close have nothing to do: what is written is gone.
func (s *stream) Commit() error { return nil }
func (s *stream) Close() error  { return nil }
