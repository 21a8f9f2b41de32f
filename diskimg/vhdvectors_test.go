package diskimg

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
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

func TestVHDVectors(t *testing.T) {
	for _, v := range vhdVectors(t) {
		t.Run(v.id, func(t *testing.T) {
			file := v.read(t)
			start, before := time.Now(), allocated()
			d, err := Open(bytes.NewReader(file), int64(len(file)), nil)
			if used := allocated() - before; used > 16<<20 {
				t.Errorf("opening takes %d bytes", used)
			}
			if took := time.Since(start); took > time.Second {
				t.Errorf("opening takes %v", took)
			}
			if v.expect == "reject" {
				checkRefused(t, d, err, file)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d.Size() != v.size || d.Info().Format != VHD {
				t.Errorf("%d bytes of %s, want %d of vhd", d.Size(), d.Info().Format, v.size)
			}
			if v.sha256 != "-" && contentSum(t, d) != v.sha256 {
				t.Error("the content is another")
			}
		})
	}
}

// allocated returns the bytes that were allocated so far.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

func checkRefused(t *testing.T, d *Disk, err error, file []byte) {
	t.Helper()
	if err == nil {
		t.Fatalf("accepted: %+v", d.Info())
	}
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Format != VHD || e.Offset < 0 || e.Offset > int64(len(file)) {
		t.Errorf("%v: not an Error with a format and an offset in the file", err)
	}
	if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrUnsupported) {
		t.Errorf("%v: neither damaged nor unsupported", err)
	}
	t.Log(err)
}

// contentSum returns the SHA-256 of a disk's content, in hexadecimal, read as a stream.
func contentSum(tb testing.TB, d *Disk) string {
	tb.Helper()
	h := sha256.New()
	r := d.NewReader(tb.Context())
	defer r.Close()
	src := NewTee(tb.Context(), r, d.Size(), h)
	for {
		if _, err := src.Next(); err == io.EOF {
			return hex.EncodeToString(h.Sum(nil))
		} else if err != nil {
			tb.Fatal(err)
		}
	}
}

func TestVHDVectorWarnings(t *testing.T) {
	want := map[string]string{
		"v07": "the geometry is of 5222400 bytes only",
		"v09": "the geometry is of",
		"v15": "the copy of the footer at the start is missing",
		"v19": "suspended machine",
		"v23": "Xen refuses it",
	}
	for _, v := range vhdVectors(t) {
		if v.expect == "reject" {
			continue
		}
		t.Run(v.id, func(t *testing.T) {
			d := openVHDBytes(t, v.read(t))
			got := strings.Join(d.Info().Warnings, "; ")
			if !strings.Contains(got, want[v.id]) || want[v.id] == "" && got != "" {
				t.Errorf("warnings %q, want %q", got, want[v.id])
			}
			err := d.Check(t.Context())
			if damaged := v.id == "v15"; errors.Is(err, ErrDamaged) != damaged || (err != nil) != damaged {
				t.Errorf("check: %v", err)
			}
		})
	}
}

// openVHDBytes opens a VHD that must be good.
func openVHDBytes(tb testing.TB, file []byte) *Disk {
	tb.Helper()
	d, err := Open(bytes.NewReader(file), int64(len(file)), &OpenOptions{Format: VHD})
	if err != nil {
		tb.Fatal(err)
	}
	return d
}
