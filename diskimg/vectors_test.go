package diskimg

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

const vectorsDir = "../testdata/diskimg"

// A diskVector is a row of testdata/diskimg/vectors.tsv.
type diskVector struct {
	id, expect, sha256 string
	files              []string // the first is the one to open
	size               int64    // of the disk
}

// diskVectors returns the rows about a format.
func diskVectors(tb testing.TB, format Format) []diskVector {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join(vectorsDir, "vectors.tsv"))
	if err != nil {
		tb.Fatal(err)
	}
	var vectors []diskVector
	for line := range strings.Lines(string(text)) {
		row := strings.Split(line, "\t")
		if row[2] == string(format) {
			size, _ := strconv.ParseInt(row[4], 10, 64) // "-" where there is none
			vectors = append(vectors, diskVector{row[0], row[3], row[5], strings.Fields(row[1]), size})
		}
	}
	if len(vectors) == 0 {
		tb.Fatalf("no vectors of %s", format)
	}
	return vectors
}

// write unpacks the files into a directory and returns the path of the one to open.
func (v diskVector) write(tb testing.TB) string {
	tb.Helper()
	dir := tb.TempDir()
	for _, name := range v.files {
		if err := os.WriteFile(filepath.Join(dir, name), unpackVector(tb, name), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return filepath.Join(dir, v.files[0])
}

// unpackVector returns the image of that name.
func unpackVector(tb testing.TB, name string) []byte {
	tb.Helper()
	f, err := os.Open(filepath.Join(vectorsDir, "img", name+".gz"))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		tb.Fatal(err)
	}
	return content
}

// contentSum reads a disk as a stream and returns the SHA-256 of its content, in hexadecimal.
func contentSum(tb testing.TB, d *Disk) (string, error) {
	tb.Helper()
	h := sha256.New()
	r := d.NewReader(tb.Context())
	defer r.Close()
	tee := NewTee(tb.Context(), r, d.Size(), h)
	for {
		if _, err := tee.Next(); err == io.EOF {
			return hex.EncodeToString(h.Sum(nil)), nil
		} else if err != nil {
			return "", err
		}
	}
}

// allocated returns the bytes that were allocated so far.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// sameAsRaw wants the image file, of the given format, to have the content of a RAW file, and no damage. How many
// bytes of zeros it has beyond that it returns: qemu-img may pad a VHD.
func sameAsRaw(t *testing.T, path string, format Format, raw string) (more int64) {
	t.Helper()
	a, err := OpenFile(path, &OpenOptions{Format: format})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := OpenFile(raw, &OpenOptions{Format: RAW})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	x, y := a.NewReader(t.Context()), b.NewReader(t.Context())
	defer x.Close()
	defer y.Close()
	if off, err := Compare(x, y); off != -1 || err != nil {
		t.Errorf("we read another content at byte %d of %d: %v", off, b.Size(), err)
	}
	if err := a.Check(t.Context()); err != nil {
		t.Error(err)
	}
	return a.Size() - b.Size()
}
