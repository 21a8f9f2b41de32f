package registry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

const (
	// registrations bounds how often an image is registered anew because its record was taken for dead.
	registrations = 4
	// idAttempts bounds the search for a free ID. With 68 random bits the first one is.
	idAttempts = 4
	// parting is how long an engine that gives up may take to leave its record tidy.
	parting = 5 * time.Second
)

// errTakenOver says that another writer took this one for dead and made its record so.
var errTakenOver = errors.New("taken over by another writer")

// Register makes a pending record, makes the name its own, and makes the record available: the last is what
// commits. Every state in between is one that the next writer can tell from a living image.
func (e *objects) Register(ctx context.Context, image Image) (Image, error) {
	m, err := e.complete(image)
	if err != nil {
		return Image{}, err
	}
	if m.SourceImageID != "" {
		return Image{}, errors.New("register: a copy begins with BeginCopy")
	}
	for range registrations {
		registered, err := e.register(ctx, m)
		if !errors.Is(err, errTakenOver) {
			return registered, err
		}
	}
	return Image{}, fmt.Errorf("register %q: %w, %d times", m.Name, errTakenOver, registrations)
}

// complete returns image with the fields that it may leave out, checked.
func (e *objects) complete(image Image) (Image, error) {
	m := image
	if err := m.checkUnregistered(); err != nil {
		return Image{}, err
	}
	m.Type = orElse(m.Type, "machine")
	m.RootDeviceType = orElse(m.RootDeviceType, "instance-store")
	m.VirtualizationType = orElse(m.VirtualizationType, "paravirtual")
	m.State = Pending
	m.CreationDate = TimeOf(e.now())
	return m, m.check()
}

// checkUnregistered refuses an image that is one already, or that has what is for registered ones only.
func (m Image) checkUnregistered() error {
	if m.ID != "" || m.State != "" || !m.CreationDate.IsZero() {
		return errors.New("register: the image is registered already")
	}
	if len(m.LaunchPermissions) > 0 || m.DeregistrationProtection != "" {
		return errors.New("register: an image is shared and protected once it is registered")
	}
	return nil
}

func orElse(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

func (e *objects) register(ctx context.Context, m Image) (Image, error) {
	if err := e.refuseTaken(ctx, m); err != nil {
		return Image{}, err
	}
	pending, err := e.createPending(ctx, m)
	if err != nil {
		return Image{}, fmt.Errorf("register %q: %w", m.Name, err)
	}
	if err := e.contest(ctx, pending.Image); err != nil {
		e.abandon(ctx, pending, err)
		return Image{}, err
	}
	available, err := e.replace(ctx, pending, func(m *Image) { m.State = Available })
	if moved(err) {
		return e.settle(ctx, pending.ID)
	}
	if err != nil {
		e.abandon(ctx, pending, err)
		return Image{}, fmt.Errorf("register %q as %s: %w", m.Name, pending.ID, err)
	}
	e.index(ctx, available.ID)
	return available.Image, nil
}

// settle tells what became of image id, whose record changed when it was to become available. Where the
// store's answers got lost it may have become so, and another writer have changed it since. A read that still finds
// it pending, or not at all, is behind.
func (e *objects) settle(ctx context.Context, id string) (Image, error) {
	for attempt := range updateAttempts {
		latest, err := e.load(ctx, id)
		switch {
		case err != nil && !isMissing(err):
			return Image{}, fmt.Errorf("image %s: %w", id, err)
		case err == nil && latest.State == Failed:
			return Image{}, errTakenOver
		case err == nil && latest.State == Deregistered:
			return latest.Image, unavailable(id)
		case err == nil && latest.State != Pending:
			return latest.Image, nil
		}
		if err := e.wait(ctx, pause(attempt)); err != nil {
			return Image{}, err
		}
	}
	return Image{}, fmt.Errorf("image %s: what became of it does not show", id)
}

func (e *objects) createPending(ctx context.Context, m Image) (stored, error) {
	return e.createPendingAt(ctx, m, func(string) string { return m.Location })
}

// createPendingAt creates a pending record whose location may depend on its ID.
func (e *objects) createPendingAt(ctx context.Context, m Image, place func(id string) string) (stored, error) {
	for range idAttempts {
		id, err := NewID(e.random)
		if err != nil {
			return stored{}, err
		}
		m.ID, m.Location = id, place(id)
		pending, err := e.create(ctx, m)
		if !errors.Is(err, fs.ErrExist) {
			return pending, err
		}
	}
	return stored{}, fmt.Errorf("%d random image IDs were all taken", idAttempts)
}

// abandon marks the pending record of a registration that came to nothing, even where ctx is done. Without
// the mark the next one for the name has to wait before it takes the record for dead, so failing to is none.
func (e *objects) abandon(ctx context.Context, pending stored, reason error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), parting)
	defer cancel()
	_, _ = e.replace(ctx, pending, func(m *Image) { fail(m, reason) })
}

// fail makes the image a failed one, for a reason that is EC2's or the registration's own.
func fail(m *Image, reason error) {
	m.State = Failed
	m.StateReason = &StateReason{Code: "Client.RegistrationIncomplete", Message: reason.Error()}
	if refusal, ok := errors.AsType[*Error](reason); ok {
		m.StateReason = &StateReason{Code: "Client." + string(refusal.Code), Message: refusal.Message}
	}
}
