package gc

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"amiforge/internal/registry"
	"amiforge/internal/store"
)

// lookers is how many folders or images are looked at at a time.
const lookers = 8

// A walk is one Find.
type walk struct {
	*Collector
	index *index

	mu       sync.Mutex
	findings []Finding
	found    map[string]bool // the locations of manifests that are there
	errs     []error
}

// trees looks through all trees.
func (w *walk) trees(ctx context.Context) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(lookers)
	for _, tree := range w.Trees {
		if err := w.tree(gctx, g, tree); err != nil {
			return cmp.Or(g.Wait(), err) // the walk ends with the first look that fails
		}
	}
	return g.Wait()
}

func (w *walk) tree(ctx context.Context, g *errgroup.Group, tree *store.Tree) error {
	if err := w.lookAbove(ctx, tree); err != nil {
		return err
	}
	for found, err := range tree.Walk(ctx, w.index.wanted()) {
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil && (found.Location == store.Location{} || found.Location == tree.Location()):
			return err
		case err != nil: // a directory that may not be read, as lost+found: what is in it stays
			w.fail(err)
		case found.Skipped:
			w.meet(parent(found.Location))
		default:
			g.Go(func() error { return w.look(ctx, place{tree, found.Location}, found.Objects) })
		}
	}
	return nil
}

func (w *walk) look(ctx context.Context, at place, objects []store.Found) error {
	f, err := w.readManifests(ctx, w.index, at, objects)
	if err != nil {
		return err
	}
	findings := w.judge(ctx, w.index, f)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.findings = append(w.findings, findings...)
	for _, d := range f.manifests {
		if !d.vanished() {
			w.found[f.loc.Object(d.name)] = true
		}
	}
	return nil
}

// images looks at the images whose manifests were not found, and at the copies.
func (w *walk) images(ctx context.Context) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(lookers)
	for _, m := range w.index.images {
		look := w.image
		switch {
		case !w.concerns(m):
			continue
		case m.Copying() && w.isRemote():
			continue
		case m.Copying():
			look = w.copy
		case m.State == registry.Pending:
			look = w.registration
		case w.found[m.Location]:
			continue
		}
		g.Go(func() error {
			w.add(look(gctx, m))
			return context.Cause(gctx)
		})
	}
	return g.Wait()
}

func (w *walk) add(findings []Finding) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.findings = append(w.findings, findings...)
}

func (w *walk) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.errs = append(w.errs, err)
}

// meet notes that a registry is at loc.
func (w *walk) meet(loc store.Location) {
	if loc != w.Own && !slices.Contains(w.met, loc) {
		w.met = append(w.met, loc)
	}
}

// lookAbove looks for registries that the tree lies below: its bundles may be theirs. Who may not look there goes by
// what may be seen.
func (w *walk) lookAbove(ctx context.Context, tree *store.Tree) error {
	for loc := tree.Location(); parent(loc) != loc; {
		loc = parent(loc)
		has, err := tree.Has(ctx, loc, registryFolder)
		if err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
		if has {
			w.meet(loc)
		}
	}
	return nil
}

func parent(loc store.Location) store.Location {
	if loc.Bucket == "" {
		return store.Location{Dir: filepath.Dir(loc.Dir)}
	}
	above := path.Dir(loc.Prefix)
	if above == "." {
		above = ""
	}
	return store.Location{Bucket: loc.Bucket, Prefix: above}
}
