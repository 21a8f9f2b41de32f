package ext4

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"testing"
)

// testACL is a list as getxattr(2) returns it, with an entry for user 1000.
const testACL = "\x02\x00\x00\x00" +
	"\x01\x00\x06\x00\xff\xff\xff\xff" +
	"\x02\x00\x07\x00\xe8\x03\x00\x00" +
	"\x04\x00\x04\x00\xff\xff\xff\xff" +
	"\x10\x00\x07\x00\xff\xff\xff\xff" +
	"\x20\x00\x04\x00\xff\xff\xff\xff"

// addEverything adds entries of all kinds, some of them twice.
func addEverything(tb testing.TB, w *Writer) {
	tb.Helper()
	for i := range 3000 {
		mustAdd(tb, w, Entry{Name: fmt.Sprintf("many/file-%06d", i), Mode: 0o644}, strings.Repeat("x", i%9000))
	}
	for i := range 20 {
		mustAdd(tb, w, Entry{Name: fmt.Sprintf("some/file-%06d", i), Mode: 0o600, UID: 100000, GID: 70000}, "")
	}
	for _, e := range []Entry{
		{Name: ".", Mode: fs.ModeDir | 0o711, UID: 5},
		{Name: "dev/null", Mode: fs.ModeDevice | fs.ModeCharDevice | 0o666, Major: 1, Minor: 3},
		{Name: "dev/big", Mode: fs.ModeDevice | 0o660, Major: 4000, Minor: 900000},
		{Name: "dev/fifo", Mode: fs.ModeNamedPipe | 0o660},
		{Name: "dev/sock", Mode: fs.ModeSocket | 0o660},
		{Name: "lost+found/#12", Mode: 0o600},
		{Name: "lost+found", Mode: fs.ModeDir | 0o700, GID: 7},
	} {
		mustAdd(tb, w, e, "")
	}
	for _, n := range []int{1, 59, 60, 61, 4094, 4095} {
		mustAdd(tb, w, Entry{Name: fmt.Sprint("links/", n), Mode: fs.ModeSymlink | 0o777, Link: strings.Repeat("a", n)}, "")
	}
	if err := w.Link("some/link", "some/file-000001"); err != nil {
		tb.Fatal(err)
	}
	for range 2 {
		mustAdd(tb, w, Entry{Name: "holes", Mode: 0o644}, strings.Repeat(string(noise(4096, 1))+string(make([]byte, 4096)), 2000))
	}
	addAttributes(tb, w)
}

func addAttributes(tb testing.TB, w *Writer) {
	tb.Helper()
	for i := range 3000 {
		x := []Xattr{{"security.selinux", []byte("system_u:object_r:bin_t:s0\x00")}, {"user.long", noise(1000, uint32(i%2))}}
		if i%3 == 0 {
			x = x[:1]
		}
		mustAdd(tb, w, Entry{Name: fmt.Sprintf("attrs/%d", i), Mode: 0o755, Xattrs: x}, "x")
	}
	x := []Xattr{{"system.posix_acl_access", []byte(testACL)}, {"user.empty", nil}, {"trusted.n\xc3\xa4me", noise(333, 1)}}
	mustAdd(tb, w, Entry{Name: "acl", Mode: 0o674, Xattrs: x}, "")
	mustAdd(tb, w, Entry{Name: "acl dir", Mode: fs.ModeDir | 0o775, Xattrs: []Xattr{{"system.posix_acl_default", []byte(testACL)}}}, "")
}

func TestEverything(t *testing.T) {
	fsck(t, makeFile(t, testOptions(0), func(w *Writer) { addEverything(t, w) }))
}

// TestManyDirectories is about a directory with more subdirectories than links can count, an index of two levels, and
// names with every byte.
func TestManyDirectories(t *testing.T) {
	path := makeFile(t, testOptions(0), func(w *Writer) {
		for i := range 65_100 {
			mustAdd(t, w, Entry{Name: fmt.Sprintf("dirs/d%d", i), Mode: fs.ModeDir | 0o755}, "")
		}
		for i := range 10_000 {
			mustAdd(t, w, Entry{Name: fmt.Sprintf("long/%s%d", strings.Repeat("n", 250), i), Mode: 0o644}, "")
		}
		for i := range 4000 {
			name := bytes.ReplaceAll(noise(i%255+1, uint32(i)), []byte("/"), []byte("\xff"))
			mustAdd(t, w, Entry{Name: "bytes/" + string(name), Mode: 0o644}, "")
		}
	})
	fsck(t, path)
	if stat := debugfs(t, path, "stat dirs"); !strings.Contains(stat, "Links: 1 ") {
		t.Error(stat)
	}
	if dump := debugfs(t, path, "htree_dump long"); !strings.Contains(dump, "Indirect levels: 1") {
		t.Errorf("%.500s", dump)
	}
	if ls := debugfs(t, path, "ls -l long"); strings.Count(ls, "nnnn") < 10_000 {
		t.Error("debugfs lists too few files")
	}
}

// TestDirectorySizes is about those around the sizes of a block and of an index of one level.
func TestDirectorySizes(t *testing.T) {
	path := makeFile(t, testOptions(0), func(w *Writer) {
		for _, n := range []int{1, 252, 253, 254, 255, 256, 300, 600} {
			for i := range n {
				mustAdd(t, w, Entry{Name: fmt.Sprintf("short%d/%08d", n, i), Mode: 0o644}, "")
			}
		}
		for _, n := range []int{15, 16, 6083, 6084, 6085, 6090, 6500} { // 12 to a leaf
			for i := range n {
				mustAdd(t, w, Entry{Name: fmt.Sprintf("long%d/%0255d", n, i), Mode: 0o644}, "")
			}
		}
	})
	fsck(t, path)
}
