package ext4

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"amiforge/diskimg"
)

// A patched is a file system of blocks of 1024 bytes and without checksums, in which things are made wrong.
type patched struct {
	t *testing.T
	b []byte
	f *FS // of the good one
}

// hostileBase makes the good one: directories in each other, links, a large directory, a large file, inline data.
func hostileBase(t testing.TB, options string) []byte {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{"a/b/c", "x", "many"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, size := range map[string]int{"file": 3000, "a/b/c/deep": 100, "large": 400 << 10} {
		if err := os.WriteFile(filepath.Join(dir, name), bytes.Repeat([]byte("x"), size), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 60 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("many/a long name for a file %d", i)), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{"link": "a/b", "loop": "loop2", "loop2": "loop", "long": strings.Repeat("t", 100)} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	path := image(t, dir, options, 2)
	debug(t, path, "ea_set file user.name value", "ea_set large user.long "+strings.Repeat("v", 300))
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (p *patched) node(name string) (*readNode, int64) {
	p.t.Helper()
	n, err := p.f.walk(name, false)
	if err != nil {
		p.t.Fatal(err)
	}
	index := int64(n.number-1) % p.f.inodesPerGroup
	return n, p.f.places[int64(n.number-1)/p.f.inodesPerGroup].inodeTable*p.f.blockSize + index*p.f.inodeSize
}

// block is where the first block of name begins.
func (p *patched) block(name string) int64 {
	p.t.Helper()
	n, _ := p.node(name)
	l, err := n.leaf(0)
	if err != nil {
		p.t.Fatal(err)
	}
	return l.runs[0].place * p.f.blockSize
}

// entry is where the entry of name begins in the directory that it is in.
func (p *patched) entry(dir, name string) int64 {
	p.t.Helper()
	at := p.block(dir)
	i := bytes.Index(p.b[at:at+p.f.blockSize], []byte(name))
	if i < 0 {
		p.t.Fatalf("%s is not in %s", name, dir)
	}
	return at + int64(i) - dirHeader
}

func (p *patched) put16(off int64, v uint16) { binary.LittleEndian.PutUint16(p.b[off:], v) }
func (p *patched) put32(off int64, v uint32) { binary.LittleEndian.PutUint32(p.b[off:], v) }
func (p *patched) inode(name string) int64   { _, off := p.node(name); return off }
func (p *patched) number(name string) uint32 { n, _ := p.node(name); return n.number }

// putExtent adds an extent of one block to the one that a file has.
func (p *patched) putExtent(name string, block uint32, place int64) {
	at := p.inode(name) + iBlock
	p.put16(at+2, 2)
	p.put32(at+24, block)
	p.put16(at+28, 1)
	p.put32(at+32, uint32(place))
}

const (
	sb        = superblockOffset
	gdt       = 2048 // of blocks of 1024 bytes
	iBlock    = 40
	iSize     = 4
	iSizeHigh = 108
	iFlags    = 32
	iACL      = 104
)

func hostileTable() []struct {
	name, want string
	patch      func(p *patched)
} {
	return []struct {
		name, want string
		patch      func(p *patched)
	}{
		{"block size", "blocks of 2^30 KiB", func(p *patched) { p.put32(sb+24, 30) }},
		{"more blocks than bytes", "more than the", func(p *patched) { p.put32(sb+4, 1<<31) }},
		{"no blocks", "first block is 1 of 0", func(p *patched) { p.put32(sb+4, 0) }},
		{"inodes of 3 bytes", "inodes of 3 bytes", func(p *patched) { p.put16(sb+88, 3) }},
		{"inodes of 32768 bytes", "inodes of 32768 bytes", func(p *patched) { p.put16(sb+88, 32768) }},
		{"no inodes a group", "0 inodes a group", func(p *patched) { p.put32(sb+40, 0) }},
		{"inode count", "4294967295 inodes, but", func(p *patched) { p.put32(sb, ^uint32(0)) }},
		{"no blocks a group", "0 blocks a group", func(p *patched) { p.put32(sb+32, 0) }},
		{"blocks a group", "4294967288 blocks a group", func(p *patched) { p.put32(sb+32, ^uint32(7)) }},
		{"unknown feature", "FEATURE_I30 is not known", func(p *patched) { p.put32(sb+96, p.f.super.FeatureIncompat|1<<30) }},
		{"compression", "compression is not supported", func(p *patched) { p.put32(sb+96, p.f.super.FeatureIncompat|1) }},
		{"journal of another", "journal of another", func(p *patched) { p.put32(sb+96, p.f.super.FeatureIncompat|8) }},
		{"descriptors outside", "block 4294901761 lies outside", func(p *patched) {
			p.put32(sb+96, p.f.super.FeatureIncompat|incompat64Bit)
			p.put16(sb+254, 64)
			p.put32(gdt+0, 4294901761)
		}},
		{"inode table outside", "inode table at block 4026531840 lies outside", func(p *patched) { p.put32(gdt+8, 0xf0000000) }},
		{"inode table at the superblock", "metadata overlaps", func(p *patched) { p.put32(gdt+8, 1) }},
		{"bitmaps in one place", "metadata overlaps", func(p *patched) { p.put32(gdt, uint32(p.f.places[0].inodeBitmap)) }},
		{"root is a file", "directory inode 2: is not a directory", func(p *patched) { p.put16(p.inode("."), 0x81a4) }},
		{"root without size", "size is 0", func(p *patched) { p.put32(p.inode(".")+iSize, 0) }},
		{"root of 4 GiB", "size is 4294967040", func(p *patched) { p.put32(p.inode(".")+iSize, ^uint32(0xff)) }},
		{"directory of 16 TiB", "size is", func(p *patched) { p.put32(p.inode("a")+iSizeHigh, 0xfff) }},
		{"directory in itself", `"b" is the root directory, or the one that it is in`, func(p *patched) { p.put32(p.entry("a", "b"), p.number("a")) }},
		{"directory leads to the root", `"b" is the root directory`, func(p *patched) { p.put32(p.entry("a", "b"), rootInode) }},
		{"directory leads up", "but says that it is in", func(p *patched) { p.put32(p.entry("a/b", "c"), p.number("a")) }},
		{"directory in two places", "but says that it is in", func(p *patched) { p.put32(p.entry("a", "b"), p.number("x")) }},
		{"directory under two names", "is a directory that has another name", func(p *patched) {
			p.put32(p.entry(".", "many"), p.number("x"))
		}},
		{"directory without dots", `is where "." should be`, func(p *patched) { p.b[p.block("a")+8] = 'q' }},
		{"dot elsewhere", `"." is inode 11`, func(p *patched) { p.put32(p.block("a"), firstInode) }},
		{"block of another directory", "as block 1 of directory inode", func(p *patched) {
			p.put32(p.inode("x")+iSize, 2048)
			p.putExtent("x", 1, p.block("many")/1024+1)
		}},
		{"block twice in a directory", "block 2: lies at block", func(p *patched) {
			p.put16(p.inode("many")+iBlock+16, 2)
			p.putExtent("many", 2, p.block("many")/1024+1)
		}},
		{"entry of 0 bytes", "an entry of 0 bytes", func(p *patched) { p.put16(p.entry("a", "b")+4, 0) }},
		{"entry of 65532 bytes", "an entry of 65532 bytes", func(p *patched) { p.put16(p.entry("a", "b")+4, 65532) }},
		{"name over its entry", "a name of 255 bytes in an entry of", func(p *patched) { p.b[p.entry("many", "a long name")+6] = 255 }},
		{"name with a slash", "is not a name", func(p *patched) { p.b[p.entry("a", "b")+8] = '/' }},
		{"name of zero bytes", "is not a name", func(p *patched) { p.b[p.entry("a", "b")+8] = 0 }},
		{"empty name", `"" is not a name`, func(p *patched) { p.b[p.entry("a", "b")+6] = 0 }},
		{"name twice", "is there twice", func(p *patched) { copy(p.b[p.entry(".", "long")+dirHeader:], "loop") }},
		{"entry of a type", `is of type 9`, func(p *patched) { p.b[p.entry("a", "b")+7] = 9 }},
		{"entry of another type", "its directory says", func(p *patched) { p.b[p.entry(".", "file")+7] = dirSymlink }},
		{"entry of inode 8", "is inode 8, which is no file's", func(p *patched) { p.put32(p.entry(".", "file"), 8) }},
		{"entry of an inode that is not there", "which is no file's", func(p *patched) { p.put32(p.entry(".", "file"), 1<<30) }},
		{"deleted inode", "is deleted and has a name", func(p *patched) { p.put16(p.inode("file")+26, 0) }},
		{"inode of no type", "is of type 0", func(p *patched) { p.put16(p.inode("file"), 0x1a4); p.b[p.entry(".", "file")+7] = 0 }},
		{"extra size", "extra bytes in", func(p *patched) { p.put16(p.inode("file")+128, 60000) }},
		{"file of 2^63 bytes", "size is 922337203", func(p *patched) { p.put32(p.inode("file")+iSizeHigh, 1<<31-1) }},
		{"extents without magic", "extents: magic is 0000", func(p *patched) { p.put16(p.inode("file")+iBlock, 0) }},
		{"extent outside", "lie outside of the file system's", func(p *patched) { p.put32(p.inode("file")+iBlock+20, 1<<31) }},
		{"extent at the superblock", "overlap metadata", func(p *patched) { p.put32(p.inode("file")+iBlock+20, 1) }},
		{"extent at the inode table", "overlap metadata", func(p *patched) { p.put32(p.inode("file")+iBlock+20, uint32(p.f.places[0].inodeTable)) }},
		{"extent of 0 blocks", "extents: 0 blocks from 0 on", func(p *patched) { p.put16(p.inode("file")+iBlock+16, 0) }},
		{"extent of 32768 blocks", "lie outside", func(p *patched) { p.put16(p.inode("file")+iBlock+16, 32768) }},
		{"extents over each other", "are not after", func(p *patched) {
			at := p.inode("file") + iBlock
			p.put16(at+2, 2)
			copy(p.b[at+24:at+36], p.b[at+12:at+24])
		}},
		{"too many extents", "40 of 4 entries", func(p *patched) { p.put16(p.inode("file")+iBlock+2, 40) }},
		{"depth 6", "depth is 6", func(p *patched) { p.put16(p.inode("file")+iBlock+6, 6) }},
		{"index that leads to data", "magic is 7878", func(p *patched) {
			at := p.inode("file") + iBlock
			p.put16(at+6, 1)
			p.put32(at+16, uint32(p.block("large")/1024))
			p.put32(at+20, 0)
		}},
		{"index that leads to itself", "depth is 2 below 2", func(p *patched) {
			at, block := p.inode("file")+iBlock, p.block("file")
			p.put16(at+6, 2)
			p.put32(at+16, uint32(block/1024))
			p.put32(at+20, 0)
			copy(p.b[block:], p.b[at:at+60])
		}},
		{"block map outside", "lie outside", func(p *patched) {
			at := p.inode("file")
			p.put32(at+iFlags, 0)
			for i := range int64(15) {
				p.put32(at+iBlock+4*i, 0x7fffffff)
			}
		}},
		{"block map into metadata", "overlap metadata", func(p *patched) {
			at := p.inode("file")
			p.put32(at+iFlags, 0)
			p.put32(at+iBlock, uint32(p.f.places[0].inodeTable))
		}},
		{"block map that leads to itself", "has more blocks than the file system", func(p *patched) {
			at, block := p.inode("file"), p.block("file")
			p.put32(at+iFlags, 0)
			p.put32(at+iSizeHigh, 4)
			clear(p.b[at+iBlock:][:60])
			p.put32(at+iBlock+56, uint32(block/1024)) // three levels
			for i := range int64(256) {
				p.put32(block+4*i, uint32(block/1024))
			}
		}},
		{"block map of tables that are shared", "its tables refer to each other", func(p *patched) {
			at, block := p.inode("file"), p.block("large")
			p.put32(at+iFlags, 0)
			p.put32(at+iSizeHigh, 4)
			clear(p.b[at+iBlock:][:60])
			p.put32(at+iBlock+56, uint32(block/1024))
			clear(p.b[block:][:3<<10])
			for i := range int64(512) {
				p.put32(block+4*i, uint32(block/1024+1+i/256))
			}
		}},
		{"attribute block outside", "lie outside", func(p *patched) { p.put32(p.inode("large")+iACL, 1<<30) }},
		{"attribute block of data", "magic is 78787878", func(p *patched) { p.put32(p.inode("large")+iACL, uint32(p.block("large")/1024)) }},
		{"attribute without end", "has no end", func(p *patched) { p.b[p.inode("file")+160+4] = 255 }},
		{"attribute with a zero byte", `attribute "long`, func(p *patched) { p.b[p.attributeAt("large")+attrHeader] = 255 }},
		{"attribute value of 4 GiB", "a value of 4294967295 bytes", func(p *patched) { p.put32(p.attributeAt("large")+attrHeader+8, ^uint32(0)) }},
		{"attribute value outside", "a value of 300 bytes at 65535", func(p *patched) { p.put16(p.attributeAt("large")+attrHeader+2, 65535) }},
		{"attribute in an inode", "is not that of a value", func(p *patched) { p.put32(p.attributeAt("large")+attrHeader+4, p.number("file")) }},
		{"attribute of number 200", "of number 200", func(p *patched) { p.b[p.attributeAt("large")+attrHeader+1] = 200 }},
		{"inline data", "inline data: size is 3000, there are 60 bytes", func(p *patched) { p.put32(p.inode("file")+iFlags, inodeInlineData) }},
		{"inline directory", "inline data", func(p *patched) { p.put32(p.inode("a")+iFlags, inodeInlineData) }},
		{"link of 4 GiB", "a link of", func(p *patched) { p.put32(p.inode("link")+iSize, 1<<31) }},
		{"link of nothing", "a link of 0 bytes", func(p *patched) { p.put32(p.inode("link")+iSize, 0) }},
		{"link with a zero byte", "a link with a zero byte", func(p *patched) { p.b[p.inode("link")+iBlock+1] = 0 }},
		{"encrypted file", "is encrypted", func(p *patched) { p.put32(p.inode("file")+iFlags, inodeExtents|inodeEncrypt) }},
		{"encrypted directory", "is encrypted", func(p *patched) { p.put32(p.inode("a")+iFlags, inodeExtents|inodeEncrypt) }},
	}
}

func (p *patched) attributeAt(name string) int64 {
	n, _ := p.node(name)
	return n.attributeBlock() * p.f.blockSize
}

// Each is wrong in one way that is told, in bounded time and memory.
func TestHostile(t *testing.T) {
	good := hostileBase(t, "-O extent,ext_attr,filetype,sparse_super -b 1024 -I 256")
	f, err := Open(bytes.NewReader(good), int64(len(good)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := readAll(f); err != nil {
		t.Fatal(err)
	}
	for _, tt := range hostileTable() {
		t.Run(tt.name, func(t *testing.T) {
			p := &patched{t, bytes.Clone(good), f}
			tt.patch(p)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			bad, err := Open(bytes.NewReader(p.b), int64(len(p.b)), nil)
			if err == nil {
				err = readAll(bad)
			}
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if !errors.Is(err, diskimg.ErrDamaged) && !errors.Is(err, diskimg.ErrUnsupported) {
				t.Errorf("%v is neither damaged nor unsupported", err)
			}
			if d := time.Since(start); d > 5*time.Second {
				t.Errorf("took %v", d)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 64*mebibyte {
				t.Errorf("%d bytes were allocated", n)
			}
		})
	}
}

// readAll reads all that there is, and returns all errors.
func readAll(f *FS) error {
	var all []error
	note := func(err error) {
		if err != nil && !errors.Is(err, syscall.ELOOP) && !errors.Is(err, fs.ErrNotExist) {
			all = append(all, err)
		}
	}
	count := 0
	note(fs.WalkDir(f, ".", func(name string, e fs.DirEntry, err error) error {
		if count++; count > 100_000 {
			return errors.New("there is no end of files")
		}
		note(err)
		if e == nil {
			return nil
		}
		_, err = f.Entry(name)
		note(err)
		_, err = f.Stat(name)
		note(err)
		if e.Type().IsRegular() {
			note(readContent(f, name))
		}
		return nil
	}))
	for _, err := range f.Free() {
		note(err)
	}
	for _, err := range f.Slack() {
		note(err)
	}
	return errors.Join(all...)
}

// readContent reads at most a MiB of each extent.
func readContent(f *FS, name string) error {
	c, err := f.Content(name)
	if err != nil {
		return err
	}
	for {
		_, err := c.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, io.LimitReader(c, mebibyte)); err != nil {
			return err
		}
	}
}

// Directories lie in each other as deep as a path can tell of.
func TestDeep(t *testing.T) {
	m := &memory{}
	w, err := Create(m, testOptions(0))
	if err != nil {
		t.Fatal(err)
	}
	deep := "a" + strings.Repeat("/a", 2999)
	mustAdd(t, w, Entry{Name: deep, Mode: fs.ModeDir | 0o755}, "")
	f := opened(t, m, w)
	if _, err := f.Stat(deep[:maxPath-1]); err != nil {
		t.Error(err)
	}
	if _, err := f.Stat(deep); !errors.Is(err, syscall.ENAMETOOLONG) {
		t.Error(err)
	}
	count := 0
	err = fs.WalkDir(f, ".", func(_ string, _ fs.DirEntry, err error) error { count++; return err })
	if !errors.Is(err, syscall.ENAMETOOLONG) || count > 2100 {
		t.Errorf("%d files, %v", count, err)
	}
}

// Where there are checksums, a bit that changes in metadata is an error that says where.
func TestChecksums(t *testing.T) {
	good := hostileBase(t, "-O extent,ext_attr,filetype,sparse_super,metadata_csum,dir_index,64bit -b 1024 -I 256")
	f, err := Open(bytes.NewReader(good), int64(len(good)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := readAll(f); err != nil {
		t.Fatal(err)
	}
	p := &patched{t, good, f}
	for _, tt := range []struct {
		name, want string
		off        int64
	}{
		{"superblock", "superblock: checksum is", sb + 120},
		{"descriptor", "group 0: descriptor: checksum is", gdt + 14},
		{"inode", "metadata: checksum is", p.inode("file") + 9},
		{"directory", "block 0: names: checksum is", p.block("a") + 60},
		{"hashes", "", p.block("many") + 32 + 4},
		{"attributes", "attributes in block", p.attributeAt("large") + 1000},
		{"block bitmap", "group 0: block bitmap: checksum is", f.places[0].blockBitmap*1024 + 100},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bad := bytes.Clone(good)
			bad[tt.off] ^= 0x10
			f, err := Open(bytes.NewReader(bad), int64(len(bad)), nil)
			if err == nil {
				err = readAll(f)
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "checksum") {
				t.Errorf("%v, want %q", err, tt.want)
			}
			ignoring, err := Open(bytes.NewReader(bad), int64(len(bad)), &OpenOptions{IgnoreChecksums: true})
			if err != nil {
				t.Fatal(err)
			}
			if err := readAll(ignoring); err != nil && strings.Contains(err.Error(), "checksum") {
				t.Error(err)
			}
		})
	}
}

// FuzzOpen holds whatever a file system says to its bounds.
func FuzzOpen(f *testing.F) {
	good := hostileBase(f, "-O extent,ext_attr,filetype,sparse_super -b 1024 -I 256")
	f.Add(uint32(sb+24), uint32(30), uint32(gdt), uint32(7))
	f.Add(uint32(sb+96), uint32(0xffff), uint32(5000), uint32(1))
	f.Fuzz(func(t *testing.T, at1, v1, at2, v2 uint32) {
		b := bytes.Clone(good)
		binary.LittleEndian.PutUint32(b[int(at1)%(len(b)-4):], v1)
		binary.LittleEndian.PutUint32(b[int(at2)%(len(b)-4):], v2)
		start := time.Now()
		fsys, err := Open(bytes.NewReader(b), int64(len(b)), &OpenOptions{IgnoreChecksums: true})
		if err == nil {
			err = readAll(fsys)
		}
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("took %v: %v", d, err)
		}
		if err != nil && strings.Contains(err.Error(), "no end") {
			t.Error(err)
		}
	})
}
