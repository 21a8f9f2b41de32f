package diskimg

import (
	"compress/gzip"
	"crypto/sha256"
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

const diskVectors = "../testdata/diskimg"

// A vmdkVector is a row of testdata/diskimg/vectors.tsv.
type vmdkVector struct {
	id, expect, sha256 string
	files              []string // the first is the one to open
	size               int64    // of the disk
}

func vmdkVectors(tb testing.TB) []vmdkVector {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join(diskVectors, "vectors.tsv"))
	if err != nil {
		tb.Fatal(err)
	}
	var vectors []vmdkVector
	for line := range strings.Lines(string(text)) {
		row := strings.Split(line, "\t")
		if row[2] == "vmdk" {
			size, _ := strconv.ParseInt(row[4], 10, 64) // "-" where there is none
			vectors = append(vectors, vmdkVector{row[0], row[3], row[5], strings.Fields(row[1]), size})
		}
	}
	return vectors
}

// write unpacks the files into dir and returns the path of the one to open.
func (v vmdkVector) write(tb testing.TB, dir string) string {
	tb.Helper()
	for _, name := range v.files {
		if err := os.WriteFile(filepath.Join(dir, name), unpackVector(tb, name), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return filepath.Join(dir, v.files[0])
}

func unpackVector(tb testing.TB, name string) []byte {
	tb.Helper()
	f, err := os.Open(filepath.Join(diskVectors, "img", name+".gz"))
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

// digestOf opens an image, reads all of it and returns the size and SHA-256 of the disk.
func digestOf(tb testing.TB, path string) (size int64, digest string, err error) {
	tb.Helper()
	d, err := OpenFile(path, nil)
	if err != nil {
		return 0, "", err
	}
	defer d.Close()
	h := sha256.New()
	r := d.NewReader(tb.Context())
	defer r.Close()
	tee := NewTee(tb.Context(), r, d.Size(), h)
	for {
		if _, err := tee.Next(); err == io.EOF {
			return d.Size(), hex.EncodeToString(h.Sum(nil)), nil
		} else if err != nil {
			return 0, "", err
		}
		if _, err := io.Copy(io.Discard, tee); err != nil {
			return 0, "", err
		}
	}
}

func TestVMDKVectors(t *testing.T) {
	for _, v := range vmdkVectors(t) {
		t.Run(v.id, func(t *testing.T) {
			path := v.write(t, t.TempDir())
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			size, digest, err := digestOf(t, path)
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if n := after.TotalAlloc - before.TotalAlloc; n > 32<<20 {
				t.Errorf("%d bytes of memory", n)
			}
			if took > 5*time.Second { // the limit is 1 s, on a machine that does nothing else
				t.Errorf("took %v", took)
			}
			v.judge(t, size, digest, err)
		})
	}
}

// judge fails the test unless this is what the row asks for. We read all that may be read.
func (v vmdkVector) judge(t *testing.T, size int64, digest string, err error) {
	t.Helper()
	switch {
	case v.expect == "reject" && err == nil:
		t.Errorf("is read, as %d bytes", size)
	case v.expect == "reject":
		e, isError := errors.AsType[*Error](err)
		if v.id != "n27" && (!isError || e.Format != VMDK || e.Offset < 0) { // n27 is not VMDK to us
			t.Errorf("%v: no Error with a format and an offset", err)
		}
		t.Log(err)
	case err != nil:
		t.Error(err)
	case size != v.size || digest != v.sha256:
		t.Errorf("%d bytes, sha256 %s, want %d, %s", size, digest, v.size, v.sha256)
	}
}

// All that is read well is well, but for what is known of them.
func TestVMDKVectorsCheck(t *testing.T) {
	for _, v := range vmdkVectors(t) {
		if v.expect == "reject" {
			continue
		}
		t.Run(v.id, func(t *testing.T) {
			d, err := OpenFile(v.write(t, t.TempDir()), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if err := d.Check(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}
