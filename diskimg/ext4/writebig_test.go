package ext4

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"
)

func noise(n int, seed uint64) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range b {
		b[i] = byte(r.Uint32()) | 1
	}
	return b
}

// TestEverything is a file system with all kinds of entries.
func TestEverything(t *testing.T) {
	path := makeFile(t, testOptions(0), func(w *Writer) {
		for i := range 3000 {
			mustAdd(t, w, Entry{Name: fmt.Sprintf("many/file-%06d", i), Mode: 0o644}, strings.Repeat("x", i%9000))
		}
		for i := range 20 {
			mustAdd(t, w, Entry{Name: fmt.Sprintf("some/file-%06d", i), Mode: 0o600, UID: 100000, GID: 70000}, "")
		}
		mustAdd(t, w, Entry{Name: ".", Mode: fs.ModeDir | 0o711, UID: 5}, "")
		mustAdd(t, w, Entry{Name: "dev/null", Mode: fs.ModeDevice | fs.ModeCharDevice | 0o666, Major: 1, Minor: 3}, "")
		mustAdd(t, w, Entry{Name: "dev/big", Mode: fs.ModeDevice | 0o660, Major: 4000, Minor: 900000}, "")
		mustAdd(t, w, Entry{Name: "dev/fifo", Mode: fs.ModeNamedPipe | 0o660}, "")
		mustAdd(t, w, Entry{Name: "dev/sock", Mode: fs.ModeSocket | 0o660}, "")
		for _, n := range []int{1, 59, 60, 61, 4094, 4095} {
			mustAdd(t, w, Entry{Name: fmt.Sprint("links/", n), Mode: fs.ModeSymlink | 0o777, Link: strings.Repeat("a", n)}, "")
		}
		mustAdd(t, w, Entry{Name: "lost+found/#12", Mode: 0o600}, "found")
		if err := w.Link("some/link", "some/file-000001"); err != nil {
			t.Fatal(err)
		}
		var holes bytes.Buffer
		for i := range 2000 {
			holes.Write(noise(4096, uint64(i)))
			holes.Write(make([]byte, 4096))
		}
		mustAdd(t, w, Entry{Name: "holes", Mode: 0o644}, holes.String())
		for i := range 3000 {
			x := []Xattr{{"security.selinux", []byte("system_u:object_r:bin_t:s0\x00")}, {"user.long", noise(1000, uint64(i%3))}}
			if i%2 == 0 {
				x = x[:1]
			}
			mustAdd(t, w, Entry{Name: fmt.Sprintf("attrs/%d", i), Mode: 0o755, Xattrs: x}, "x")
		}
		acl := []byte("\x02\x00\x00\x00\x01\x00\x06\x00\xff\xff\xff\xff\x02\x00\x07\x00\xe8\x03\x00\x00\x04\x00\x04\x00\xff\xff\xff\xff\x10\x00\x07\x00\xff\xff\xff\xff\x20\x00\x04\x00\xff\xff\xff\xff")
		mustAdd(t, w, Entry{Name: "acl", Mode: 0o644, Xattrs: []Xattr{{"system.posix_acl_access", acl}, {"user.empty", nil}, {"trusted.n\xc3\xa4me", noise(333, 1)}}}, "")
	})
	fsck(t, path)
}

// TestManyDirectories is about a directory with more subdirectories than links can count, and two levels of index.
func TestManyDirectories(t *testing.T) {
	path := makeFile(t, testOptions(0), func(w *Writer) {
		for i := range 70_000 {
			mustAdd(t, w, Entry{Name: fmt.Sprintf("dirs/d%d", i), Mode: fs.ModeDir | 0o755}, "")
		}
		for i := range 60_000 {
			mustAdd(t, w, Entry{Name: fmt.Sprintf("long/%s%d", strings.Repeat("n", 200), i), Mode: 0o644}, "")
		}
	})
	fsck(t, path)
}
