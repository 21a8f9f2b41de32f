package store_test

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"io"
	"testing"

	"amiforge/bundle"
	"amiforge/internal/miniotest"
	"amiforge/internal/store"
)

func benchStore(b *testing.B) bundle.Store {
	b.Helper()
	server := miniotest.Start(b)
	loc := store.Location{Bucket: server.NewBucket(b)}
	s, err := store.Open(b.Context(), loc, store.Config{Getenv: getenv(server.Env())})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func BenchmarkPut(b *testing.B) {
	s, sum := benchStore(b), sha1.Sum(part)
	b.SetBytes(int64(len(part)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		if err := s.Put(b.Context(), fmt.Sprintf("part.%d", n%8), bytes.NewReader(part), int64(len(part)), sum); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	s := benchStore(b)
	if err := s.Put(b.Context(), "part", bytes.NewReader(part), int64(len(part)), sha1.Sum(part)); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(part)))
	b.ReportAllocs()
	for b.Loop() {
		body, _, err := s.Open(b.Context(), "part")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, body); err != nil {
			b.Fatal(err)
		}
		if err := body.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
