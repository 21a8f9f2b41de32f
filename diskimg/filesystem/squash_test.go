package filesystem

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"amiforge/diskimg"
	"amiforge/internal/oracle"
)

// squashImage makes an image of dir.
func squashImage(t testing.TB, dir string, options ...string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image")
	oracle.Run(t, "mksquashfs", append([]string{dir, path, "-quiet", "-no-progress"}, options...)...)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSquashDevices(t *testing.T) {
	b := squashImage(t, t.TempDir(), "-p", "null c 666 0 0 1 3", "-p", "disk b 660 0 0 8 0", "-p", "sticky d 1777 0 0")
	f, _, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{
		"null": fs.ModeDevice | fs.ModeCharDevice | 0o666, "disk": fs.ModeDevice | 0o660, "sticky": fs.ModeDir | fs.ModeSticky | 0o777,
	} {
		info, err := f.Lstat(name)
		if err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v, want %v", name, info, err, want)
		}
	}
}

func TestSquashRefused(t *testing.T) {
	dir := sourceTree(t, false)
	tests := []struct {
		name, want string
		make       func() []byte
	}{
		{"lzo", "compression by lzo is not supported", func() []byte { return squashImage(t, dir, "-comp", "lzo") }},
		{"what is not known", "compression of kind 9 is not known", func() []byte {
			b := squashImage(t, dir)
			b[20] = 9
			return b
		}},
		{"another version", "version 4.1 is not supported", func() []byte {
			b := squashImage(t, dir)
			b[30] = 1
			return b
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := tt.make()
			f, _, err := Open(bytes.NewReader(b), int64(len(b)))
			if err == nil {
				_, err = content(f)
			}
			if !errors.Is(err, diskimg.ErrUnsupported) || errors.Is(err, diskimg.ErrDamaged) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

// A directory of many files is in many blocks, and read once.
func TestSquashManyFiles(t *testing.T) {
	dir := t.TempDir()
	const n = 5_000
	for i := range n {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("a file with a name %d", i)), fmt.Append(nil, i), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b := squashImage(t, dir)
	start := time.Now()
	f, _, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	all, err := content(f)
	if err != nil || len(all) != n {
		t.Fatalf("%d files, %v", len(all), err)
	}
	for name, content := range all {
		if !strings.HasSuffix(name, " "+content) {
			t.Errorf("%s: %q", name, content)
		}
	}
	t.Logf("%d files in %v", n, time.Since(start))
}

// A plainSquash is an image whose metadata are not packed, so that they can be changed.
type plainSquash struct {
	t testing.TB
	b []byte
	*tree
}

// inode returns the inode of a name.
func (p *plainSquash) inode(name string) []byte {
	f, err := p.walk(name, false)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.at(64, uint64(f.id-1))
}

// at returns what a reference leads to in the table whose place is at a byte of the superblock.
func (p *plainSquash) at(super int, ref uint64) []byte {
	table := binary.LittleEndian.Uint64(p.b[super:])
	return p.b[table+ref>>16+2+ref&0xffff:]
}

// list returns the list of a directory.
func (p *plainSquash) list(name string) []byte {
	f, err := p.walk(name, false)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.at(72, f.entry.(*squashDir).ref)
}

// fragments returns the table of fragments.
func (p *plainSquash) fragments() []byte {
	order := binary.LittleEndian
	return p.b[order.Uint64(p.b[order.Uint64(p.b[80:]):])+2:]
}

func TestSquashHostile(t *testing.T) {
	order := binary.LittleEndian
	dir := t.TempDir()
	err := errors.Join(os.MkdirAll(filepath.Join(dir, "dir/below"), 0o755), os.Symlink("tail", filepath.Join(dir, "link")),
		os.WriteFile(filepath.Join(dir, "big"), bytes.Repeat([]byte("content "), 2000), 0o644), os.WriteFile(filepath.Join(dir, "tail"), []byte("tail"), 0o644),
		os.WriteFile(filepath.Join(dir, "dir/below/file"), nil, 0o644), sparse(filepath.Join(dir, "sparse")))
	if err != nil {
		t.Fatal(err)
	}
	good := squashImage(t, dir, "-noI", "-noD", "-noF", "-noX", "-b", "4096", "-always-use-fragments")
	tests := []struct {
		name, want string
		patch      func(p *plainSquash)
	}{
		{"a table of inodes nowhere", "bytes at byte", func(p *plainSquash) { order.PutUint64(p.b[64:], 1<<62) }},
		{"a table of inodes below 0", "at byte -", func(p *plainSquash) { order.PutUint64(p.b[64:], 1<<63) }},
		{"a table of directories in the superblock", "a block packed by gzip", func(p *plainSquash) { order.PutUint64(p.b[72:], 4) }},
		{"a root that is a file", "the root is no directory", func(p *plainSquash) { order.PutUint16(p.at(64, order.Uint64(p.b[32:])), 2) }},
		{"a root beyond its block", "of the metadata at byte", func(p *plainSquash) { p.b[32], p.b[33] = 0xff, 0xff }},
		{"metadata of 32 KiB", "a block of metadata of 32767 bytes", func(p *plainSquash) { order.PutUint16(p.b[order.Uint64(p.b[72:]):], 0xffff) }},
		{"metadata of nothing", "a block of metadata of 0 bytes", func(p *plainSquash) { order.PutUint16(p.b[order.Uint64(p.b[72:]):], 0x8000) }},
		{"an inode of no kind", "an inode of kind 0", func(p *plainSquash) { order.PutUint16(p.inode("big"), 0) }},
		{"an inode of another kind", "an inode of kind 15", func(p *plainSquash) { order.PutUint16(p.inode("big"), 15) }},
		{"a link of 4 GiB", "a symbolic link of 4294967295 bytes", func(p *plainSquash) { order.PutUint32(p.inode("link")[20:], ^uint32(0)) }},
		{"a link of nothing", "a symbolic link of 0 bytes", func(p *plainSquash) { order.PutUint32(p.inode("link")[20:], 0) }},
		{"a file of 4 GiB", "too many to read at once", func(p *plainSquash) { order.PutUint32(p.inode("big")[28:], ^uint32(0)) }},
		{"a file of 256 MiB", "bytes are a block of 4096", func(p *plainSquash) { order.PutUint32(p.inode("big")[28:], 256<<20) }},
		{"a block that is too large", "16777215 bytes are a block of 4096", func(p *plainSquash) { order.PutUint32(p.inode("big")[32:], 1<<25-1) }},
		{"a block that is too short", "block 0 is of 4096 bytes and has 100", func(p *plainSquash) { order.PutUint32(p.inode("big")[32:], isPlain|100) }},
		{"a block that is not packed", "a block packed by gzip: zlib: invalid header", func(p *plainSquash) { order.PutUint32(p.inode("big")[32:], 4096) }},
		{"a block nowhere", "unexpected EOF", func(p *plainSquash) { order.PutUint32(p.inode("big")[16:], 1<<31) }},
		{"a fragment that there is not", "fragment 77 of", func(p *plainSquash) { order.PutUint32(p.inode("tail")[20:], 77) }},
		{"no fragment", "bytes are a block of 4096", func(p *plainSquash) { order.PutUint32(p.inode("tail")[20:], noFragment) }},
		{"beyond the fragment", "a file ends at byte 4294967299", func(p *plainSquash) { order.PutUint32(p.inode("tail")[24:], ^uint32(0)) }},
		{"a fragment nowhere", "at byte -1", func(p *plainSquash) { order.PutUint64(p.fragments(), ^uint64(0)) }},
		{"a table of fragments nowhere", "bytes at byte", func(p *plainSquash) { order.PutUint64(p.b[80:], 1<<40) }},
		{"a directory in itself", "the directory is in itself", func(p *plainSquash) {
			f, _ := p.walk("dir", false)
			order.PutUint16(p.list("dir")[12:], uint16(f.id-1))
		}},
		{"the root in a directory", "the directory is in itself", func(p *plainSquash) { copy(p.list("dir")[12:], p.b[32:34]) }},
		{"a group of 4 Gi entries", "4294967296 entries of a directory", func(p *plainSquash) { order.PutUint32(p.list("dir"), ^uint32(0)) }},
		{"a longer group", "", func(p *plainSquash) { order.PutUint32(p.list("dir"), 100) }},
		{"a long name", "a name of 65536 bytes", func(p *plainSquash) { order.PutUint16(p.list("dir")[18:], 0xffff) }},
		{"a name with a slash", `"bel/w" of`, func(p *plainSquash) { p.list("dir")[23] = '/' }},
		{"an inode nowhere", "of the metadata at byte", func(p *plainSquash) { order.PutUint16(p.list("dir")[12:], 0xffff) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := bytes.Clone(good)
			f, _, err := Open(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := content(f); err != nil {
				t.Fatal(err)
			}
			tt.patch(&plainSquash{t, b, f.(*tree)})
			f, _, err = Open(bytes.NewReader(b), int64(len(b)))
			if err == nil {
				_, err = content(f)
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

// A file of 1 EiB is refused before anything is made for it.
func TestSquashHugeFile(t *testing.T) {
	dir := t.TempDir()
	if err := sparse(filepath.Join(dir, "sparse")); err != nil {
		t.Fatal(err)
	}
	b := squashImage(t, dir, "-noI")
	f, _, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	p := &plainSquash{t, b, f.(*tree)}
	node := p.inode("sparse")
	if kind := binary.LittleEndian.Uint16(node); kind != 2+squashExtended {
		t.Fatalf("the inode is of kind %d", kind)
	}
	binary.LittleEndian.PutUint64(node[16+8:], 1<<60)
	if f, _, err = Open(bytes.NewReader(b), int64(len(b))); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Open("sparse"); err == nil || !strings.Contains(err.Error(), "are in more than 1048576 blocks") {
		t.Errorf("%v", err)
	}

	binary.LittleEndian.PutUint64(node[16+8:], 1<<36)
	m := &meter{r: bytes.NewReader(b)}
	if f, _, err = Open(m, int64(len(b))); err != nil {
		t.Fatal(err)
	}
	before := m.reads.Load()
	file, err := f.Open("sparse")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if n := m.reads.Load() - before; n > 2 {
		t.Errorf("to open it took %d reads", n)
	}
	if _, err := io.Copy(io.Discard, file); !errors.Is(err, diskimg.ErrDamaged) {
		t.Errorf("reading: %v", err)
	}
}
