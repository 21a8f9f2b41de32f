package bundle

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// One bundle has one writer at a time in a directory; another bundle, or the same when the first is done, is
// free. Nothing is left of it.
func TestLockBundle(t *testing.T) {
	dir := t.TempDir()
	one, other := openDir(t, dir), openDir(t, dir)
	unlock, err := lockBundle(one, "image")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lockBundle(other, "image"); !errors.Is(err, errBusy) || !strings.Contains(err.Error(), "image.manifest.xml") {
		t.Errorf("locked twice: %v", err)
	}
	if unlock, err := lockBundle(other, "web"); err != nil {
		t.Error(err)
	} else {
		unlock()
	}
	unlock()
	again, err := lockBundle(other, "image")
	if err != nil {
		t.Fatal(err)
	}
	again()
	if left, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

// The lock file of a process that was killed means nothing.
func TestLockStale(t *testing.T) {
	d := openDir(t, t.TempDir())
	unlock, err := lockBundle(d, "image")
	if err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(d.at(lockPrefix + "*"))
	if err != nil || len(left) != 1 {
		t.Fatalf("lock files: %v (%v)", left, err)
	}
	unlock()
	if err := os.WriteFile(left[0], nil, 0o600); err != nil {
		t.Fatal(err)
	}
	unlock, err = lockBundle(d, "image")
	if err != nil {
		t.Fatal(err)
	}
	unlock()
}

// A directory that is gone is an error, not a wait.
func TestLockMissing(t *testing.T) {
	d := openDir(t, filepath.Join(t.TempDir(), "gone"))
	if err := os.Remove(d.String()); err != nil {
		t.Fatal(err)
	}
	if _, err := lockBundle(d, "image"); err == nil {
		t.Error("locked")
	}
}
