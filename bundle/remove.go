package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sync/errgroup"
)

// Remove deletes exactly the objects that the manifest called name names, several at a time, and the manifest
// last, so that removing again finishes what was interrupted. Parts that are missing are passed over. A
// manifest that names anything not called like a part, as all tools call them, is refused: whoever wrote it
// may be after a file of yours.
func Remove(ctx context.Context, st Store, name string) error {
	_, m, err := readParsed(ctx, st, name)
	if err != nil {
		return err
	}
	for _, p := range m.Image.Parts {
		if !isPartName(p.Name) {
			return invalidf("%s: %q is not called like a part (NAME.part.00): nothing is deleted", name, p.Name)
		}
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(partWorkers)
	for _, p := range m.Image.Parts {
		g.Go(func() error {
			if err := st.Remove(gctx, p.Name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return &PartError{p.Name, err}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return st.Remove(ctx, name)
}

// RemoveCopy deletes from dst what Copy puts there of the bundle, and nothing else: the manifest, which dst has under
// name, first, and the parts. What is missing is passed over. It goes on for a while where ctx has ended, since it
// tidies up behind a Copy that was not to be.
func (b *Bundle) RemoveCopy(ctx context.Context, dst Store, name string) error {
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	if err := dst.Remove(last, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is left behind: %w", name, err) // and with it the parts: it must not name what is gone
	}
	return removeParts(ctx, dst, b.Manifest.Image.Parts)
}
