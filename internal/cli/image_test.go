package cli

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"amiforge/internal/sparse"
)

// TestCreateImage covers files of a known and of an unknown size: they become as long as what was covered.
func TestCreateImage(t *testing.T) {
	const mib = 1 << 20
	tests := []struct {
		name  string
		size  int64
		cover func(im Image) error
		want  int64
	}{
		{"known, nothing written", 3 * mib, func(im Image) error { return im.Zero(0, 3*mib) }, 3 * mib},
		{"unknown, nothing written", -1, func(Image) error { return nil }, 0},
		{"unknown, a hole", -1, func(im Image) error { return im.Zero(0, mib) }, mib},
		{"unknown, data", -1, func(im Image) error { return put(im, 5, 0) }, 5},
		{"unknown, ends in a hole", -1, func(im Image) error { return errors.Join(put(im, 5, 0), im.Zero(5, mib-5)) }, mib},
		{"unknown, head last", -1, func(im Image) error {
			return errors.Join(put(im, 10, mib), im.Zero(mib+10, 6), put(im, mib, 0))
		}, mib + 16},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "disk")
			im, err := CreateImage(path, tt.size, FileOptions{NoSync: true})
			if err != nil {
				t.Fatal(err)
			}
			defer im.Close()
			if err := tt.cover(im); err != nil {
				t.Fatal(err)
			}
			if err := im.Commit(); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(path)
			if err != nil || info.Size() != tt.want {
				t.Errorf("%d bytes, want %d (%v)", info.Size(), tt.want, err)
			}
		})
	}
}

func put(im Image, n int, off int64) error {
	_, err := im.WriteAt(bytes.Repeat([]byte{1}, n), off)
	return err
}

// TestCopyFile copies out of a file, not only to the same place, and notices one that is too short.
func TestCopyFile(t *testing.T) {
	dir := t.TempDir()
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	if err := os.WriteFile(filepath.Join(dir, "src"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	src, err := os.Open(filepath.Join(dir, "src"))
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	im, err := CreateImage(filepath.Join(dir, "disk"), -1, FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer im.Close()
	target := im.(*imageFile)
	const hole = 128 << 10
	for _, err := range []error{
		target.CopyFile(0, src, 0, 100),
		im.Zero(100, hole-100),
		target.CopyFile(hole, src, 1600, int64(len(content))-1600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := target.CopyFile(0, src, int64(len(content))-1, 2); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("beyond the end: %v, want io.ErrUnexpectedEOF", err)
	}
	if err := target.CopyFile(0, src, 0, 100); err != nil {
		t.Fatal(err)
	}
	if err := im.Commit(); err != nil {
		t.Fatal(err)
	}
	want := append(append(bytes.Clone(content[:100]), make([]byte, hole-100)...), content[1600:]...)
	got, err := os.ReadFile(filepath.Join(dir, "disk"))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes that are not the %d that were copied (%v)", len(got), len(want), err)
	}
	f, err := os.Open(filepath.Join(dir, "disk"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if extents, err := sparse.Seek[struct{ Offset, Length int64 }](f, int64(len(want))); err != nil || extents != nil && len(extents) != 2 {
		t.Errorf("data is at %v, want two extents (%v)", extents, err)
	}
}
