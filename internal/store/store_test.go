package store_test

import (
	"bytes"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"amiforge/bundle"
	"amiforge/bundle/storetest"
	"amiforge/internal/miniotest"
	"amiforge/internal/store"
	"amiforge/internal/store/keystest"
)

func TestMain(m *testing.M) { miniotest.Main(m) }

// getenv returns a Getenv for exactly these variables, name=value.
func getenv(env []string) func(string) string {
	return func(name string) string {
		for _, kv := range env {
			if n, v, _ := strings.Cut(kv, "="); n == name {
				return v
			}
		}
		return ""
	}
}

// bucket returns a new bucket with a prefix, and how to reach it.
func bucket(t *testing.T) (store.Location, store.Config) {
	t.Helper()
	server := miniotest.Start(t)
	loc := store.Location{Bucket: server.NewBucket(t), Prefix: "bundles/web 1"}
	return loc, store.Config{Getenv: getenv(server.Env())}
}

func open(t *testing.T, loc store.Location, cfg store.Config) bundle.Store {
	t.Helper()
	s, err := store.Open(t.Context(), loc, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func openKeys(t *testing.T, loc store.Location, cfg store.Config) *store.Keys {
	t.Helper()
	k, err := store.OpenKeys(t.Context(), loc, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestStoreConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) bundle.Store {
		loc, cfg := bucket(t)
		return open(t, loc, cfg)
	})
}

// At the root of a bucket there is no prefix, and what has one is not the store's.
func TestStoreAtRoot(t *testing.T) {
	loc, cfg := bucket(t)
	put(t, open(t, loc, cfg), "deeper", part)
	loc.Prefix = ""
	s := open(t, loc, cfg)
	put(t, s, "there", part)
	if got, err := tryRead(t.Context(), s, "there"); err != nil || !bytes.Equal(got, part) {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
	for o, err := range s.List(t.Context()) {
		if err != nil || o.Name != "there" {
			t.Errorf("List yields %q, %v", o.Name, err)
		}
	}
	if want := "s3://" + loc.Bucket + "/"; s.String() != want {
		t.Errorf("String is %q, want %q", s, want)
	}
}

func TestDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	loc := store.Location{Dir: dir}
	if _, err := store.Open(t.Context(), loc, store.Config{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open: %v, want fs.ErrNotExist", err)
	}
	s := open(t, loc, store.Config{Create: true, NoSync: true})
	put(t, s, "there", part)
	if got, err := tryRead(t.Context(), s, "there"); err != nil || !bytes.Equal(got, part) {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
}

func TestKeysConformance(t *testing.T) {
	keystest.Run(t, func(t *testing.T) keystest.Keys {
		loc, cfg := bucket(t)
		return openKeys(t, loc, cfg)
	})
}
