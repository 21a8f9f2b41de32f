package ext4

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"amiforge/internal/oracle"
)

var _ = []any{io.EOF, fs.ErrExist, errors.New, rand.IntN}

func testOptions(size int64) *CreateOptions {
	return &CreateOptions{
		Size: size, Time: time.Unix(1_700_000_000, 0), Label: "root",
		UUID: [16]byte{0x5c, 0xa1, 0xab, 0x1e, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 1},
	}
}

// makeFile makes a file system in a new file of what fill adds.
func makeFile(tb testing.TB, opts *CreateOptions, fill func(w *Writer)) string {
	tb.Helper()
	f, err := os.Create(filepath.Join(tb.TempDir(), "root.ext4"))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	w, err := Create(f, opts)
	if err != nil {
		tb.Fatal(err)
	}
	fill(w)
	size, err := w.Finish()
	if err != nil {
		tb.Fatal(err)
	}
	if err := f.Truncate(size); err != nil {
		tb.Fatal(err)
	}
	return f.Name()
}

// fsck fails the test if e2fsck has any remark.
func fsck(tb testing.TB, path string) {
	tb.Helper()
	cmd := exec.Command(oracle.Look(tb, "e2fsck"), "-f", "-n", "-E", "no_optimize_extents", path)
	cmd = exec.Command(oracle.Look(tb, "e2fsck"), "-f", "-n", path)
	out, err := cmd.CombinedOutput()
	if err != nil {
		tb.Fatalf("e2fsck: %v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "Pass ") && !strings.HasPrefix(line, "e2fsck ") && !strings.Contains(line, " files (") {
			tb.Errorf("e2fsck remarks: %s", line)
		}
	}
	if tb.Failed() {
		tb.Fatalf("%s", out)
	}
}

func mustAdd(tb testing.TB, w *Writer, e Entry, content string) {
	tb.Helper()
	var r io.Reader
	if e.Mode.IsRegular() {
		r = bytes.NewReader([]byte(content))
		e.Size = int64(len(content))
	}
	if err := w.Add(&e, r); err != nil {
		tb.Fatal(err)
	}
}

// TestSizes is about where everything goes in file systems of many sizes.
func TestSizes(t *testing.T) {
	const mib = 1 << 20
	for _, size := range []int64{
		0, 128 << 10, 1 * mib, 2 * mib, 4 * mib, 8*mib - 4096, 8 * mib, 16 * mib, 64 * mib, 127 * mib, 128 * mib,
		128*mib + 4096, 129 * mib, 256 * mib, 300 * mib, 1 << 30, 3<<30 + 4096, 10 << 30, 100 << 30, 1 << 40, 16<<40 - 4096,
	} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			path := makeFile(t, testOptions(size), func(w *Writer) {
				mustAdd(t, w, Entry{Name: "etc/hostname", Mode: 0o644}, "web\n")
			})
			fsck(t, path)
		})
	}
}
