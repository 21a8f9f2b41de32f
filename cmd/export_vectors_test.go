package cmd_test

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The limits of testdata/diskimg/README.md for an image that is refused.
const (
	rejectMemory = 64 << 20
	rejectTime   = time.Second
)

// A vector is a row of testdata/diskimg/vectors.tsv.
type vector struct {
	id, expect, sum string
	files           []string // the first is the one to open
	size            int64

	// inherited is how much memory a process seems to have had that does nothing: Linux counts, from before its
	// exec, what the test's own process has.
	inherited int64
}

// TestExportVectors runs ami-export on every disk of the vectors: it has the outcome that is stated there, within
// the limits, and a refusal leaves nothing behind.
func TestExportVectors(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.id, func(t *testing.T) {
			b := newBench(t)
			v.inherited = b.run("true").peak
			for _, name := range v.files {
				unpack(t, b.path(name), filepath.Join(top, "testdata", "diskimg", "img", name+".gz"))
			}
			b.mkdir("out")
			args := []string{"ami-export", v.files[0], "-o", "out/disk.raw"}
			if v.expect != "info" { // the hash of 2 TiB of zeros takes its time
				args = append(args, "--sha256")
			}
			e := b.run(args...)
			t.Logf("status %d, %v, %d MiB\n%s", e.status, e.took.Round(time.Millisecond), e.peak>>20, e.stderr)
			switch {
			case v.expect == "info":
				v.described(t, b)
				v.quick(t, e)
			case v.expect == "reject", v.expect == "either" && e.status != 0:
				v.refused(t, b, e)
			default:
				v.exported(t, b, e)
			}
		})
	}
}

// vectors reads the table.
func vectors(t *testing.T) (list []vector) {
	t.Helper()
	f, err := os.Open(filepath.Join(top, "testdata", "diskimg", "vectors.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		row := strings.Split(s.Text(), "\t")
		if len(row) < 6 || row[0] == "id" {
			continue
		}
		size, _ := strconv.ParseInt(row[4], 10, 64) // none where it is refused
		list = append(list, vector{id: row[0], expect: row[3], sum: row[5], files: strings.Fields(row[1]), size: size})
	}
	if len(list) < 50 {
		t.Fatalf("%d vectors only", len(list))
	}
	return list
}

func unpack(t *testing.T, path, packed string) {
	t.Helper()
	f, err := os.Open(packed)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := io.Copy(out, z); err != nil {
		t.Fatal(err)
	}
}

func (v vector) refused(t *testing.T, b *bench, e ending) {
	t.Helper()
	if e.status != 1 && e.status != 4 {
		t.Errorf("status is %d, want 1 or 4", e.status)
	}
	if !strings.Contains(e.stderr, v.files[0]+": ") || strings.Contains(e.stderr, "panic") {
		t.Errorf("it says %q, which does not name the file", e.stderr)
	}
	if e.stdout != "" || b.names("out") != "" {
		t.Errorf("it prints %q and leaves %q", e.stdout, b.names("out"))
	}
	v.quick(t, e)
}

// quick wants what a run took to be within the limits.
func (v vector) quick(t *testing.T, e ending) {
	t.Helper()
	slower := int64(1)
	if os.Getenv("RACE") == "1" {
		slower = 10
	}
	if e.peak > rejectMemory*slower && e.peak > v.inherited+16<<20 || e.took > rejectTime*time.Duration(slower) {
		t.Errorf("%d MiB of memory, %v", e.peak>>20, e.took)
	}
}

func (v vector) exported(t *testing.T, b *bench, e ending) {
	t.Helper()
	if e.status != 0 {
		t.Fatalf("status is %d, want 0", e.status)
	}
	f, err := os.Open(b.path("out/disk.raw"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	if sum := fmt.Sprintf("%x", h.Sum(nil)); err != nil || sum != v.sum || n != v.size {
		t.Errorf("sha256 is %s of %d bytes, want %s of %d (%v)", sum, n, v.sum, v.size, err)
	}
	if want := "out/disk.raw\nsha256 of the content: " + v.sum + "\n"; e.stdout != want {
		t.Errorf("it prints %q, want %q", e.stdout, want)
	}
	v.described(t, b)
}

// described wants --info to tell the size.
func (v vector) described(t *testing.T, b *bench) {
	t.Helper()
	e := b.want(0, "ami-export", "--info", v.files[0], "--json")
	if want := fmt.Sprintf(`"virtualSize":%d,`, v.size); !strings.Contains(e.stdout, want) {
		t.Errorf("--info prints %s, want %s", e.stdout, want)
	}
	v.quick(t, e)
}
