package cli

import (
	"fmt"
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
	if ahead, err := ParseAge(text); err == nil {
		return now.Add(ahead).UTC(), nil
	}
	return time.Time{}, fmt.Errorf("not a time: want 2027-01-31, 2027-01-31T12:00 (UTC), RFC 3339, or 90d or 36h from now")
}
