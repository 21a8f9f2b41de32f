package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// WriteAt writes p at off of the object.
func (u *Upload) WriteAt(p []byte, off int64) (int, error) {
	if err := u.take(off, int64(len(p)), p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Zero makes n bytes from off on read as zeros.
func (u *Upload) Zero(off, n int64) error { return u.take(off, n, nil) }

// take adds n bytes at off: p, or zeros if that is nil.
func (u *Upload) take(off, n int64, p []byte) error {
	if err := u.state(); err != nil {
		return err
	}
	if err := u.order.add(off, n); err != nil {
		return u.fail(err)
	}
	for n > 0 {
		into, at, room, err := u.place(off)
		if err != nil {
			return err
		}
		k := min(n, room)
		if p == nil {
			into.extend(at + k)
		} else {
			into.put(p[:k], at, &u.pages)
			p = p[k:]
		}
		off, n = off+k, n-k
	}
	return nil
}

// place returns where the byte at off belongs, and how many may follow it there. If that is a new part, the one
// before it is on its way.
func (u *Upload) place(off int64) (into *content, at, room int64, err error) {
	if off < u.hold {
		return &u.first, off, u.hold - off, nil
	}
	if u.part.size > 0 && u.part.size == u.room {
		if err := u.flush(); err != nil {
			return nil, 0, 0, err
		}
	}
	if u.part.size == 0 {
		u.room = u.plan.part(u.number, off)
	}
	return &u.part, u.part.size, u.room - u.part.size, nil
}

// flush sends the part that was filled.
func (u *Upload) flush() error {
	full := u.part
	u.part = content{}
	u.number++
	return u.send(u.number-1, full)
}

// send lets a part go, as soon as there is room for it among those on their way.
func (u *Upload) send(number int, c content) error {
	weight := min(max(c.memory(), firstPart), inFlight)
	if err := u.slots.Acquire(u.running, weight); err != nil {
		return u.state()
	}
	u.sending.Go(func() error {
		defer u.slots.Release(weight)
		defer u.pages.give(&c)
		return u.parts.send(u.running, number, &c)
	})
	return nil
}

// Commit sends what is left and makes the object appear. Its size, and its checksum if the server tells one, are
// then compared with what was sent: if they differ, the error is bundle.ErrVerify, and the object stays, as it may
// be that of another writer. When the context ends meanwhile, the server still has some seconds to answer. Where it
// does not, Commit aborts the upload and looks: it succeeds if the object is there. The error is ErrUnknown if that
// cannot be found out.
func (u *Upload) Commit() error {
	if err := u.state(); err != nil {
		return err
	}
	if err := u.order.whole(); err != nil {
		return u.fail(err)
	}
	if err := u.finish(); err != nil {
		return err
	}
	u.err = u.parts.complete(u.ctx, max(u.order.end, u.order.head))
	if u.err != nil {
		return u.err
	}
	u.err = u.parts.store.client.failure("put", u.parts.name, fs.ErrClosed)
	return nil
}

// finish sends the last parts and waits for all. An object without a byte is one part, too.
func (u *Upload) finish() error {
	if u.part.size > 0 || u.hold == 0 {
		if err := u.flush(); err != nil {
			return err
		}
	}
	if u.hold > 0 {
		first := u.first
		u.first = content{}
		if err := u.send(1, first); err != nil {
			return err
		}
	}
	if err := u.sending.Wait(); err != nil || u.ctx.Err() != nil {
		return u.state()
	}
	return nil
}

// Close ends the upload. What was not committed is gone then, also from the server: if it cannot be removed there,
// the error says so. That takes some seconds at most, and is also done when the context has ended. Closing again
// does nothing, or tries again what failed.
func (u *Upload) Close() error {
	u.cancel()
	_ = u.sending.Wait() // it was returned by a call, or nobody asked
	if u.err == nil {
		u.err = u.parts.store.client.failure("put", u.parts.name, fs.ErrClosed)
	}
	u.part, u.first, u.pages.free = content{}, content{}, nil
	return u.parts.abort(u.ctx)
}

// state returns the error that ended the upload, or nil.
func (u *Upload) state() error {
	if u.err == nil && u.running.Err() != nil {
		u.err = u.stopped(context.Cause(u.running))
	}
	return u.err
}

// stopped names the object if the cause is not the error of one of its requests, which does.
func (u *Upload) stopped(cause error) error {
	if e, ok := errors.AsType[*Error](cause); ok {
		return e
	}
	return u.parts.store.client.failure("put", u.parts.name, cause)
}

// fail makes err, a mistake of the caller, the end of the upload.
func (u *Upload) fail(err error) error {
	u.err = u.parts.store.client.failure("put", u.parts.name, fmt.Errorf("%w: %w", fs.ErrInvalid, err))
	u.cancel()
	return u.err
}
