package cli

import (
	"fmt"
	"math"
	"time"

	"github.com/dustin/go-humanize"
)

// A meter measures a rate as an average that forgets, so that a pause or a resumed upload's quick start does
// not spoil the estimate for long.
type meter struct {
	at   time.Time
	done int64
	rate float64 // bytes a second
}

const (
	meterInterval = 100 * time.Millisecond // shorter ones measure noise
	meterMemory   = 5 * time.Second
)

// observe returns the rate, given that done bytes are done at the time at.
func (m *meter) observe(at time.Time, done int64) float64 {
	elapsed := at.Sub(m.at)
	if elapsed < meterInterval {
		return m.rate
	}
	current := float64(done-m.done) / elapsed.Seconds()
	weight := 1 - math.Exp(-elapsed.Seconds()/meterMemory.Seconds())
	if m.rate == 0 {
		weight = 1
	}
	m.at, m.done, m.rate = at, done, m.rate+weight*(current-m.rate)
	return m.rate
}

// percent is between 0 and 100, and 0 where the total is not known.
func (s sample) percent() int {
	switch {
	case s.total < 0:
		return 0
	case s.done >= s.total:
		return 100
	default:
		return int(float64(s.done) / float64(s.total) * 100)
	}
}

// amount is how much is done: "4.0 GiB of 10 GiB".
func (s sample) amount() string {
	if s.total < 0 {
		return humanSize(s.done)
	}
	return humanSize(s.done) + " of " + humanSize(s.total)
}

// pace is how fast it goes and how long it will take, as far as that is known: ", 120 MiB/s, 51s left".
func (s sample) pace() string {
	if s.rate < 1 {
		return ""
	}
	pace := fmt.Sprintf(", %s/s", humanSize(int64(s.rate)))
	if s.total > s.done {
		seconds := math.Ceil(float64(s.total-s.done) / s.rate)
		pace += fmt.Sprintf(", %s left", humanSeconds(seconds))
	}
	return pace
}

func humanSize(n int64) string { return humanize.IBytes(uint64(max(n, 0))) }

func humanSeconds(seconds float64) string {
	const most = 99 * 24 * 3600 // what follows is no estimate any more, and would overflow a Duration
	return time.Duration(min(seconds, most) * float64(time.Second)).String()
}
