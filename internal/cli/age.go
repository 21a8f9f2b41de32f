package cli

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// day is what people mean by one where it is about ages.
const day = 24 * time.Hour

// ParseAge reads a span of time, which is not negative: 24h, 90m, 1h30m, 7d (of 24 hours each) or 0.
func ParseAge(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 63)
		if isRange(err) || err == nil && n > uint64(math.MaxInt64/day) {
			return 0, fmt.Errorf("out of range, the limit is %dd", math.MaxInt64/day)
		}
		if err == nil {
			return time.Duration(n) * day, nil
		}
	}
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		return 0, errors.New("not a span of time: want 24h, 90m, 7d or 0")
	case d < 0:
		return 0, errors.New("is negative")
	}
	return d, nil
}

// FormatAge writes a span of time for people, cut to its largest unit: 7d, 23h, 59m, 0s.
func FormatAge(d time.Duration) string {
	switch {
	case d >= day:
		return fmt.Sprintf("%dd", d/day)
	case d >= time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d >= time.Minute:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return fmt.Sprintf("%ds", d/time.Second)
}
