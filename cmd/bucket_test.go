package cmd_test

import (
	"bytes"
	"crypto/sha1"
	"io"
	"os"
	"strings"

	"amiforge/bundle"
	"amiforge/internal/miniotest"
	"amiforge/internal/store"
)

// open opens the store at a location, as its owner.
func (b *bench) open(location string) bundle.Store {
	b.Helper()
	loc, err := store.ParseLocation(location)
	if err != nil {
		b.Fatal(err)
	}
	if loc.Bucket == "" {
		loc.Dir = b.path(loc.Dir)
	}
	st, err := store.Open(b.Context(), loc, store.Config{Getenv: b.getenv, Create: true})
	if err != nil {
		b.Fatal(err)
	}
	return st
}

// objects returns the names of the objects at a location.
func (b *bench) objects(location string) (names []string) {
	b.Helper()
	for o, err := range b.open(location).List(b.Context()) {
		if err != nil {
			b.Fatal(err)
		}
		names = append(names, o.Name)
	}
	return names
}

// fetch writes an object to a file of the bench.
func (b *bench) fetch(location, name, file string) {
	b.Helper()
	r, _, err := b.open(location).Open(b.Context(), name)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	f, err := os.Create(b.path(file))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if _, err := io.Copy(f, r); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
}

// damage changes one bit of an object.
func (b *bench) damage(location, name string) {
	b.Helper()
	b.fetch(location, name, "damaged")
	content, err := os.ReadFile(b.path("damaged"))
	if err != nil {
		b.Fatal(err)
	}
	content[len(content)/2] ^= 1
	err = b.open(location).Put(b.Context(), name, bytes.NewReader(content), int64(len(content)), sha1.Sum(content))
	if err != nil {
		b.Fatal(err)
	}
}

// uploads returns the IDs of the multipart uploads of an object that are neither complete nor aborted.
func (b *bench) uploads(server *miniotest.Server, bucket, key string) []string {
	b.Helper()
	return server.Uploads(b, strings.TrimPrefix(bucket, "s3://"), key)
}
