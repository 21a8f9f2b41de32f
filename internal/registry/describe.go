package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// fetchers is how many records are read at a time.
const fetchers = 32

// Describe reads the records that the query names, or all of them, in parallel.
func (e *objects) Describe(ctx context.Context, query Query) (*Listing, error) {
	if err := query.check(); err != nil {
		return nil, err
	}
	if len(query.IDs) > 0 {
		return e.describeIDs(ctx, query)
	}
	ids, err := e.imageIDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("list images: %w", err)
	}
	found, err := e.fetch(ctx, ids)
	if err != nil {
		return nil, err
	}
	listing := newListing(query, found, e.now())
	slices.SortFunc(listing.Images, byCreation)
	return listing, nil
}

func (e *objects) describeIDs(ctx context.Context, query Query) (*Listing, error) {
	found, err := e.fetch(ctx, unique(query.IDs))
	if err != nil {
		return nil, err
	}
	now := e.now()
	listing := newListing(query, found, now)
	if len(listing.Unreadable) > 0 {
		return nil, errors.Join(listing.Unreadable...)
	}
	var unknown []string
	for _, f := range found {
		if f.missing || !query.finds(f.image) || !query.visible(f.image, now) {
			unknown = append(unknown, f.id)
		}
	}
	if len(unknown) > 0 {
		return nil, notFound(unknown...)
	}
	return listing, nil
}

// imageIDs returns the IDs of all records. Foreign keys among them are none of ours.
func (e *objects) imageIDs(ctx context.Context) ([]string, error) {
	var ids []string
	for entry, err := range e.keys.List(ctx, imagePrefix) {
		if err != nil {
			return nil, err
		}
		if id, ok := imageID(entry.Key); ok {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// A fetched record is an image, or the reason that there is none.
type fetched struct {
	id         string
	image      Image
	missing    bool
	unreadable error
}

// fetch reads the records of ids. It fails as a whole only where the store does.
func (e *objects) fetch(ctx context.Context, ids []string) ([]fetched, error) {
	found := make([]fetched, len(ids))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(fetchers)
	for i, id := range ids {
		group.Go(func() error {
			f, err := e.fetchOne(ctx, id)
			found[i] = f
			return err
		})
	}
	return found, group.Wait()
}

func (e *objects) fetchOne(ctx context.Context, id string) (fetched, error) {
	if ctx.Err() != nil {
		return fetched{}, context.Cause(ctx)
	}
	r, err := e.load(ctx, id)
	if unreadable, ok := errors.AsType[*UnreadableError](err); ok {
		return fetched{id: id, unreadable: unreadable}, nil
	}
	if isMissing(err) {
		return fetched{id: id, missing: true}, nil
	}
	if err != nil {
		return fetched{}, fmt.Errorf("image %s: %w", id, err)
	}
	return fetched{id: id, image: r.Image}, nil
}

func newListing(query Query, found []fetched, now time.Time) *Listing {
	listing := &Listing{}
	for _, f := range found {
		switch {
		case f.unreadable != nil:
			listing.Unreadable = append(listing.Unreadable, f.unreadable)
		case !f.missing && query.matches(f.image) && query.visible(f.image, now):
			listing.Images = append(listing.Images, query.show(f.image))
		}
	}
	return listing
}

// unique returns ids without repetitions, in their order.
func unique(ids []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		known := seen[id]
		seen[id] = true
		return known
	})
}
