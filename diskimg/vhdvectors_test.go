package diskimg

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A vhdVector is a row of testdata/diskimg/vectors.tsv.
type vhdVector struct {
	id, file, expect string
	size             int64  // of the disk
	sha256           string // of its content
}

// vhdVectors returns the rows about VHD.
func vhdVectors(tb testing.TB) []vhdVector {
	tb.Helper()
	f, err := os.Open(filepath.Join("..", "testdata", "diskimg", "vectors.tsv"))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	table := csv.NewReader(f)
	table.Comma, table.LazyQuotes = '\t', true
	rows, err := table.ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	var vectors []vhdVector
	for _, row := range rows[1:] {
		if row[2] == "vhd" {
			size, _ := strconv.ParseInt(row[4], 10, 64) // "-" where there is none
			vectors = append(vectors, vhdVector{row[0], row[1], row[3], size, row[5]})
		}
	}
	return vectors
}

// read returns the image, unpacked.
func (v vhdVector) read(tb testing.TB) []byte {
	tb.Helper()
	packed, err := os.ReadFile(filepath.Join("..", "testdata", "diskimg", "img", v.file+".gz"))
	if err != nil {
		tb.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		tb.Fatal(err)
	}
	image, err := io.ReadAll(r)
	if err != nil {
		tb.Fatal(err)
	}
	return image
}

// write writes the image, unpacked, to a file and returns its path.
func (v vhdVector) write(tb testing.TB) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), v.file)
	if err := os.WriteFile(path, v.read(tb), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// The digests of the vectors are not of our own making: libvhdi reads them so.
func TestVHDVectorsInSecondReader(t *testing.T) {
	for _, v := range vhdVectors(t) {
		if v.expect != "ok" {
			continue
		}
		t.Run(v.id, func(t *testing.T) {
			size, sum := secondReader(t, "pyvhdi", v.write(t))
			if size != v.size || !strings.EqualFold(sum, v.sha256) {
				t.Errorf("libvhdi reads %d bytes, sha256 %s; want %d, %s", size, sum, v.size, v.sha256)
			}
		})
	}
}
