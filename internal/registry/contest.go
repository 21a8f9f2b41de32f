package registry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// How a name stays unique. A claim names the image that holds a name. It passes from one image to another
// only after a write or a final state has proved the first one dead, and an image becomes available only
// from pending, in one swap, after its claim was written. So a living image's claim is always its own: no
// clock, lock or deletion is involved, and a writer may stop for good between any two writes.
//
// A copy is pending for as long as its bundle takes, so that nobody can tell one under way from one that was cut
// short: it lives until it is finished, aborted or deregistered.

// contestAttempts bounds how often a claim is tried anew because other writers came first. Each time one of
// them got further, so it is the number of writers that contend for a dead image's name.
const contestAttempts = 64

var errGrace = errors.New("its registration was not finished in time")

// refuseTaken returns InvalidAMIName.Duplicate if m's name has a living holder already. It decides nothing, as
// contest does, but spares the registry a failed record for each attempt at a name that has long been taken.
func (e *objects) refuseTaken(ctx context.Context, m Image) error {
	held, err := e.loadClaim(ctx, m)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("name %q: %w", m.Name, err)
	}
	holder, err := e.load(ctx, held.ImageID)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("image %s, which has name %q: %w", held.ImageID, m.Name, err)
	}
	if holder.State == Pending && !holder.Copying() || holder.State.Dead() {
		return nil
	}
	return duplicate(m.Name, held.ImageID)
}

// contest makes m, which is pending, the holder of its name. A living holder is InvalidAMIName.Duplicate.
func (e *objects) contest(ctx context.Context, m Image) error {
	key := claimKey(m)
	text, err := e.encodeClaim(m, false)
	if err != nil {
		return err
	}
	for range contestAttempts {
		_, err := e.keys.Create(ctx, key, text)
		if err == nil {
			return nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("claim name %q: %w", m.Name, err)
		}
		err = e.takeOver(ctx, m, text)
		if !moved(err) {
			return err
		}
	}
	return fmt.Errorf("claim name %q: other writers came first %d times", m.Name, contestAttempts)
}

// takeOver replaces the claim on m's name with m's own, text, once the image that holds the name is dead.
func (e *objects) takeOver(ctx context.Context, m Image, text []byte) error {
	held, err := e.loadClaim(ctx, m)
	if err != nil {
		return fmt.Errorf("claim name %q: %w", m.Name, err)
	}
	if held.ImageID == m.ID {
		return nil
	}
	if err := e.vacate(ctx, m, held); err != nil {
		return err
	}
	if _, err := e.keys.Replace(ctx, held.key, text, held.version); err != nil {
		return fmt.Errorf("claim name %q: %w", m.Name, err)
	}
	return nil
}

// vacate returns once the image that holds m's name is dead for good, and makes it so where it is lost or
// was left pending.
func (e *objects) vacate(ctx context.Context, m Image, held heldClaim) error {
	if held.Released {
		return nil
	}
	for attempt := range updateAttempts {
		holder, err := e.load(ctx, held.ImageID)
		switch {
		case isMissing(err):
			err = e.bury(ctx, m, held.ImageID)
		case err != nil:
			return fmt.Errorf("image %s, which has name %q: %w", held.ImageID, m.Name, err)
		case holder.State.Dead():
			return nil
		case holder.State != Pending || holder.Copying():
			return duplicate(m.Name, held.ImageID)
		case attempt < grace:
			if err := e.wait(ctx, pause(attempt)); err != nil {
				return err
			}
			continue
		default:
			_, err = e.replace(ctx, holder, func(m *Image) { fail(m, errGrace) })
		}
		if !moved(err) && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := e.wait(ctx, firstPause); err != nil {
			return err
		}
	}
	return fmt.Errorf("image %s, which has name %q: other writers came first %d times", held.ImageID, m.Name, updateAttempts)
}

// bury makes a failed record for an image that a claim names and that has none, so that it can have no other.
func (e *objects) bury(ctx context.Context, m Image, id string) error {
	lost := m
	lost.ID = id
	fail(&lost, errors.New("its record was lost"))
	_, err := e.create(ctx, lost)
	return err
}
