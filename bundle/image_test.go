package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"golang.org/x/sys/unix"
)

func TestOpenImageRefused(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tests := []struct {
		name, path string
		size       int64
		want       string
	}{
		{"missing", filepath.Join(dir, "none"), 0, "no such file"},
		{"directory", dir, 0, "is a directory, not a disk image"},
		{"empty", write("empty", ""), 0, "is empty"},
		{"another size", write("five", "12345"), 6, "is 5 bytes long, not 6"},
		{"device without a size", os.DevNull, 0, "its size must be given"},
		{"negative size", os.DevNull, -1, "its size must be given"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			im, err := OpenImage(t.Context(), tt.path, &ImageOptions{Size: tt.size})
			if err == nil {
				im.Close()
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.path) {
				t.Errorf("%v, want %q and the path", err, tt.want)
			}
		})
	}
	if _, err := OpenImage(t.Context(), filepath.Join(dir, "none"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v, want fs.ErrNotExist", err)
	}
}

// A file that changes while it is read makes no bundle.
func TestImageChanges(t *testing.T) {
	const size = 40 * mib
	later := time.Now().Add(time.Hour)
	for name, tt := range map[string]struct {
		change func(path string) error
		want   string
	}{
		"shrinks":  {func(path string) error { return os.Truncate(path, mib) }, "image ends at byte|size changed"},
		"by one":   {func(path string) error { return os.Truncate(path, size-1) }, "image ends at byte|size changed"},
		"grows":    {func(path string) error { return os.Truncate(path, size+1) }, "size changed from 41943040 to 41943041"},
		"modified": {func(path string) error { return os.Chtimes(path, later, later) }, "was written to while it was read"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "disk.raw")
			if err := os.WriteFile(path, random(size), 0o600); err != nil {
				t.Fatal(err)
			}
			st := newMemStore()
			st.hook = func(op, part string) error {
				if op == "put" && part == "image.part.00" {
					return tt.change(path)
				}
				return nil
			}
			opts := testOptions()
			opts.PartSize, opts.Level = MinPartSize, 1
			_, err := Create(t.Context(), st, openImageFile(t, path, nil), opts)
			if err == nil || !slices.ContainsFunc(strings.Split(tt.want, "|"), func(s string) bool { return strings.Contains(err.Error(), s) }) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			wantNames(t, st)
		})
	}
}

// A pipe is all data, and must be as long as its size says.
func TestImagePipe(t *testing.T) {
	const size = 3*mib + 5
	content := append(make([]byte, 2*mib), noise(mib+5, 80)...)
	for given, want := range map[int64]string{size: "", size - 1: "more data than its size says", size + 1: "image ends after"} {
		t.Run(fmt.Sprint(given), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "pipe")
			if err := unix.Mkfifo(path, 0o600); err != nil {
				t.Fatal(err)
			}
			go func() {
				f, err := os.OpenFile(path, os.O_WRONLY, 0)
				if err == nil {
					f.Write(content) // a broken pipe is what the test wants
					f.Close()
				}
			}()
			im := openImageFile(t, path, &ImageOptions{Size: given})
			if im.Size() != given || im.DataSize() != given {
				t.Errorf("%d bytes, %d of data", im.Size(), im.DataSize())
			}
			st := newMemStore()
			_, err := Create(t.Context(), st, im, testOptions())
			if want != "" {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v, want %q", err, want)
				}
				wantNames(t, st)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, err := extractMem(t, openMem(t, st)); err != nil || !bytes.Equal(got, content) {
				t.Errorf("the image differs: %v", err)
			}
		})
	}
}

