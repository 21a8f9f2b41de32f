package main

import (
	"context"
	"io"

	"amiforge/bundle"
	"amiforge/internal/cli"
)

// toStdout writes the image to standard output, holes as zeros. Whoever reads it must heed the exit status:
// only that says that the whole was right.
func toStdout(ctx context.Context, e *cli.Env, b *bundle.Bundle, progress func(int64)) error {
	w, err := cli.StdoutBinary(e)
	if err != nil {
		return err
	}
	if e.JSON {
		return cli.Usagef("--json and an image cannot both go to standard output")
	}
	return b.Extract(ctx, &streamTarget{w: w}, progress)
}

// streamTarget takes an image in order, as Extract writes it.
type streamTarget struct {
	w     io.Writer
	zeros [64 << 10]byte
}

func (s *streamTarget) WriteAt(p []byte, _ int64) (int, error) { return s.w.Write(p) }

func (s *streamTarget) Zero(_, n int64) error {
	for n > 0 {
		m, err := s.w.Write(s.zeros[:min(n, int64(len(s.zeros)))])
		if err != nil {
			return err
		}
		n -= int64(m)
	}
	return nil
}
