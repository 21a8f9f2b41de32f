package bundle

import (
	"testing"
	"testing/synctest"
)

// noLeak runs do and fails if a goroutine that it started is left.
func noLeak(t *testing.T, do func(t *testing.T)) {
	t.Helper()
	testKey() // its lock must not be born in a bubble
	synctest.Test(t, do)
}
