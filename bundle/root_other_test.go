//go:build !linux

package bundle

import (
	"os"
	"testing"
)

// withoutRoot skips the test for root, who may write everywhere.
func withoutRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere: run the test as another user")
	}
}
