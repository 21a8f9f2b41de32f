package cli

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// timeLayouts are how a moment is written, beside RFC 3339: without a zone, which is UTC then.
func timeLayouts() []string {
	return []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02T15:04:05"}
}

// ParseTime reads a moment: 2027-01-31, 2027-01-31T12:00 and 2027-01-31T12:00:05, which are in UTC, RFC 3339 with
// its zone, or how long it is until then from now: 90d, 36h.
func ParseTime(text string, now time.Time) (time.Time, error) {
	for _, layout := range timeLayouts() {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at.UTC(), nil
	}
	if ahead, err := parseAhead(text); err == nil {
		return now.Add(ahead).UTC(), nil
	}
	return time.Time{}, fmt.Errorf("not a time: want 2027-01-31, 2027-01-31T12:00 (UTC), RFC 3339, or 90d or 36h from now")
}

// parseAhead reads days, which a time.Duration does not know, or one of those that it does.
func parseAhead(text string) (time.Duration, error) {
	const day = 24 * time.Hour
	if number, ok := strings.CutSuffix(text, "d"); ok {
		days, err := strconv.ParseUint(number, 10, 63)
		if err != nil || days > uint64(math.MaxInt64/day) {
			return 0, fmt.Errorf("not a number of days")
		}
		return time.Duration(days) * day, nil
	}
	ahead, err := time.ParseDuration(text)
	if err == nil && ahead < 0 {
		err = fmt.Errorf("not ahead")
	}
	return ahead, err
}
