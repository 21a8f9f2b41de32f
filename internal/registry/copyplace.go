package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// maxCopies is how many copies may be on their way into a region: EC2's quota.
const maxCopies = 100

// copyPrefix is where the places of a region's copies are, .registry/v1/copies/<region>/<00 to 99>.json.
const copyPrefix = "copies/"

// A copyPlace is one of the places that the copies into a region have. As with a claim, it is taken for as long as
// the image that it names is a copy on its way: nobody has to give it back.
type copyPlace struct {
	ImageID string `json:"ImageId"`
	Nonce   string // see record
}

func copyPlaceKey(region string, n int) string {
	return fmt.Sprintf("%s%s/%02d.json", copyPrefix, region, n)
}

// keepPlace takes a place for m, which an earlier run has begun, unless it has one.
func (e *objects) keepPlace(ctx context.Context, m Image) error {
	has, err := e.hasPlace(ctx, m)
	if err != nil || has {
		return err
	}
	return e.takePlace(ctx, m)
}

// hasPlace reports whether a place is m's.
func (e *objects) hasPlace(ctx context.Context, m Image) (bool, error) {
	var has atomic.Bool
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(fetchers)
	for n := range maxCopies {
		group.Go(func() error {
			p, _, err := e.loadPlace(groupCtx, copyPlaceKey(m.Region, n))
			if err == nil && p.ImageID == m.ID {
				has.Store(true)
			}
			if isMissing(err) {
				return nil
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return false, fmt.Errorf("place for copy %s: %w", m.ID, err)
	}
	return has.Load(), nil
}

// findPlace returns ResourceLimitExceeded unless there is a place for m, which it does not take.
func (e *objects) findPlace(ctx context.Context, m Image) error {
	for n := range maxCopies {
		_, free, err := e.freePlace(ctx, copyPlaceKey(m.Region, n))
		if free || errors.Is(err, fs.ErrNotExist) { // of the directory, too: the first write makes it
			return nil
		}
		if err != nil {
			return fmt.Errorf("place for a copy: %w", err)
		}
	}
	return noPlace(m.Region)
}

func noPlace(region string) error {
	message := fmt.Sprintf("At most %d copies can be on their way to region %s.", maxCopies, region)
	return &Error{Code: ResourceLimit, Message: message}
}

// takePlace takes a place for m, or returns ResourceLimitExceeded. It begins anywhere, so that copies do not meet.
func (e *objects) takePlace(ctx context.Context, m Image) error {
	for _, n := range rand.Perm(maxCopies) {
		taken, err := e.tryPlace(ctx, copyPlaceKey(m.Region, n), m)
		if err != nil {
			return fmt.Errorf("place for copy %s: %w", m.ID, err)
		}
		if taken {
			return nil
		}
	}
	return noPlace(m.Region)
}

func (e *objects) tryPlace(ctx context.Context, key string, m Image) (taken bool, err error) {
	nonce, err := newNonce(e.random)
	if err != nil {
		return false, err
	}
	text, err := encode(copyPlace{ImageID: m.ID, Nonce: nonce})
	if err != nil {
		return false, err
	}
	_, err = e.keys.Create(ctx, key, text)
	if !errors.Is(err, fs.ErrExist) {
		return err == nil, err
	}
	version, free, err := e.freePlace(ctx, key)
	if isMissing(err) { // a read that is behind: somebody has just taken it
		return false, nil
	}
	if err != nil || !free {
		return false, err
	}
	_, err = e.keys.Replace(ctx, key, text, version)
	if moved(err) {
		return false, nil
	}
	return err == nil, err
}

// freePlace reports whether the image that has the place is no longer on its way, and the version to replace. A
// place that cannot be understood is free: whose it was is not known.
func (e *objects) freePlace(ctx context.Context, key string) (version string, free bool, err error) {
	p, version, err := e.loadPlace(ctx, key)
	if err != nil {
		return "", false, err
	}
	if CheckID(p.ImageID) != nil {
		return version, true, nil
	}
	holder, err := e.load(ctx, p.ImageID)
	if isMissing(err) {
		return version, true, nil
	}
	if _, unreadable := errors.AsType[*UnreadableError](err); unreadable { // it may be on its way
		return version, false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("image %s: %w", p.ImageID, err)
	}
	return version, !holder.Copying(), nil
}

// loadPlace reads a place. One that cannot be understood names no image.
func (e *objects) loadPlace(ctx context.Context, key string) (p copyPlace, version string, err error) {
	text, version, err := e.keys.Get(ctx, key)
	if err != nil {
		return copyPlace{}, "", err
	}
	if json.Unmarshal(text, &p) != nil {
		return copyPlace{}, version, nil
	}
	return p, version, nil
}
