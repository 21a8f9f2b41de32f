package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// ErrUnknown says of an Upload that it is not known whether its object is there.
var ErrUnknown = errors.New("whether the object is there is not known")

// doubt finds out what became of the object after err, with which the request to make it failed: nil if it is
// there. The context may have ended.
func (m *multipart) doubt(ctx context.Context, want whole, err error) error {
	there, unknown := m.made(ctx, want)
	switch {
	case there:
		return nil
	case isRefused(err):
		return &existsError{m.store.client.location(m.name)}
	case unknown != nil && isVague(err):
		return fmt.Errorf("%w; %w", err, ErrUnknown)
	}
	return err
}

// made tells whether the object is there. The upload is aborted first: a request that is late finds nothing then.
func (m *multipart) made(ctx context.Context, want whole) (bool, error) {
	aborted := m.abort(ctx)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTime)
	defer cancel()
	found, err := m.stat(ctx)
	switch {
	case err == nil && want.is(found):
		m.id = ""
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	}
	return false, errors.Join(aborted, err)
}

// isVague tells whether the server may have done what it was asked for, whatever it said.
func isVague(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.Status == 0 || e.temporary)
}
