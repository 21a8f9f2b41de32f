package gc

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"amiforge/internal/registry"
	"amiforge/internal/store"
)

// CheckAlone returns an error that says who else needs the bundle of an image, or may: a living image at the same
// location, one with the same manifest that is not seen to have it elsewhere, as another machine mounts it, or another
// registry in whose store the bundle is. A record that cannot be understood may be of any image. Of EC2, which keeps no
// digests, only the location is known.
func (c *Collector) CheckAlone(ctx context.Context, image registry.Image) error {
	location := image.Location
	if c.isForeign(spelled(location)) || c.isForeign(realSpelling(location)) {
		return fmt.Errorf("the bundle %s stays: it is in the store of another registry, as the regions file says", location)
	}
	query := registry.Query{IncludePending: true, IncludeDisabled: true, IncludeDeprecated: true}
	if image.ManifestDigest == "" {
		query.Location = location
	}
	listing, err := c.Engine.Describe(ctx, query)
	if err != nil {
		return err
	}
	if len(listing.Unreadable) > 0 {
		return fmt.Errorf("images of %s: %w", location, errors.Join(listing.Unreadable...))
	}
	var users []string
	for _, m := range listing.Images {
		if m.ID != image.ID && c.uses(ctx, m, image) {
			users = append(users, c.called(m, location))
		}
	}
	if len(users) > 0 {
		return fmt.Errorf("the bundle %s stays: it is also that of %s", location, strings.Join(users, ", "))
	}
	return nil
}

// uses reports whether a living image needs the bundle of another one, or may.
func (c *Collector) uses(ctx context.Context, m, of registry.Image) bool {
	if m.State.Dead() {
		return false
	}
	if m.Location == of.Location {
		return true
	}
	if m.ManifestDigest == "" || m.ManifestDigest != of.ManifestDigest || isApart(of, m) {
		return false
	}
	return !c.hasAnother(ctx, m, of.Location)
}

// called returns what to call an image that uses the bundle at a location.
func (c *Collector) called(m registry.Image, location string) string {
	switch {
	case m.CutShort(c.now()):
		return fmt.Sprintf("%s (a registration that was cut short: ami-deregister %s ends it)", m.ID, m.ID)
	case m.Location != location:
		return fmt.Sprintf("%s, registered at %s", m.ID, m.Location)
	}
	return m.ID
}

// realSpelling returns a location with its directory's path without symbolic links.
func realSpelling(location string) string {
	loc, name, err := store.SplitObject(location)
	if err != nil || loc.Bucket != "" {
		return location
	}
	if loc, err = loc.Real(); err != nil {
		return location
	}
	return loc.Object(name)
}
