package main

import "strings"

// line keeps text, which may have the names of files in it, in one line: a name may have a line feed, and what follows
// would look like a message of its own. (Other control characters no message shows as they are.)
func line(text string) string { return strings.ReplaceAll(text, "\n", `\n`) }

// inLine is line for an error.
func inLine(err error) error {
	if !strings.Contains(err.Error(), "\n") {
		return err
	}
	return lineError{err}
}

type lineError struct{ err error }

func (e lineError) Error() string { return line(e.err.Error()) }

func (e lineError) Unwrap() error { return e.err }
