package registry

import (
	"context"
	"errors"
	"fmt"
)

// Users returns the IDs of the images whose manifest is at location, those being registered and disabled ones
// included. It answers for the deletion of a bundle, so a record that cannot be understood is an error: it may be a
// user. One that was cut short is a user until it is ended: it may have slept.
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
		ids = append(ids, m.ID)
	}
	return ids, nil
}
