package ext4

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"amiforge/diskimg"
)

// extents is a diskimg.Source of noise, with an offset and a length each.
type extents struct {
	list [][2]int64
	cur  io.Reader
	err  error
}

func (s *extents) Next() (diskimg.Extent, error) {
	if len(s.list) == 0 {
		if s.err != nil {
			return diskimg.Extent{}, s.err
		}
		return diskimg.Extent{}, io.EOF
	}
	e := s.list[0]
	s.list = s.list[1:]
	s.cur = bytes.NewReader(noise(int(max(e[1], 0)), uint32(e[0])))
	return diskimg.Extent{Offset: e[0], Length: e[1]}, nil
}

func (s *extents) Read(p []byte) (int, error) { return s.cur.Read(p) }

// content is what a file of the extents has.
func content(size int64, list [][2]int64) []byte {
	b := make([]byte, size)
	for _, e := range list {
		copy(b[e[0]:], noise(int(e[1]), uint32(e[0])))
	}
	return b
}

// TestContent compares content of many shapes with what debugfs reads, as a stream and as extents.
func TestContent(t *testing.T) {
	const chunk = 256 << 10
	every := func(n int, step, length int64) (list [][2]int64) {
		for i := range n {
			list = append(list, [2]int64{int64(i) * step, length})
		}
		return list
	}
	for _, tt := range []struct {
		name   string
		size   int64
		list   [][2]int64
		blocks int // of 512 bytes, as stat has it
	}{
		{"nothing", 0, nil, 0},
		{"a byte", 1, every(1, 1, 1), 8},
		{"less than a block", 4095, every(1, 1, 4095), 8},
		{"a block", 4096, every(1, 1, 4096), 8},
		{"more than a block", 4097, every(1, 1, 4097), 16},
		{"a hole", 1 << 20, nil, 0},
		{"a hole in front", 1 << 20, [][2]int64{{1<<20 - 1, 1}}, 8},
		{"a hole at the end", 1 << 20, [][2]int64{{5, 1}}, 8},
		{"a chunk", chunk, every(1, 1, chunk), 512},
		{"over two chunks", chunk + 1, [][2]int64{{chunk - 1, 2}}, 16},
		{"extents that adjoin", 3 * chunk, [][2]int64{{0, chunk - 5}, {chunk - 5, 10}, {chunk + 5, chunk}}, 1032},
		{"two in a block", 8192, [][2]int64{{1, 1}, {9, 1}, {4095, 2}}, 16},
		{"extents that fill the inode", 8 * 4096, every(4, 8192, 4096), 32},
		{"a tree", 10 * 4096, every(5, 8192, 4096), 48},
		{"a full block of the tree", 680 * 4096, every(340, 8192, 4096), 341 * 8},
		{"two blocks of the tree", 682 * 4096, every(341, 8192, 4096), 343 * 8},
		{"a tree of two levels", 2722 * 4096, every(1361, 8192, 1), 1367 * 8},
		{"an extent of no bytes", 8192, [][2]int64{{4096, 0}, {4096, 3}}, 8},
	} {
		for _, kind := range []string{"stream", "extents"} {
			t.Run(tt.name+" "+kind, func(t *testing.T) {
				want := content(tt.size, tt.list)
				var r io.Reader = iotest.HalfReader(bytes.NewReader(want))
				if kind == "extents" {
					r = &extents{list: tt.list}
				}
				path := makeFile(t, testOptions(0), func(w *Writer) {
					if err := w.Add(&Entry{Name: "f", Mode: 0o644, Size: tt.size}, r); err != nil {
						t.Fatal(err)
					}
				})
				fsck(t, path)
				got := filepath.Join(t.TempDir(), "f")
				debugfs(t, path, "dump f "+got)
				if b, err := os.ReadFile(got); err != nil || !bytes.Equal(b, want) {
					t.Errorf("debugfs reads something else: %v", err)
				}
				if stat := debugfs(t, path, "stat f"); !strings.Contains(stat, fmt.Sprintf("Blockcount: %d\n", tt.blocks)) {
					t.Errorf("want %d blocks\n%s", tt.blocks, stat)
				}
			})
		}
	}
}

// TestHuge is about sparse files over 4 GiB, up to the largest that ext4 has.
func TestHuge(t *testing.T) {
	for _, size := range []int64{4<<30 + 1, 3 << 40, maxFileSize} {
		path := makeFile(t, testOptions(0), func(w *Writer) {
			list := [][2]int64{{0, 1}, {size/2 + 7, 10}, {size - 1, 1}}
			if err := w.Add(&Entry{Name: "f", Mode: 0o644, Size: size}, &extents{list: list}); err != nil {
				t.Fatal(err)
			}
		})
		fsck(t, path)
		if stat := debugfs(t, path, "stat f"); !strings.Contains(stat, fmt.Sprintf("Size: %d\n", size)) {
			t.Error(stat)
		}
	}
}

