package main

import (
	"strconv"
	"time"

	"amiforge/internal/cli"
)

// sourceDate returns the time that the variable SOURCE_DATE_EPOCH has, and whether it is there at all.
// https://reproducible-builds.org/specs/source-date-epoch/
func sourceDate(e *cli.Env) (at time.Time, given bool, err error) {
	text := e.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		return time.Now(), false, nil
	}
	seconds, err := strconv.ParseUint(text, 10, 40)
	if err != nil {
		return at, true, cli.Usagef("SOURCE_DATE_EPOCH is %q: want whole seconds since 1970", text)
	}
	at = time.Unix(int64(seconds), 0)
	if at.After(time.Now()) {
		return at, true, cli.Usagef("SOURCE_DATE_EPOCH is %s: %s is in the future", text, at.UTC().Format(time.DateTime))
	}
	return at, true, nil
}
