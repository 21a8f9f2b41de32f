package registry

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"amiforge/internal/store"
	"amiforge/internal/store/keystest"
)

func TestDirKeysConform(t *testing.T) {
	keystest.Run(t, func(t *testing.T) keystest.Keys { return NewDirKeys(t.TempDir()) })
}

func TestDirKeysLayout(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "yet")
	keys := NewDirKeys(dir)
	if _, err := keys.Create(t.Context(), "images/x.json", []byte("1")); err != nil {
		t.Fatal(err)
	}
	var files []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			files = append(files, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{".registry/v1/.lock", ".registry/v1/images/x.json"}; !slices.Equal(files, want) {
		t.Errorf("files are %v, want %v", files, want)
	}
}

// TestDirKeysAfterCrash leaves what a writer that died between link and unlink leaves: the value's second
// name. Writing through that name would change the value.
func TestDirKeysAfterCrash(t *testing.T) {
	dir := t.TempDir()
	keys := NewDirKeys(dir)
	version, err := keys.Create(t.Context(), "a", []byte("1"))
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, ".registry", "v1")
	if err := os.Link(filepath.Join(folder, "a"), filepath.Join(folder, newName)); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Create(t.Context(), "b", []byte("2")); err != nil {
		t.Fatal(err)
	}
	if value, _ := getKey(t, keys, "a"); string(value) != "1" {
		t.Errorf("a became %q", value)
	}
	if _, err := keys.Replace(t.Context(), "a", []byte("3"), version); err != nil {
		t.Errorf("replace: %v", err)
	}
	if _, err := os.Stat(filepath.Join(folder, newName)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is left: %v", newName, err)
	}
}

func TestDirKeysRefuseKeys(t *testing.T) {
	keys := NewDirKeys(t.TempDir())
	for _, key := range []string{"", ".", "..", "../x", "/x", "a//b", "a/../b", "a/", lockName, newName, "a/.b"} {
		if _, err := keys.Create(t.Context(), key, nil); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("create %q: %v", key, err)
		}
		if _, err := keys.Replace(t.Context(), key, nil, ""); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("replace %q: %v", key, err)
		}
		if _, _, err := keys.Get(t.Context(), key); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("get %q: %v", key, err)
		}
	}
}

// TestDirKeysStayInside has a symbolic link lead out of the directory.
func TestDirKeysStayInside(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	folder := filepath.Join(dir, ".registry", "v1")
	err := errors.Join(os.MkdirAll(folder, 0o777), os.Symlink(outside, filepath.Join(folder, "images")),
		os.WriteFile(filepath.Join(outside, "x"), []byte("secret"), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	keys := NewDirKeys(dir)
	if value, _, err := keys.Get(t.Context(), "images/x"); err == nil {
		t.Errorf("read %q", value)
	}
	if _, err := keys.Create(t.Context(), "images/y", []byte("1")); err == nil {
		t.Error("wrote outside")
	}
}

func TestDirKeysMissing(t *testing.T) {
	dir := t.TempDir()
	empty, nowhere := NewDirKeys(dir), NewDirKeys(filepath.Join(dir, "none"))
	for entry, err := range empty.List(t.Context(), "images/") {
		t.Errorf("empty directory lists %q, %v", entry.Key, err)
	}
	var failed error
	for _, err := range nowhere.List(t.Context(), "images/") {
		failed = err
	}
	if failed == nil {
		t.Error("missing directory lists nothing")
	}
	for keys, mistyped := range map[*DirKeys]bool{empty: false, nowhere: true} {
		_, _, err := keys.Get(t.Context(), "a")
		if !errors.Is(err, fs.ErrNotExist) || isMissing(err) == mistyped {
			t.Errorf("get: %v", err)
		}
		if _, err := keys.Replace(t.Context(), "a", nil, "v"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("replace: %v", err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reading made the directory: %v", err)
	}
}

func TestDirKeysTooLong(t *testing.T) {
	dir := t.TempDir()
	keys := NewDirKeys(dir)
	if _, err := keys.Create(t.Context(), "a", nil); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, ".registry", "v1", "a"), store.MaxValue+1); err != nil {
		t.Fatal(err)
	}
	if value, _, err := keys.Get(t.Context(), "a"); err == nil {
		t.Errorf("got %d bytes", len(value))
	}
}

func TestDirKeysInterrupted(t *testing.T) {
	dir := t.TempDir()
	first := NewDirKeys(dir)
	version, err := first.Create(t.Context(), "a", []byte("1"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err = first.locked(t.Context(), func(*os.Root) (string, error) {
		cancel()
		for _, keys := range []*DirKeys{first, NewDirKeys(dir)} {
			if _, err := keys.Replace(ctx, "a", []byte("2"), version); !errors.Is(err, context.Canceled) {
				t.Errorf("replace while another writes: %v", err)
			}
		}
		return "", nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if value, _ := getKey(t, first, "a"); string(value) != "1" {
		t.Errorf("a became %q", value)
	}
	if _, err := first.Replace(t.Context(), "a", []byte("2"), "stale"); !errors.Is(err, store.ErrConflict) {
		t.Errorf("replace of a stale version: %v", err)
	}
}
