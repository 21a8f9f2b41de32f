package registry

import "context"

// Deregister turns the image's record into a tombstone, which commits it, and then releases its name.
func (e *objects) Deregister(ctx context.Context, id string, by Caller) (Image, error) {
	if err := CheckID(id); err != nil {
		return Image{}, err
	}
	m, err := e.update(ctx, id, func(m *Image) error {
		if err := by.MayChange(*m); err != nil {
			return err
		}
		if m.State == Deregistered {
			return m.unavailable()
		}
		now := e.now()
		if err := m.MayEnd(now); err != nil {
			return err
		}
		m.State = Deregistered
		m.DeregistrationTime = TimeOf(now)
		return nil
	})
	if m.State == Deregistered {
		e.release(ctx, m)
	}
	return m, err
}
