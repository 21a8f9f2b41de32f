package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// entries returns the names in dir.
func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

// What is in use stays, what a killed process left goes, and what only looks alike stays too.
func TestTemp(t *testing.T) {
	dir := t.TempDir()
	left := tempPrefix("image") + strings.Repeat("A", 26)
	for _, name := range []string{left, left + "A", ".image.tmp-short", tempPrefix("other") + strings.Repeat("A", 26)} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	leftDir := tempPrefix("script") + strings.Repeat("B", 26)
	if err := os.MkdirAll(filepath.Join(dir, leftDir, "etc"), 0o700); err != nil {
		t.Fatal(err)
	}
	first, err := CreateTempFile(dir, "image")
	if err != nil {
		t.Fatal(err)
	}
	second, err := CreateTempFile(dir, "image")
	if err != nil {
		t.Fatal(err)
	}
	one, err := CreateTempDir(dir, "script")
	if err != nil {
		t.Fatal(err)
	}
	other, err := CreateTempDir(dir, "script")
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Join(entries(t, dir), "\n")
	for _, gone := range []string{left + "\n", leftDir} {
		if strings.Contains(names+"\n", gone) {
			t.Errorf("%q is still there", gone)
		}
	}
	if n := len(entries(t, dir)); n != 7 {
		t.Errorf("%d entries, want 7:\n%s", n, names)
	}
	if info, err := first.Stat(); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v (%v)", info.Mode(), err)
	}
	if err := os.WriteFile(filepath.Join(one.Path, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for _, c := range []interface{ Close() error }{first, second, one, other} {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if n := len(entries(t, dir)); n != 3 {
		t.Errorf("%d entries, want the 3 of others", n)
	}
}

func TestTempMissing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "missing")
	if _, err := CreateTempFile(dir, "image"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if _, err := CreateTempDir(dir, "image"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}
