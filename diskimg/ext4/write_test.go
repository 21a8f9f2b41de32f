package ext4

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"amiforge/internal/oracle"
)

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
	cmd := exec.Command(oracle.Look(tb, "e2fsck"), "-f", "-n", path)
	out, err := cmd.CombinedOutput()
	if err != nil {
		tb.Fatalf("e2fsck: %v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "Pass ") && !strings.HasPrefix(line, "e2fsck ") && !strings.Contains(line, " files (") {
			tb.Fatalf("e2fsck remarks:\n%s", out)
		}
	}
}

// debugfs returns what debugfs says to a request.
func debugfs(tb testing.TB, path, request string) string {
	tb.Helper()
	return string(oracle.Run(tb, "debugfs", "-R", request, path))
}

func mustAdd(tb testing.TB, w *Writer, e Entry, content string) {
	tb.Helper()
	if err := addString(w, e, content); err != nil {
		tb.Fatal(err)
	}
}

func addString(w *Writer, e Entry, content string) error {
	if !e.Mode.IsRegular() {
		return w.Add(&e, nil)
	}
	e.Size = int64(len(content))
	return w.Add(&e, strings.NewReader(content))
}

// noise returns bytes of which none is 0.
func noise(n int, seed uint32) []byte {
	b := make([]byte, n)
	for i := range b {
		seed = seed*1664525 + 1013904223
		b[i] = byte(seed>>24) | 1
	}
	return b
}

// A memory is a destination in memory that has room for so many bytes, or for all of them.
type memory struct {
	b    []byte
	room int64
}

func (m *memory) WriteAt(p []byte, off int64) (int, error) {
	end := off + int64(len(p))
	if m.room > 0 && end > m.room {
		return 0, errFull
	}
	if end > int64(len(m.b)) {
		m.b = append(m.b, make([]byte, end-int64(len(m.b)))...)
	}
	return copy(m.b[off:], p), nil
}

var errFull = errors.New("no space left")

// TestSizes is about where everything goes in file systems of many sizes.
func TestSizes(t *testing.T) {
	const mib = 1 << 20
	for _, tt := range []struct{ size, want int64 }{
		{0, 2 * mib},
		{64 << 10, 64 << 10},
		{mib, mib},
		{2 * mib, 2 * mib},
		{8*mib - 4096, 8*mib - 4096}, // the most without a journal
		{8 * mib, 8 * mib},
		{16 * mib, 16 * mib},
		{64 * mib, 64 * mib},
		{128*mib - 4096, 128*mib - 4096},
		{128 * mib, 128 * mib},
		{128*mib + 4096, 128 * mib}, // a last group that is too small
		{129 * mib, 128 * mib},
		{132 * mib, 132 * mib},
		{256 * mib, 256 * mib},
		{300 * mib, 300 * mib},
		{1 << 30, 1 << 30},
		{3<<30 + 4096, 3 << 30},
		{10 << 30, 10 << 30},
		{100 << 30, 100 << 30}, // a journal with a tree
		{1 << 40, 1 << 40},
	} {
		t.Run(fmt.Sprint(tt.size), func(t *testing.T) {
			path := makeFile(t, testOptions(tt.size), func(w *Writer) {
				mustAdd(t, w, Entry{Name: "etc/hostname", Mode: 0o644}, "web\n")
			})
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if info.Size() != tt.want {
				t.Errorf("%d bytes, want %d", info.Size(), tt.want)
			}
			fsck(t, path)
		})
	}
}

// TestTablesBeforeHead is about tables of inodes that come near to a copy of the superblock, and go on behind it: what
// lies between is free.
func TestTablesBeforeHead(t *testing.T) {
	for _, inodes := range []int64{65_000, 400_000, 521_000, 1_000_000, 4_000_000} {
		for _, size := range []int64{0, 16 << 30, 16<<30 + 128<<20} {
			opts := testOptions(size)
			opts.Inodes = inodes
			fsck(t, makeFile(t, opts, func(*Writer) {}))
		}
	}
}

// TestWhole16TiB is about the largest one, whose number of blocks has 33 bits. No file of most file systems can hold it.
func TestWhole16TiB(t *testing.T) {
	w, err := Create(discard{}, testOptions(16<<40))
	if err != nil {
		t.Fatal(err)
	}
	if size, err := w.Finish(); size != 16<<40 || err != nil {
		t.Errorf("%d, %v", size, err)
	}
}

type discard struct{}

func (discard) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }

