package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
)

// BeginCopy makes a pending record, makes the name its own and takes a place for it. With the name it is there for
// others, and for the same command to go on with. A crash before that leaves a record that is in no listing unless it
// asks for what is pending.
func (e *objects) BeginCopy(ctx context.Context, image Image, place func(id string) string) (Image, error) {
	image.Location = place("ami-" + fmt.Sprintf("%0*d", idDigits, 0)) // to be checked; the record gets its own
	m, err := e.complete(image)
	if err != nil {
		return Image{}, err
	}
	if m.SourceImageID == "" {
		return Image{}, missing("sourceImageId")
	}
	for range registrations {
		begun, err := e.beginCopy(ctx, m, place)
		if err == nil {
			return begun, nil
		}
		if _, taken := holderOf(err); !taken {
			return Image{}, err
		}
		same, err := e.sameCopy(ctx, m, err)
		if !errors.Is(err, errGone) {
			return same, err
		}
	}
	return Image{}, fmt.Errorf("copy %s as %q: other writers came first %d times", m.SourceImageID, m.Name, registrations)
}

// errGone says that the holder of a name has died meanwhile.
var errGone = errors.New("the name's holder is gone")

func (e *objects) beginCopy(ctx context.Context, m Image, place func(id string) string) (Image, error) {
	if err := e.refuseTaken(ctx, m); err != nil {
		return Image{}, err
	}
	if e.dryRun {
		return Image{}, cmp.Or(e.findPlace(ctx, m), ErrDryRun)
	}
	pending, err := e.createPendingAt(ctx, m, place)
	if err != nil {
		return Image{}, fmt.Errorf("copy %s as %q: %w", m.SourceImageID, m.Name, err)
	}
	if err := e.contest(ctx, pending.Image); err != nil {
		e.abandon(ctx, pending, err)
		return Image{}, err
	}
	// With the name the same command of others goes on with it: only for want of a place it is given up again.
	err = e.takePlace(ctx, pending.Image)
	if HasCode(err, ResourceLimit) {
		err = e.giveUp(ctx, pending, err)
	}
	if err != nil {
		return Image{}, err
	}
	e.index(ctx, pending.ID)
	return pending.Image, nil
}

// giveUp abandons a copy that found no place, for that reason, unless another process has found one for it.
func (e *objects) giveUp(ctx context.Context, pending stored, reason error) error {
	has, err := e.hasPlace(ctx, pending.Image)
	if err != nil || has {
		return err
	}
	e.abandon(ctx, pending, reason)
	return reason
}

// holderOf returns the ID of the image that has the name that was asked for.
func holderOf(err error) (id string, taken bool) {
	refusal, ok := errors.AsType[*Error](err)
	if !ok || refusal.Code != NameDuplicate || len(refusal.IDs) == 0 {
		return "", false
	}
	return refusal.IDs[0], true
}

// sameCopy returns the image that has m's name, as refused says, if it is the same copy and still on its way.
func (e *objects) sameCopy(ctx context.Context, m Image, refused error) (Image, error) {
	id, _ := holderOf(refused)
	holder, err := e.load(ctx, id)
	switch {
	case err != nil:
		return Image{}, fmt.Errorf("image %s, which has name %q: %w", id, m.Name, err)
	case holder.State.Dead():
		return Image{}, errGone
	case !holder.Copying() || holder.SourceImageID != m.SourceImageID || holder.SourceImageRegion != m.SourceImageRegion:
		return Image{}, refused
	case e.dryRun:
		return holder.Image, nil
	}
	return holder.Image, e.keepPlace(ctx, holder.Image)
}

// FinishCopy makes the copy available, in one swap. That it is so already is none to refuse: where two processes ran
// the same copy, the manifest that came last is the bundle's, and its digest goes on record.
func (e *objects) FinishCopy(ctx context.Context, id, manifestDigest string) (Image, error) {
	return e.updateCopy(ctx, id, func(m *Image) error {
		if !m.Copying() && m.State != Available {
			return m.unavailable()
		}
		m.State, m.ManifestDigest = Available, manifestDigest
		return nil
	})
}

// AbortCopy marks the pending image as failed.
func (e *objects) AbortCopy(ctx context.Context, id string, reason error) error {
	if err := CheckID(id); err != nil {
		return err
	}
	_, err := e.update(ctx, id, func(m *Image) error {
		if m.State != Pending {
			return m.unavailable()
		}
		fail(m, reason)
		return nil
	})
	return err
}

func (e *objects) updateCopy(ctx context.Context, id string, change func(*Image) error) (Image, error) {
	if err := CheckID(id); err != nil {
		return Image{}, err
	}
	m, err := e.update(ctx, id, func(m *Image) error {
		if m.SourceImageID == "" {
			return m.unavailable()
		}
		return change(m)
	})
	if err != nil {
		return Image{}, err
	}
	return m, nil
}
