package registry

import (
	"context"
	"errors"
	"slices"
	"time"
)

// obsoleteMonths is for how long nobody has launched a deprecated image whose public share is removed.
const obsoleteMonths = 6

// errFresh says that an image is not obsolete after all.
var errFresh = errors.New("launched or changed meanwhile")

// Sweep decides on each image anew when it writes: a launch that is recorded meanwhile is not lost.
func (e *objects) Sweep(ctx context.Context, by Caller, dryRun bool) ([]Image, error) {
	listing, err := e.Describe(ctx, Query{Owner: by.Account, Region: by.Region})
	if err != nil {
		return nil, err
	}
	now := e.now()
	fresh := func(m Image) bool { return !m.obsolete(now) }
	obsolete := slices.DeleteFunc(listing.Images, fresh)
	errs := listing.Unreadable
	if dryRun {
		return obsolete, errors.Join(errs...)
	}
	var swept []Image
	for _, m := range obsolete {
		m, err := e.sweep(ctx, m.ID, now)
		switch {
		case ctx.Err() != nil:
			return swept, context.Cause(ctx)
		case err == nil:
			swept = append(swept, m)
		case !errors.Is(err, errFresh):
			errs = append(errs, err)
		}
	}
	return swept, errors.Join(errs...)
}

// sweep removes the public share of image id and leaves the others.
func (e *objects) sweep(ctx context.Context, id string, now time.Time) (Image, error) {
	return e.update(ctx, id, func(m *Image) error {
		if !m.obsolete(now) {
			return errFresh
		}
		public := func(p LaunchPermission) bool { return p == everyone() }
		m.LaunchPermissions = without(m.LaunchPermissions, public)
		return nil
	})
}

// obsolete reports whether the image is public though it was deprecated and not launched for six months. One
// that was never launched counts from its deprecation.
func (m Image) obsolete(now time.Time) bool {
	if !m.Public() || m.State.Dead() || !m.deprecated(now) {
		return false
	}
	idle := m.LastLaunchedTime
	if idle.IsZero() {
		idle = m.DeprecationTime
	}
	return !now.Before(idle.AddDate(0, obsoleteMonths, 0))
}
