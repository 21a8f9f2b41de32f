package cli

import (
	"strconv"
	"time"
)

// SourceDate returns the time that the variable SOURCE_DATE_EPOCH has, and whether it is there at all.
// https://reproducible-builds.org/specs/source-date-epoch/
func (e *Env) SourceDate() (at time.Time, given bool, err error) {
	text := e.getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		return e.clock(), false, nil
	}
	seconds, err := strconv.ParseUint(text, 10, 40)
	if err != nil {
		return at, true, Usagef("SOURCE_DATE_EPOCH is %q: want whole seconds since 1970", text)
	}
	at = time.Unix(int64(seconds), 0)
	if at.After(e.clock()) {
		return at, true, Usagef("SOURCE_DATE_EPOCH is %s: %s is in the future", text, at.UTC().Format(time.DateTime))
	}
	return at, true, nil
}
