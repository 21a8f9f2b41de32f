package gc

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"amiforge/internal/registry"
	"amiforge/internal/store"
)

// These end a copy and a registration.
var (
	errIdle     = errors.New("nobody has worked on the copy any more")
	errCutShort = errors.New("the registration was cut short")
)

// copy judges a pending copy. It is stale when neither it nor anything in its folder is young.
func (c *Collector) copy(ctx context.Context, m registry.Image) []Finding {
	if !c.old(m.CreationDate.Time) {
		return nil
	}
	finding := Finding{Kind: Copy, Target: m.ID, Action: Abort, image: m}
	f, err := c.copyFolder(ctx, m)
	latest := m.CreationDate.Time
	for _, o := range f.Objects {
		latest = later(latest, o.Modified)
		if f.own {
			finding.Bytes += o.Size
			finding.Objects++
		}
	}
	if !c.old(latest) {
		return nil
	}
	finding.Age, finding.at = c.age(latest), f.place
	finding.Why = fmt.Sprintf("%s: pending as a copy of %s", m.Name, m.SourceImageID)
	if err != nil {
		finding.Action, finding.Why = Keep, fmt.Sprintf("%s: %v", m.Name, err)
	}
	return []Finding{finding}
}

// A copyFolder is where a copy puts its bundle. It is the copy's own if it is called by its ID.
type copyFolder struct {
	place
	store.Folder
	own bool
}

func (c *Collector) copyFolder(ctx context.Context, m registry.Image) (copyFolder, error) {
	at, _, err := c.locate(ctx, m)
	if err != nil {
		return copyFolder{}, err
	}
	f := copyFolder{place: at, own: at.base() == m.ID}
	f.Folder, err = at.tree.Folder(ctx, at.loc, nil)
	if errors.Is(err, fs.ErrNotExist) && !errors.Is(err, store.ErrBucket) {
		err = c.mounted(at.loc.Dir)
	}
	return f, err
}
