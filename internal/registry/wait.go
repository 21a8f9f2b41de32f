package registry

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	firstPause = 25 * time.Millisecond
	maxPause   = 800 * time.Millisecond

	// grace is how many pauses a writer between its steps is given, two seconds or so in all, before it is
	// taken for dead. Taking a living one for dead costs it a new start, never two images one name.
	grace = 6
)

// pause returns how long to wait before the next look: twice as long each time, within a bound, and up to
// half as long again, so that waiting writers do not come back together.
func pause(attempt int) time.Duration {
	d := maxPause
	if attempt < grace {
		d = min(firstPause<<attempt, maxPause)
	}
	return d + rand.N(d/2)
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
