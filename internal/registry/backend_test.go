package registry

import (
	"context"
	"strings"
	"testing"

	"amiforge/internal/miniotest"
	"amiforge/internal/postgrestest"
	"amiforge/internal/store"
)

// A backend makes empty registries for tests. Each call of the returned function is one more process that
// opens the same registry.
type backend func(t testing.TB) (open func() Keys)

// backends are the stores that the suite runs on.
func backends() map[string]backend {
	return map[string]backend{"directory": directory, "s3": bucket, "postgres": database}
}

func bucket(t testing.TB) func() Keys {
	server := miniotest.Start(t)
	loc := store.Location{Bucket: server.NewBucket(t), Prefix: "some/where/" + folder}
	return func() Keys {
		keys, err := store.OpenKeys(t.Context(), loc, configOf(server))
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
}

func configOf(server *miniotest.Server) store.Config {
	env := map[string]string{}
	for _, variable := range server.Env() {
		name, value, _ := strings.Cut(variable, "=")
		env[name] = value
	}
	return store.Config{Getenv: func(name string) string { return env[name] }}
}

func database(t testing.TB) func() Keys {
	location := postgrestest.Start(t).NewDatabase(t)
	return func() Keys { return openTestDatabase(t, location) }
}

func openTestDatabase(t testing.TB, location string) Keys {
	t.Helper()
	keys, err := openDatabase(location)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keys.Close() })
	return keys
}

func directory(t testing.TB) func() Keys {
	dir := t.TempDir()
	return func() Keys { return NewDirKeys(dir) }
}

// onEach runs test on an empty registry of each backend.
func onEach(t *testing.T, test func(t *testing.T, open func() Keys)) {
	for name, make := range backends() {
		t.Run(name, func(t *testing.T) { test(t, make(t)) })
	}
}

func web(name string) Image {
	return Image{
		Name:         name,
		Description:  "the web & its servers",
		Owner:        "123456789012",
		Region:       "local",
		Location:     "s3://bucket/web/image.manifest.xml",
		Architecture: "x86_64",
	}
}

func register(t *testing.T, e Engine, m Image) Image {
	t.Helper()
	registered, err := e.Register(t.Context(), m)
	if err != nil {
		t.Fatalf("register %q: %v", m.Name, err)
	}
	return registered
}

func describe(t *testing.T, e Engine, q Query) []Image {
	t.Helper()
	listing, err := e.Describe(t.Context(), q)
	if err != nil {
		t.Fatalf("describe %+v: %v", q, err)
	}
	if len(listing.Unreadable) > 0 {
		t.Fatalf("describe %+v: unreadable: %v", q, listing.Unreadable)
	}
	return listing.Images
}

func idsOf(images []Image) []string {
	var ids []string
	for _, m := range images {
		ids = append(ids, m.ID)
	}
	return ids
}

// countKeys counts what images leave in a registry.
func countKeys(t *testing.T, keys Keys) int {
	t.Helper()
	n := 0
	for entry, err := range keys.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if entry.Key != formatKey {
			n++
		}
	}
	return n
}

func getKey(t *testing.T, keys Keys, key string) (value []byte, version string) {
	t.Helper()
	value, version, err := keys.Get(context.WithoutCancel(t.Context()), key)
	if err != nil {
		t.Fatalf("get %s: %v", key, err)
	}
	return value, version
}
