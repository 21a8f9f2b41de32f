package registry

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"amiforge/internal/miniotest"
	"amiforge/internal/postgrestest"
	"amiforge/internal/store"
)

func TestOpen(t *testing.T) {
	server := miniotest.Start(t)
	dir, bucket := filepath.Join(t.TempDir(), "registry"), server.NewBucket(t)
	db := postgrestest.Start(t).NewDatabase(t)
	for _, location := range []string{dir, "s3://" + bucket, "s3://" + bucket + "/a/b/", db} {
		t.Run(location, func(t *testing.T) {
			e, err := Open(t.Context(), location, configOf(server), nil)
			if err != nil {
				t.Fatal(err)
			}
			m := register(t, e, web("web-1"))
			if got := idsOf(describe(t, e, Query{})); len(got) != 1 || got[0] != m.ID {
				t.Errorf("images are %v, want %s", got, m.ID)
			}
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	keys, err := store.OpenKeys(t.Context(), store.Location{Bucket: bucket}, configOf(server))
	if err != nil {
		t.Fatal(err)
	}
	count := map[bool]int{}
	for entry, err := range keys.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		inside := strings.HasPrefix(entry.Key, folder+"/") || strings.HasPrefix(entry.Key, "a/b/"+folder+"/")
		count[inside]++
	}
	if count[true] != 6 || count[false] != 0 {
		t.Errorf("%d keys are under %s and %d elsewhere, want an image, a claim and a format each and none", count[true], folder, count[false])
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, location := range []string{"", "postgres://host:port/db", "mysql://host/db", "s3://", "s3://b//x"} {
		if _, err := Open(t.Context(), location, store.Config{}, nil); err == nil {
			t.Errorf("%q is opened", location)
		}
	}
}

func TestReadingMakesNothing(t *testing.T) {
	dir := t.TempDir()
	empty, err := Open(t.Context(), dir, store.Config{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := describe(t, empty, Query{}); len(got) != 0 {
		t.Errorf("an empty directory lists %v", got)
	}
	mistyped, err := Open(t.Context(), filepath.Join(dir, "none"), store.Config{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	id := "ami-00000000000000000"
	_, deregister := mistyped.Deregister(t.Context(), id, Caller{})
	_, list := mistyped.Describe(t.Context(), Query{})
	_, look := mistyped.Describe(t.Context(), Query{IDs: []string{id}})
	for _, err := range []error{deregister, list, look} {
		if _, ok := errors.AsType[noLocationError](err); !ok {
			t.Errorf("in a directory that is not there the error is %v", err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("reading left %v, %v", left, err)
	}
}
