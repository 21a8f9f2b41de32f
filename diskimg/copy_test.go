package diskimg

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"amiforge/internal/sparse"
)

// A fileTarget is a FileTarget in memory that notes what was copied out of files.
type fileTarget struct {
	memTarget
	copied []Extent
}

func (f *fileTarget) CopyFile(off int64, src *os.File, srcOff, n int64) error {
	p := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(src, srcOff, n), p); err != nil {
		return err
	}
	f.copied = sparse.Append(f.copied, off, n)
	_, err := f.WriteAt(p, off)
	return err
}

// holeyDisk opens a RAW file with data at the extents only, and returns its content.
func holeyDisk(t *testing.T, size int, extents ...Extent) (d *Disk, path string, content []byte) {
	t.Helper()
	path, content = filepath.Join(t.TempDir(), "disk.raw"), sparseContent(size, extents...)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range extents {
		if _, err := f.WriteAt(content[e.Offset:e.End()], e.Offset); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(f.Truncate(int64(size)), f.Close()); err != nil {
		t.Fatal(err)
	}
	if d, err = OpenFile(path, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if d.Info().Allocated >= int64(size) {
		t.Skip("the file system has no holes")
	}
	return d, path, content
}

// TestCopyFile copies RAW files with holes without looking at their data.
func TestCopyFile(t *testing.T) {
	const size = 20<<20 + 5
	tests := map[string][]Extent{
		"a hole":            nil,
		"data first":        {{0, 1 << 20}},
		"data last":         {{19 << 20, 1<<20 + 5}},
		"more than a step":  {{1 << 20, copyStep + 1<<20}},
		"two runs of data":  {{1 << 20, 1 << 20}, {10 << 20, 1 << 20}},
		"beginning and end": {{0, 1 << 20}, {19 << 20, 1<<20 + 5}},
	}
	for name, extents := range tests {
		t.Run(name, func(t *testing.T) {
			d, _, content := holeyDisk(t, size, extents...)
			var progress int64
			target := &fileTarget{memTarget: memTarget{t: t}}
			opts := &CreateOptions{Format: RAW, Progress: func(n int64) { progress += n }}
			if err := Copy(t.Context(), target, d, opts); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(target.b, content) || progress != size {
				t.Errorf("the copy differs, or progress %d is not %d", progress, size)
			}
			var want []Extent
			for e, err := range d.Extents() {
				if err != nil {
					t.Fatal(err)
				}
				want = append(want, e)
			}
			if !slices.Equal(target.copied, want) {
				t.Errorf("copied were %v, want %v", target.copied, want)
			}
		})
	}
}

// TestCopyFileRefuses has options, a context and a file with which nothing is copied to its end.
func TestCopyFileRefuses(t *testing.T) {
	data := Extent{1 << 20, 1 << 20}
	enough := errors.New("enough")
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(enough)
	tests := []struct {
		name  string
		ctx   context.Context
		opts  CreateOptions
		spoil func(path string) error
		want  error // nil for any
	}{
		{"subformat", t.Context(), CreateOptions{Format: RAW, Subformat: Fixed}, nil, ErrUnsupported},
		{"level", t.Context(), CreateOptions{Format: RAW, Level: 10}, nil, nil},
		{"context", ended, CreateOptions{Format: RAW}, nil, enough},
		{"shorter", t.Context(), CreateOptions{Format: RAW}, func(path string) error { return os.Truncate(path, data.Offset+1) }, io.ErrUnexpectedEOF},
		{"longer", t.Context(), CreateOptions{Format: RAW}, func(path string) error { return os.Truncate(path, 9<<20) }, nil},
		{"touched", t.Context(), CreateOptions{Format: RAW}, func(path string) error { return os.Chtimes(path, time.Time{}, time.Unix(1, 0)) }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, path, _ := holeyDisk(t, 4<<20, data)
			if tt.spoil != nil {
				if err := tt.spoil(path); err != nil {
					t.Fatal(err)
				}
			}
			err := Copy(tt.ctx, &fileTarget{memTarget: memTarget{t: t}}, d, &tt.opts)
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
		})
	}
}
