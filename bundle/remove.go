package bundle

import (
	"context"
	"errors"
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
