package gc

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"

	"golang.org/x/sync/errgroup"

	"amiforge/bundle"
	"amiforge/internal/registry"
)

// removers is how many parts are deleted at a time.
const removers = 8

// remove deletes a bundle or a half upload, if that is what it is still.
func (c *Collector) remove(ctx context.Context, f Finding) (Finding, error) {
	st, closer, err := f.at.open()
	if errors.Is(err, fs.ErrNotExist) {
		err = errOther
	}
	if err != nil {
		return f, err
	}
	defer f.at.tidy()
	defer closer.Close()
	unlock, err := bundle.Lock(st, f.name)
	if err != nil {
		return f, err
	}
	defer unlock()
	findings, err := c.reread(ctx, f.at)
	if err != nil {
		return f, err
	}
	i := slices.IndexFunc(findings, f.sameThing)
	if i < 0 {
		return f, errOther
	}
	return findings[i], c.removeObjects(ctx, st, findings[i])
}

// removeObjects deletes the objects one by one, of a bundle the manifest last: as long as it is there, what is left
// can be found again.
func (c *Collector) removeObjects(ctx context.Context, st bundle.Store, f Finding) error {
	if f.Kind == Bundle {
		if err := c.unused(ctx, f); err != nil {
			return err
		}
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(removers)
	for _, part := range f.parts {
		g.Go(func() error {
			if f.Kind == HalfUpload { // a writer in a bucket may have come to the end
				if err := f.stillHalf(gctx, st); err != nil {
					return err
				}
			}
			return removeOne(gctx, st, part)
		})
	}
	if err := g.Wait(); err != nil || f.manifest == "" {
		return err
	}
	if err := bundle.RemoveReport(ctx, st, f.manifest); err != nil {
		return err
	}
	return removeOne(ctx, st, f.manifest)
}

func removeOne(ctx context.Context, st bundle.Store, name string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := st.Remove(ctx, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// tidy removes the directory of a copy if nothing is in it any more.
func (p place) tidy() {
	if p.loc.Bucket == "" && registry.CheckID(p.base()) == nil {
		_ = os.Remove(p.loc.Dir)
	}
}
