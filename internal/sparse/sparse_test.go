package sparse

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

type extent struct{ Offset, Length int64 }

func TestAppend(t *testing.T) {
	var extents []extent
	for _, e := range []extent{{0, 10}, {10, 5}, {20, 1}, {21, 4}} {
		extents = Append(extents, e.Offset, e.Length)
	}
	if want := []extent{{0, 15}, {20, 5}}; !slices.Equal(extents, want) || Length(extents) != 20 {
		t.Errorf("%v of %d bytes, want %v", extents, Length(extents), want)
	}
}

func TestRun(t *testing.T) {
	const unit = 8
	data := append(append(make([]byte, 16), bytes.Repeat([]byte{1}, 8)...), make([]byte, 11)...)
	tests := []struct {
		name     string
		from, at int
		n        int
		zero     bool
	}{
		{"zeros", 0, 0, 16, true},
		{"within a unit", 3, 3, 13, true},
		{"data", 16, 16, 8, false},
		{"to the end", 24, 24, 11, true},
		{"units begin elsewhere", 12, 0, 8, false},
		{"part of a unit of data", 20, 20, 4, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := data[tt.from:]
			if tt.n < len(p) && tt.name == "units begin elsewhere" {
				p = p[:8]
			}
			n, zero := Run(p, int64(tt.at), unit)
			if n != tt.n || zero != tt.zero {
				t.Errorf("%d, %v, want %d, %v", n, zero, tt.n, tt.zero)
			}
		})
	}
}

func TestScan(t *testing.T) {
	const unit = 4096
	data := make([]byte, 3<<20+100)
	data[0], data[2*unit+5], data[1<<20], data[len(data)-1] = 1, 1, 1, 1
	want := []extent{{0, unit}, {2 * unit, unit}, {1 << 20, unit}, {3 << 20, 100}}
	got, err := Scan[extent](t.Context(), bytes.NewReader(data), int64(len(data)), unit)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	if _, err := Scan[extent](t.Context(), bytes.NewReader(data), int64(len(data))+1, unit); err == nil {
		t.Error("a file that is too short is no error")
	}
}

func TestSeek(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "sparse"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const size = 4 << 20
	_, err = f.WriteAt(bytes.Repeat([]byte{1}, 64<<10), 1<<20)
	if err == nil {
		err = f.Truncate(size)
	}
	if err != nil {
		t.Fatal(err)
	}
	got, err := Seek[extent](f, size)
	if err != nil {
		t.Fatal(err)
	}
	if want := []extent{{1 << 20, 64 << 10}}; got != nil && Length(got) < size && !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
