package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"amiforge/internal/export"
)

// TestWatched reads a disk with holes: in the end all of it was told of, once.
func TestWatched(t *testing.T) {
	const size = 3 << 20
	path := filepath.Join(t.TempDir(), "disk.raw")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte("data"), 1<<20); err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	disk, err := export.OpenFile(path, "")
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	src, err := disk.Source(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var told int64
	w := &watched{Source: src, source: &source{Content: disk}, advance: func(n int64) { told += n }}
	for err == nil {
		if _, err = w.Next(); err == nil {
			_, err = io.Copy(io.Discard, w)
		}
	}
	if err != io.EOF || told != size {
		t.Errorf("%v, %d bytes were told of, want %d", err, told, size)
	}
}
