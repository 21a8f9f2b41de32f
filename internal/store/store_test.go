package store_test

import (
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

func TestStoreConformanceAtRoot(t *testing.T) {
	storetest.Run(t, func(t *testing.T) bundle.Store {
		loc, cfg := bucket(t)
		loc.Prefix = ""
		return open(t, loc, cfg)
	})
}

func TestKeysConformance(t *testing.T) {
	keystest.Run(t, func(t *testing.T) keystest.Keys {
		loc, cfg := bucket(t)
		return openKeys(t, loc, cfg)
	})
}
