package main

import (
	"context"

	"amiforge/bundle"
	"amiforge/internal/cli"
)

// toStdout writes the image to standard output, holes as zeros.
func toStdout(ctx context.Context, e *cli.Env, b *bundle.Bundle, progress func(int64)) error {
	im, err := cli.StdoutImage(ctx, e)
	if err != nil {
		return err
	}
	return b.Extract(ctx, im, progress)
}
