package imagecopy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"amiforge/bundle"
	"amiforge/internal/registry"
)

// explain adds to err what has become of the copy, after it has ended what cannot go on.
func (r *run) explain(ctx context.Context, err error) error {
	id := r.image.ID
	switch {
	case err == nil:
		return nil
	case r.image.State == registry.Available:
		return fmt.Errorf("%w\n%s is available", err, id)
	case errors.Is(err, bundle.ErrDamaged):
		return r.abandon(ctx, err)
	case registry.HasCode(err, registry.IDUnavailable):
		return r.outlive(ctx, err)
	}
	return fmt.Errorf("%w\n%s is pending, parts that are there: %d; %s", err, id, r.done.Sent+r.done.Kept, howToGoOn(err))
}

func howToGoOn(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "once nothing is missing, the same command goes on with it; ami-deregister ends it"
	}
	return "the same command again goes on with it"
}

// partingTime is how long a copy that was interrupted may take to end itself.
const partingTime = 10 * time.Second

// abandon ends the copy because of err. Only what is ended for sure loses its bundle: another process may have
// finished the same copy.
func (r *run) abandon(ctx context.Context, err error) error {
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), partingTime)
	defer cancel()
	if refused := r.Engine.AbortCopy(last, r.image.ID, err); refused != nil {
		return fmt.Errorf("%w\n%s could not be ended: %v", err, r.image.ID, refused)
	}
	return fmt.Errorf("%w\n%s has failed", r.withdraw(ctx, err), r.image.ID)
}

// outlive looks at what became of the image while it was copied. One that ended before it was available has no use
// for a bundle.
func (r *run) outlive(ctx context.Context, err error) error {
	listing, unknown := r.Engine.Describe(ctx, registry.Query{IDs: []string{r.image.ID}, IncludeDeregistered: true})
	if unknown != nil {
		return fmt.Errorf("%w\n%v", err, unknown)
	}
	r.image = listing.Images[0]
	dead := r.image.State == registry.Failed || r.image.State == registry.Deregistered
	if dead && r.image.ManifestDigest == "" {
		err = r.withdraw(ctx, err)
	}
	return fmt.Errorf("%w\n%s is %s", err, r.image.ID, r.image.State)
}

// withdraw removes what was sent, and adds to err what it could not remove.
func (r *run) withdraw(ctx context.Context, err error) error {
	if left := r.Bundle.RemoveCopy(ctx, r.dst.store, r.dst.name); left != nil {
		return fmt.Errorf("%w\n%v", err, left) // as a text: its kind would hide that of err
	}
	r.dst.tidy()
	return err
}
