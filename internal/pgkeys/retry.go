package pgkeys

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	firstPause = 50 * time.Millisecond
	maxPause   = 2 * time.Second

	// maxFailures, with the pauses between, last for a restart of the server: eight seconds on average.
	maxFailures = 10
	// patience ends the attempts earlier where each takes long, as with a host that does not answer.
	patience = 30 * time.Second
)

// A budget is what was spent on failures since something succeeded.
type budget struct {
	failures int
	end      time.Time // of patience
}

// spend counts a failure and reports whether another attempt may follow.
func (b *budget) spend() bool {
	if b.failures == 0 {
		b.end = time.Now().Add(patience)
	}
	b.failures++
	return b.failures < maxFailures && time.Now().Before(b.end)
}

// A statement is one attempt at what is to be done. It may be called again after it failed.
type statement func(ctx context.Context) error

// do makes attempts at op on key until one succeeds, fails for good, or is the last. An attempt is over in
// attemptTime. The error is an *Error.
func (k *Keys) do(ctx context.Context, op, key string, try statement) error {
	return k.retry(ctx, &budget{}, op, key, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, attemptTime)
		defer cancel()
		return try(ctx)
	})
}

// attemptTime is how long a statement on one key may take: it may wait for a migration.
const attemptTime = patience

// retry is do with a budget, which try may renew, and without a limit to an attempt.
func (k *Keys) retry(ctx context.Context, b *budget, op, key string, try statement) error {
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return k.failure(op, key, context.Cause(ctx))
		}
		again := b.spend()
		e := k.explain(op, key, err)
		e.Attempts = b.failures
		if !e.temporary || !again {
			return e
		}
		if err := pause(ctx, b.failures); err != nil {
			return k.failure(op, key, err)
		}
	}
}

// pause lets time pass after the given number of failures: a span that doubles, less up to half of it, so that
// those who wait for the same server do not come back together.
func pause(ctx context.Context, failures int) error {
	span := min(firstPause<<min(failures-1, 10), maxPause)
	timer := time.NewTimer(span - rand.N(span/2))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
