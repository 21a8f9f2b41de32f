package registry

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Users returns the IDs of the images whose manifest is at location, those being registered and disabled ones
// included, but for those that were cut short. It answers for the deletion of a bundle, so a record that cannot be
// understood is an error: it may be a user.
func Users(ctx context.Context, e Engine, location string) ([]string, error) {
	listing, err := e.Describe(ctx, Query{Location: location, IncludePending: true, IncludeDisabled: true})
	if err != nil {
		return nil, err
	}
	if len(listing.Unreadable) > 0 {
		return nil, fmt.Errorf("images of %s: %w", location, errors.Join(listing.Unreadable...))
	}
	var ids []string
	for _, m := range listing.Images {
		if !m.CutShort(time.Now()) {
			ids = append(ids, m.ID)
		}
	}
	return ids, nil
}
