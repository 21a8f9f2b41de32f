package registry

import (
	"encoding/json"
	"fmt"
	"time"
)

// timeLayout is EC2's: UTC with exactly three digits of a second.
const timeLayout = "2006-01-02T15:04:05.000Z"

// A Time is a moment in EC2's form, 2026-11-03T10:20:30.000Z: UTC, to the millisecond.
type Time struct{ time.Time }

// TimeOf returns t in UTC, cut to the millisecond.
func TimeOf(t time.Time) Time { return Time{t.UTC().Truncate(time.Millisecond)} }

// String returns the time in EC2's form.
func (t Time) String() string { return t.UTC().Format(timeLayout) }

// MarshalJSON returns the time in EC2's form, in quotes.
func (t Time) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }

// UnmarshalJSON takes any RFC 3339 time.
func (t *Time) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("time: %w", err)
	}
	parsed, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return fmt.Errorf("time %q: not in RFC 3339 form", s)
	}
	*t = TimeOf(parsed)
	return nil
}