// TestBadContent refuses content that is not what the entry says, and leaves nothing of it.
func TestBadContent(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		name string
		size int64
		r    io.Reader
		want string
	}{
		{"none", 1, nil, "there is no content"},
		{"short", 10, strings.NewReader("123456789"), "1 bytes are missing at the end of the content: unexpected EOF"},
		{"empty", 10, strings.NewReader(""), "10 bytes are missing"},
		{"long", 8, strings.NewReader("123456789"), "more content than 8 bytes"},
		{"some, but none expected", 0, strings.NewReader("1"), "more content than 0 bytes"},
		{"broken", 1 << 20, io.MultiReader(bytes.NewReader(noise(500<<10, 1)), iotest.ErrReader(broken)), "broken"},
		{"broken at the end", 5, io.MultiReader(strings.NewReader("12345"), iotest.ErrReader(broken)), "broken"},
		{"negative size", -1, strings.NewReader(""), "a size of -1 bytes is not possible"},
		{"too large", maxFileSize + 1, strings.NewReader(""), "is not possible in ext4"},
		{"extents that overlap", 9000, &extents{list: [][2]int64{{0, 10}, {9, 10}}}, "is not after the one before"},
		{"extents that go back", 9000, &extents{list: [][2]int64{{4096, 10}, {0, 10}}}, "is not after the one before"},
		{"an extent behind the end", 9000, &extents{list: [][2]int64{{8999, 2}}}, "within 9000 bytes"},
		{"a negative extent", 9000, &extents{list: [][2]int64{{5, -1}}}, "is not after"},
		{"a huge extent", 9000, &extents{list: [][2]int64{{1 << 62, 1}}}, "within 9000 bytes"},
		{"extents that break", 9000, &extents{list: [][2]int64{{0, 5000}}, err: broken}, "broken"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := makeFile(t, testOptions(4<<20), func(w *Writer) {
				mustAdd(t, w, Entry{Name: "f", Mode: 0o644}, "kept")
				err := w.Add(&Entry{Name: "f", Mode: 0o600, Size: tt.size}, tt.r)
				if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), `add "f"`) {
					t.Errorf("got %v, want %q", err, tt.want)
				}
				mustAdd(t, w, Entry{Name: "g", Mode: 0o644}, "next")
			})
			fsck(t, path)
			if got := debugfs(t, path, "cat f"); got != "kept" {
				t.Errorf("%q", got)
			}
		})
	}
}

// TestReplacedLeavesNothing looks for the content of a file that was replaced in the whole file system.
func TestReplacedLeavesNothing(t *testing.T) {
	secret := bytes.Repeat([]byte("-----BEGIN PRIVATE KEY-----"), 10_000)
	path := makeFile(t, testOptions(0), func(w *Writer) {
		for i := range 3 {
			mustAdd(t, w, Entry{Name: fmt.Sprint("id", i), Mode: 0o600}, string(secret[i:]))
		}
		mustAdd(t, w, Entry{Name: "other", Mode: 0o644}, "content")
		mustAdd(t, w, Entry{Name: "id0", Mode: 0o600}, "redacted")
		mustAdd(t, w, Entry{Name: "id1", Mode: 0o600}, "")
		if err := w.Link("id2", "other"); err != nil {
			t.Fatal(err)
		}
		failed := iotest.ErrReader(errors.New("broken"))
		if err := w.Add(&Entry{Name: "x", Size: 1 << 30}, io.MultiReader(bytes.NewReader(secret), failed)); err == nil {
			t.Fatal("no error")
		}
	})
	fsck(t, path)
	all, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(all, []byte("PRIVATE")) {
		t.Error("the content is still there")
	}
	if got := debugfs(t, path, "cat id0"); got != "redacted" {
		t.Error(got)
	}
}

// TestRdump compares a tree with what debugfs gets out.
func TestRdump(t *testing.T) {
	want := map[string][]byte{}
	path := makeFile(t, testOptions(0), func(w *Writer) {
		for i := range 400 {
			name := fmt.Sprintf("d%d/e%d/f%d", i%3, i%7, i)
			want[name] = noise(i*i%20_000, uint32(i))
			mustAdd(t, w, Entry{Name: name, Mode: 0o644}, string(want[name]))
		}
	})
	fsck(t, path)
	dir := t.TempDir()
	debugfs(t, path, "rdump / "+dir)
	for name, b := range want {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(got, b) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
