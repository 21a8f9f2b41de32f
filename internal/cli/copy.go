package cli

import (
	"context"
	"errors"
	"fmt"

	"amiforge/bundle"
)

// CopyBundle copies the bundle at src to dst, showing progress under label. An error says what is there and
// how to go on.
func CopyBundle(ctx context.Context, e *Env, label string, dst bundle.Store, src Object, opts *bundle.CopyOptions) (bundle.CopyResult, error) {
	var progress *Progress
	opts.Begin = func(total int64) { progress = e.Progress(label, total) }
	opts.Progress = func(n int64) { progress.Add(n) }
	done, err := bundle.Copy(ctx, dst, src.Store, src.Name, opts)
	if progress != nil {
		progress.Done()
	}
	switch n := done.Sent + done.Kept; {
	case errors.Is(err, bundle.ErrExist):
		return done, fmt.Errorf("%w (--force replaces it)", err)
	case err != nil && (n > 0 || ctx.Err() != nil):
		return done, fmt.Errorf("%w\nparts that are there: %d; the same command again sends only what is missing", err, n)
	}
	e.Verbosef("%d parts sent, %d were there", done.Sent, done.Kept)
	return done, err
}
