package bundle

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"amiforge/manifest"
)

// testKey returns one RSA key for all tests.
var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func testOptions() *CreateOptions {
	return &CreateOptions{
		Name: "image", User: "123456789012", Key: testKey(),
		Machine: manifest.Machine{Architecture: "x86_64"},
		Bundler: manifest.Bundler{Name: "amiforge", Version: "0", Release: "0"},
	}
}

func openDir(t testing.TB, path string) *Dir {
	t.Helper()
	d, err := OpenDir(path, &DirOptions{Create: true, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// noise returns n bytes that compress about as an operating system does. It repeats itself beyond the reach of
// deflate, so that the race detector need not watch every byte being made.
func noise(n int, seed uint64) []byte {
	r := mathrand.New(mathrand.NewPCG(seed, 1))
	p := make([]byte, n)
	const reach = 2 * windowSize
	for i := 0; i < min(n, reach); {
		word := []byte{byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())}
		i += copy(p[i:min(n, reach)], bytes.Repeat(word, 1+r.IntN(4)))
	}
	for i := reach; i < n; i += reach {
		copy(p[i:], p[:reach])
		copy(p[i:], fmt.Append(nil, i)) // no two are alike
	}
	return p
}

// sparseFile writes data at the offset of each extent, and returns the path of a file of the given size.
func sparseFile(t testing.TB, size int64, extents ...Extent) string {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "disk.raw"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	for i, e := range extents {
		if _, err := f.WriteAt(noise(int(e.Length), uint64(i)), e.Offset); err != nil {
			t.Fatal(err)
		}
	}
	return f.Name()
}

func openImageFile(t testing.TB, path string, opts *ImageOptions) *Image {
	t.Helper()
	im, err := OpenImage(t.Context(), path, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { im.Close() })
	return im
}

func sha256File(t testing.TB, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// fileTarget is a fresh file of the image's size.
type fileTarget struct{ *os.File }

func (fileTarget) Zero(int64, int64) error { return nil }

// extractFile extracts the bundle to a new file, whose path it returns.
func extractFile(t testing.TB, b *Bundle) (string, error) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "restored.raw"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(b.Manifest.Image.Size); err != nil {
		t.Fatal(err)
	}
	return f.Name(), b.Extract(t.Context(), fileTarget{f}, nil)
}

func TestRoundTrip(t *testing.T) {
	const k, m = 1 << 10, 1 << 20
	tests := []struct {
		name    string
		size    int64
		extents []Extent
	}{
		{"one byte", 1, []Extent{{0, 1}}},
		{"sector less one", 511, []Extent{{0, 511}}},
		{"sector", 512, []Extent{{0, 512}}},
		{"sector and one", 513, []Extent{{0, 513}}},
		{"record", 10240, []Extent{{0, 10240}}},
		{"block less one", blockSize - 1, []Extent{{0, blockSize - 1}}},
		{"block", blockSize, []Extent{{0, blockSize}}},
		{"block and one", blockSize + 1, []Extent{{0, blockSize + 1}}},
		{"odd", 3*m + 333, []Extent{{0, 3*m + 333}}},
		{"one hole", 5 * m, nil},
		{"hole at the end", 5 * m, []Extent{{0, m}}},
		{"odd hole at the end", 5*m + 7, []Extent{{0, m}}},
		{"hole in front", 5 * m, []Extent{{4 * m, m}}},
		{"holes", 40*m + 77, []Extent{{64 * k, 4 * k}, {m, 100 * k}, {8 * m, m}, {30 * m, 33}}},
		{"many holes", 64 * m, everyOther(200, 300*k, 4*k)},
		{"parts", 14 * m, []Extent{{0, 14 * m}}},
	}
	for _, tt := range tests {
		for _, noScan := range []bool{false, true} {
			t.Run(tt.name+strings.Repeat(" no scan", btoi(noScan)), func(t *testing.T) {
				path := sparseFile(t, tt.size, tt.extents...)
				st := openDir(t, t.TempDir())
				opts := testOptions()
				opts.PartSize = MinPartSize
				m, err := Create(t.Context(), st, openImageFile(t, path, &ImageOptions{NoScan: noScan}), opts)
				if err != nil {
					t.Fatal(err)
				}
				if m.Image.Size != tt.size {
					t.Errorf("size is %d, want %d", m.Image.Size, tt.size)
				}
				b, err := Open(t.Context(), st, "image.manifest.xml", &OpenOptions{Key: testKey()})
				if err != nil {
					t.Fatal(err)
				}
				if err := b.Verify(t.Context(), nil); err != nil {
					t.Errorf("verify: %v", err)
				}
				restored, err := extractFile(t, b)
				if err != nil {
					t.Fatal(err)
				}
				if sha256File(t, restored) != sha256File(t, path) {
					t.Error("the restored image differs")
				}
			})
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// everyOther returns n extents of the given length, step bytes apart.
func everyOther(n int, step, length int64) []Extent {
	var extents []Extent
	for i := range n {
		extents = append(extents, Extent{int64(i) * step, length})
	}
	return extents
}