func TestExtents(t *testing.T) {
	const k = 1 << 10
	tests := []struct {
		name     string
		in, want []Extent
		size     int64
		limit    int
	}{
		{"none", nil, nil, mib, 100},
		{"all", []Extent{{0, mib}}, []Extent{{0, mib}}, mib, 100},
		{"aligned", []Extent{{100*k + 5, 10}}, []Extent{{100 * k, 4 * k}}, mib, 100},
		{"to an odd end", []Extent{{512 * k, 512*k + 5}}, []Extent{{512 * k, 512*k + 5}}, mib + 5, 100},
		{"short hole", []Extent{{0, 4 * k}, {67 * k, 4 * k}}, []Extent{{0, 72 * k}}, mib, 100},
		{"hole of 64K", []Extent{{0, 4 * k}, {68 * k, 4 * k}}, []Extent{{0, 4 * k}, {68 * k, 4 * k}}, mib, 100},
		{"short hole in front", []Extent{{60 * k, 4 * k}}, []Extent{{0, 64 * k}}, mib, 100},
		{"short hole at the end", []Extent{{0, 4 * k}, {mib - 100*k, 40 * k}}, []Extent{{0, 4 * k}, {mib - 100*k, 100 * k}}, mib, 100},
		{"no length", []Extent{{100 * k, 0}}, nil, mib, 100},
		{"touching", []Extent{{0, 100}, {100, 100}}, []Extent{{0, 4 * k}}, mib, 100},
		{"limit", everyOther(8, 128*k, 4*k), everyOther(8, 128*k, 4*k), mib, 9},
		{"limit counts the end", everyOther(8, 128*k, 4*k), []Extent{{0, mib}}, mib, 8},
		{"limit of few", append(everyOther(4, 128*k, 4*k), Extent{8 * mib, 4 * k}), []Extent{{0, 388 * k}, {8 * mib, 4 * k}}, 16 * mib, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := slices.Clone(tt.in)
			if got := coalesce(tt.in, tt.size, tt.limit); !slices.Equal(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
			if !slices.Equal(tt.in, before) {
				t.Error("the argument was changed")
			}
		})
	}
}

// No map that we write has more than 32,768 entries, with the end mark.
func TestLargestMap(t *testing.T) {
	for _, n := range []int{maxMap - 1, maxMap, maxMap + 1, 5 * maxMap} {
		size := int64(n) * 128 << 10
		got := coalesce(everyOther(n, 128<<10, 4096), size, maxMap)
		if entries := mapEntries(got, size); entries > maxMap || n < maxMap && entries != n+1 {
			t.Errorf("%d extents make %d entries", n, entries)
		}
	}
}

// Holes come from the file system, from a scan, or not at all.
func TestFindExtents(t *testing.T) {
	holes := sparseFile(t, 4*mib, Extent{mib, mib})
	zeros := filepath.Join(t.TempDir(), "zeros.raw") // no holes, but zeros
	content := make([]byte, 4*mib)
	copy(content[mib:], noise(mib, 81))
	if err := os.WriteFile(zeros, content, 0o600); err != nil {
		t.Fatal(err)
	}
	found, all := []Extent{{mib, mib}}, []Extent{{0, 4 * mib}}
	for _, tt := range []struct {
		name, path string
		noScan     bool
		want       []Extent
	}{
		{"holes", holes, false, found},
		{"holes, no scan", holes, true, found},
		{"zeros", zeros, false, found},
		{"zeros, no scan", zeros, true, all},
	} {
		im := openImageFile(t, tt.path, &ImageOptions{NoScan: tt.noScan})
		if !slices.Equal(im.extents, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, im.extents, tt.want)
		}
	}
}

func TestExtentReader(t *testing.T) {
	src := noise(100_000, 82)
	extents := []Extent{{0, 1}, {5, 0}, {10, 1000}, {50_000, 50_000}}
	want := slices.Concat(src[:1], src[10:1010], src[50_000:])
	r := &extentReader{ctx: t.Context(), src: bytes.NewReader(src), extents: extents}
	if err := iotest.TestReader(r, want); err != nil {
		t.Error(err)
	}
}

func TestDetachedReader(t *testing.T) {
	content := noise(detachedChunk+100, 83)
	if err := iotest.TestReader(newDetachedReader(t.Context(), bytes.NewReader(content)), content); err != nil {
		t.Error(err)
	}
	if err := iotest.TestReader(newDetachedReader(t.Context(), iotest.DataErrReader(bytes.NewReader(content))), content); err != nil {
		t.Error(err)
	}
}