func TestOptions(t *testing.T) {
	for _, tt := range []struct {
		name string
		opts CreateOptions
		want string
	}{
		{"odd size", CreateOptions{Size: 1<<20 + 512}, "not a multiple of 4096"},
		{"negative size", CreateOptions{Size: -4096}, "not a multiple"},
		{"too large", CreateOptions{Size: 16<<40 + 4096}, "more than 16 TiB"},
		{"label", CreateOptions{Label: "seventeen letters"}, "longer than 16 bytes"},
		{"reserved", CreateOptions{Reserved: 51}, "more than 50"},
		{"inodes", CreateOptions{Inodes: 1 << 32}, "not possible"},
		{"negative inodes", CreateOptions{Inodes: -1}, "not possible"},
		{"no random bytes", CreateOptions{Rand: strings.NewReader("short")}, "uuid: unexpected EOF"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Create(discard{}, &tt.opts)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// TestDeterministic makes the same twice, with replaced entries and attributes among it.
func TestDeterministic(t *testing.T) {
	var first []byte
	for i := range 2 {
		m := &memory{}
		w, err := Create(m, testOptions(0))
		if err != nil {
			t.Fatal(err)
		}
		addEverything(t, w)
		if _, err := w.Finish(); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = m.b
		} else if !bytes.Equal(first, m.b) {
			t.Error("the same entries gave other bytes")
		}
	}
}

func TestRandomUUID(t *testing.T) {
	opts := &CreateOptions{Rand: bytes.NewReader(bytes.Repeat([]byte{0xff}, 16)), Time: time.Unix(1, 0)}
	path := makeFile(t, opts, func(*Writer) {})
	fsck(t, path)
	if got := string(oracle.Run(t, "blkid", "-p", "-o", "value", "-s", "UUID", path)); got != "ffffffff-ffff-4fff-bfff-ffffffffffff\n" {
		t.Error(got)
	}
}

// TestTooSmall says what would do, and that does.
func TestTooSmall(t *testing.T) {
	for _, tt := range []struct {
		name   string
		size   int64
		files  int
		length int
	}{
		{"data", 1 << 20, 1, 3 << 20},
		{"data behind the tables", 64 << 20, 1, 64<<20 - 4096},
		{"two groups", 100 << 20, 200, 1 << 20},
		{"many groups", 100 << 20, 1000, 1 << 20},
		{"inodes", 1 << 20, 5000, 0},
		{"more inodes than a group has", 8 << 20, 100_000, 0},
		{"nothing", 4096, 0, 0},
		{"with a journal", 9 << 20, 1, 6 << 20}, // 7 MiB would do: those have none
	} {
		t.Run(tt.name, func(t *testing.T) {
			content := string(noise(tt.length, 1))
			fill := func(w *Writer) {
				for i := range tt.files {
					mustAdd(t, w, Entry{Name: fmt.Sprint("f", i), Mode: 0o644}, content)
				}
			}
			m := &memory{room: tt.size}
			w, err := Create(m, testOptions(tt.size))
			if err != nil {
				t.Fatal(err)
			}
			fill(w)
			_, err = w.Finish()
			tooSmall, ok := errors.AsType[*SizeError](err)
			if !ok || tooSmall.Size != tt.size || tooSmall.Need <= tt.size {
				t.Fatalf("got %v", err)
			}
			if !strings.Contains(err.Error(), "the content needs") {
				t.Error(err)
			}
			fsck(t, makeFile(t, testOptions(tooSmall.Need), fill))
		})
	}
}

// TestLeastGroups is about a last group that only has room for its inodes.
func TestLeastGroups(t *testing.T) {
	opts := testOptions(0)
	opts.Inodes = 40_000 // more than one group can have
	path := makeFile(t, opts, func(*Writer) {})
	fsck(t, path)
	if info, err := os.Stat(path); err != nil || info.Size() > 170*mebibyte {
		t.Errorf("%d bytes, %v", info.Size(), err)
	}
}

// TestInodesWithoutLastGroup is about a last group that is too small to be used, and so has no inodes either. No file is left out for want of one.
func TestInodesWithoutLastGroup(t *testing.T) {
	const files = 40_000 // more than one group can have
	made := func(size int64) (string, error) {
		path := filepath.Join(t.TempDir(), "root.ext4")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		w, err := Create(f, testOptions(size))
		if err != nil {
			t.Fatal(err)
		}
		for i := range files {
			mustAdd(t, w, Entry{Name: fmt.Sprint("file", i)}, "")
		}
		size, err = w.Finish()
		return path, errors.Join(err, f.Truncate(size))
	}
	_, err := made(129 * mebibyte)
	var small *SizeError
	if !errors.As(err, &small) {
		t.Fatalf("%v, want that it is too small", err)
	}
	path, err := made(small.Need)
	if err != nil {
		t.Fatal(err)
	}
	fsck(t, path)
	if list, err := openImage(t, path).ReadDir("."); err != nil || len(list) != files+1 {
		t.Errorf("%d names, %v", len(list), err)
	}
}

// TestFullDisk has the destination fail at every step.
func TestFullDisk(t *testing.T) {
	for room := int64(1); room < 16<<20; room += 1<<20 - 4096 {
		w, err := Create(&memory{room: room}, testOptions(24<<20))
		if err != nil {
			t.Fatal(err)
		}
		var failed error
		for i := 0; i < 14 && failed == nil; i++ {
			failed = addString(w, Entry{Name: fmt.Sprint("f", i), Mode: 0o644}, string(noise(1<<20, 1)))
		}
		if _, err := w.Finish(); !errors.Is(err, errFull) || failed != nil && !errors.Is(failed, errFull) {
			t.Fatalf("room for %d bytes: %v, then %v", room, failed, err)
		}
		if err := w.Link("a", "f0"); !errors.Is(err, errFull) {
			t.Errorf("the error does not stay: %v", err)
		}
	}
}

func TestFinished(t *testing.T) {
	w, err := Create(discard{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	if err := addString(w, Entry{Name: "f", Mode: 0o644}, ""); err == nil {
		t.Error("added to a file system that is finished")
	}
	if _, err := w.Finish(); err == nil {
		t.Error("finished twice")
	}
}

func TestProgress(t *testing.T) {
	total := int64(0)
	opts := testOptions(0)
	opts.Progress = func(n int64) { total += n }
	makeFile(t, opts, func(w *Writer) {
		mustAdd(t, w, Entry{Name: "a", Mode: 0o644}, string(noise(1000, 1)))
		e := Entry{Name: "b", Mode: 0o644, Size: 1 << 20}
		if err := w.Add(&e, &extents{list: [][2]int64{{8192, 4096}}}); err != nil {
			t.Fatal(err)
		}
	})
	if total != 1000+1<<20 {
		t.Errorf("%d", total)
	}
}
