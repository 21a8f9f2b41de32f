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

// Describe reads the records that the query names, or all of them.
func (e *objects) Describe(ctx context.Context, query Query) (*Listing, error) {
	if err := query.check(); err != nil {
		return nil, err
	}
	if len(query.IDs) > 0 {
		return e.describeIDs(ctx, query)
	}
	found, ok, err := e.selected(ctx, query)
	if !ok {
		found, err = e.all(ctx)
	}
	if err == nil && !query.IncludePending && !query.asksFor(Pending) {
		err = e.dropNameless(ctx, found)
	}
	if err != nil {
		return nil, fmt.Errorf("list images: %w", err)
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
	if len(unknown) == 1 && len(found) == 1 && !found[0].missing && !is(query.Region, found[0].image.Region) {
		by := query.As
		by.Region = query.Region
		return nil, by.elsewhere(found[0].image)
	}
	if len(unknown) > 0 {
		return nil, notFound(unknown...)
	}
	return listing, nil
}

// dropNameless makes missing those pending copies that do not have their names: what crashed before it began.
func (e *objects) dropNameless(ctx context.Context, found []fetched) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(fetchers)
	for i, f := range found {
		if f.unreadable != nil || !f.image.Copying() {
			continue
		}
		group.Go(func() error {
			held, err := e.loadClaim(ctx, f.image)
			found[i].missing = isMissing(err) || err == nil && held.ImageID != f.image.ID
			if _, unreadable := errors.AsType[*UnreadableError](err); unreadable || isMissing(err) {
				return nil
			}
			return err
		})
	}
	return group.Wait()
}

func newListing(query Query, found []fetched, now time.Time) *Listing {
	listing := &Listing{as: query.As}
	passes := matcher(query.Filters)
	for _, f := range found {
		switch {
		case f.unreadable != nil:
			listing.Unreadable = append(listing.Unreadable, f.unreadable)
		case !f.missing && query.matches(f.image) && query.visible(f.image, now) && passes(f.image):
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
