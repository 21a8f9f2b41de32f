package ext4

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// FuzzEntries adds, links and replaces what the input says: each op is refused or carried out, and the file system that
// comes out is right.
func FuzzEntries(f *testing.F) {
	f.Add([]byte("\x00\x01\x02\x03\x04\x05"))
	f.Add([]byte("\x10\x00\x00\x40\x11\x00\x10\x00\x00"))
	f.Add([]byte("aaaabbbbccccddddeeeeffffgggghhhh"))
	f.Fuzz(func(t *testing.T, b []byte) {
		check(t, fuzzed(t, b[:min(len(b), 4000)]))
	})
}

// fuzzed returns a file system of ops of four bytes each.
func fuzzed(t *testing.T, b []byte) []byte {
	m := &memory{}
	w, err := Create(m, testOptions(0))
	if err != nil {
		t.Fatal(err)
	}
	for ; len(b) >= 4; b = b[4:] {
		_ = fuzzOp(b).do(w) // whether it is refused is for other tests
	}
	size, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return append(m.b, make([]byte, size-int64(len(m.b)))...)
}

func fuzzOp(b []byte) op {
	names := []string{"a", "b", "c", "a/a", "a/b", "b/a", "a/a/a", "c/d/e", "lost+found/a", ".", "lost+found", "..", ""}
	name := names[int(b[1])%len(names)]
	if b[0]&0x80 != 0 {
		name = fmt.Sprintf("%s/%0200d", name, b[2])
	}
	n := int(b[3]) * int(b[3])
	var xattrs []Xattr
	if b[0]&0x40 != 0 {
		xattrs = []Xattr{{"user.x", noise(n%700, uint32(b[2]))}}
	}
	switch b[0] % 6 {
	case 0:
		return op{entry: Entry{Name: name, Mode: fs.ModeDir | 0o755, Xattrs: xattrs}}
	case 1:
		return op{entry: Entry{Name: name, Mode: fs.ModeSymlink | 0o777, Link: string(noise(n%5000, 1)), Xattrs: xattrs}}
	case 2:
		return link(name, names[int(b[2])%len(names)])
	case 3:
		return op{entry: Entry{Name: name, Mode: fs.ModeNamedPipe, Xattrs: xattrs}}
	case 4: // full of holes
		var content []byte
		for range n / 100 {
			content = append(content, noise(4096, uint32(b[2]))...)
			content = append(content, make([]byte, 4096)...)
		}
		return op{entry: Entry{Name: name, Mode: 0o644, Xattrs: xattrs}, content: string(content)}
	}
	return op{entry: Entry{Name: name, Mode: 0o644, Xattrs: xattrs}, content: string(noise(n, uint32(b[2])))}
}

// TestRandomEntries has e2fsck look at what the fuzzer makes.
func TestRandomEntries(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	path := filepath.Join(t.TempDir(), "root.ext4")
	for range 40 {
		b := make([]byte, 4*r.IntN(200))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		fs := fuzzed(t, b)
		check(t, fs)
		if err := os.WriteFile(path, fs, 0o600); err != nil {
			t.Fatal(err)
		}
		fsck(t, path)
	}
}

// TestCheck holds the checker against a file system with a bit turned over anywhere that is in use.
func TestCheck(t *testing.T) {
	b := fuzzed(t, []byte("aaaabbbbccccddddeeeeffffgggghhhh"))
	check(t, b)
	for _, off := range []int{superblockOffset + 4, blockSize + 12} {
		b[off] ^= 1
		c := &checker{b: b, used: map[int64]string{}, attrs: map[int64]int{}}
		if c.check() == nil {
			t.Errorf("nothing wrong with a bit turned over at byte %d", off)
		}
		b[off] ^= 1
	}
}
