package gc

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"amiforge/internal/registry"
	"amiforge/internal/store"
)

// image judges a living image whose manifest no walk has found.
func (c *Collector) image(ctx context.Context, m registry.Image) []Finding {
	if !c.old(m.CreationDate.Time) {
		return nil
	}
	finding := Finding{Kind: Image, Target: m.ID, Action: Deregister, Age: c.age(m.CreationDate.Time), image: m}
	finding.Why = fmt.Sprintf("%s: %s is missing", m.Name, m.Location)
	switch missing, err := c.missing(ctx, m); {
	case err != nil:
		finding.Action, finding.Why = Keep, fmt.Sprintf("%s: %v", m.Name, err)
	case !missing:
		return nil
	case m.MayEnd(c.now()) != nil:
		finding.Action = Keep
		finding.Why += "; the image is protected from being deregistered"
	}
	return []Finding{finding}
}

// registration judges what a registration left pending. It is ended where it was cut short. Until it has ended it needs
// its bundle: slow as it is, it may come to its end.
func (c *Collector) registration(_ context.Context, m registry.Image) []Finding {
	if !m.CutShort(c.now()) || !c.old(m.CreationDate.Time) {
		return nil
	}
	return []Finding{{
		Kind: Registration, Target: m.ID, Action: Abort, Age: c.age(m.CreationDate.Time), image: m,
		Why: fmt.Sprintf("%s: registering it was cut short", m.Name),
	}}
}

// missing reports whether an image's manifest is gone for sure. An error says why nobody can tell.
func (c *Collector) missing(ctx context.Context, m registry.Image) (bool, error) {
	at, name, err := c.locate(ctx, m)
	if err != nil {
		return false, err
	}
	err = stat(ctx, at, name)
	switch {
	case err == nil:
		return false, nil
	case !errors.Is(err, fs.ErrNotExist) || errors.Is(err, store.ErrBucket):
		return false, err
	case at.loc.Bucket != "":
		return true, nil
	}
	return true, c.mounted(at.loc.Dir)
}

func stat(ctx context.Context, at place, name string) error {
	st, closer, err := at.open()
	if err != nil {
		return err
	}
	defer closer.Close()
	_, err = st.Stat(ctx, name)
	return err
}

// mounted returns an error unless directory dir is there, or is missing from one of the trees while other things are
// there: what is on a disk that is not mounted is not gone.
func (c *Collector) mounted(dir string) error {
	if _, err := os.ReadDir(dir); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	above := filepath.Dir(dir)
	for isMissing(above) && above != filepath.Dir(above) {
		above = filepath.Dir(above)
	}
	entries, err := os.ReadDir(above)
	if err != nil {
		return err
	}
	if len(entries) == 0 || !c.inTrees(filepath.Join(above, "x")) {
		return fmt.Errorf("directory %s is missing: maybe a disk is not mounted", dir)
	}
	return nil
}

func isMissing(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// locate returns the folder and the name of an image's manifest, in one of the trees if it is there: a bucket of the
// same name on another server than that of the image's region is another one.
func (c *Collector) locate(ctx context.Context, m registry.Image) (place, string, error) {
	if !strings.HasPrefix(m.Location, "s3://") && !filepath.IsAbs(m.Location) {
		return place{}, "", fmt.Errorf("%s is not an absolute path", m.Location)
	}
	loc, name, err := store.SplitObject(m.Location)
	if err != nil {
		return place{}, "", fmt.Errorf("cannot be looked for: %w", err)
	}
	for _, t := range c.Trees {
		if !lies(m.Location, t.Location()) {
			continue
		}
		if same, err := c.isServerOf(t, m); err != nil || same {
			return place{t, loc}, name, err
		}
	}
	tree, err := c.others.tree(ctx, loc, m, c.Config)
	return place{tree, loc}, name, err
}

// isServerOf reports whether the bundles of an image's region are on the server of a tree.
func (c *Collector) isServerOf(t *store.Tree, m registry.Image) (bool, error) {
	if t.Location().Bucket == "" {
		return true, nil
	}
	cfg, err := c.Config(m)
	if err != nil {
		return false, err
	}
	want, err := cfg.Server()
	if err != nil {
		return false, err
	}
	server, err := t.Server()
	return server == want, err
}

// outside are the stores that images name and that are in no tree of the collector's: one a bucket and region, so
// that they are not connected to anew for each image.
type outside struct {
	mu    sync.Mutex
	trees map[[2]string]*store.Tree
}

func (o *outside) tree(
	ctx context.Context, loc store.Location, m registry.Image, config func(registry.Image) (store.Config, error),
) (*store.Tree, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	key := [2]string{m.Region, loc.Bucket}
	if tree, ok := o.trees[key]; ok {
		return tree, nil
	}
	cfg, err := config(m)
	if err != nil {
		return nil, err
	}
	tree, err := store.OpenTree(ctx, store.Location{Bucket: loc.Bucket, Dir: loc.Dir}, cfg)
	if err != nil {
		return nil, err
	}
	if o.trees == nil {
		o.trees = map[[2]string]*store.Tree{}
	}
	o.trees[key] = tree
	return tree, nil
}
