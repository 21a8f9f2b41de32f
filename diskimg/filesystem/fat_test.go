package filesystem

import (
	"bytes"
	"encoding/binary"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"amiforge/internal/oracle"
)

// fatImage makes a small FAT32 with the files of a map from name to content.
func fatImage(t testing.TB, files map[string]string) []byte {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(makeFAT(t, dir, 34*mib, "-F", "32", "-s", "1"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// fatAt returns where the entry of a short name is.
func fatAt(t testing.TB, b []byte, short string) int {
	t.Helper()
	i := bytes.Index(b, []byte(short))
	if i < 0 || i%fatSlotSize != 0 {
		t.Fatalf("%q is not there", short)
	}
	return i
}

// fatNext is where the table says what is behind the first cluster of an entry.
func fatNext(b []byte, entry int) []byte {
	order := binary.LittleEndian
	return b[int(order.Uint16(b[14:]))*512+4*int(order.Uint16(b[entry+26:])):]
}

// content reads all files, by name.
func content(f FS) (map[string]string, error) {
	all := map[string]string{}
	err := fs.WalkDir(f, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		b, err := f.ReadFile(name)
		all[name] = string(b)
		return err
	})
	return all, err
}

// What Linux sees of an image, we see: nothing hides.
func TestFATNames(t *testing.T) {
	const one, long = "ONE     TXT", "A__LON~1TXT"
	order := binary.LittleEndian
	tests := []struct {
		name  string
		patch func(t *testing.T, b []byte)
		want  map[string]string
	}{
		{"the root elsewhere", func(t *testing.T, b []byte) {
			order.PutUint32(b[44:], uint32(order.Uint16(b[fatAt(t, b, "DIR        ")+26:])))
		}, map[string]string{"below": "1"}},
		{"a long name of another file", func(t *testing.T, b []byte) {
			b[fatAt(t, b, long)-fatSlotSize+13]++
		}, map[string]string{"one.txt": "2", "A__LON~1.TXT": "3", "dir/below": "1"}},
		{"a short name like a long one", func(t *testing.T, b []byte) {
			at := fatAt(t, b, long)
			copy(b[at:], one)
			sum := (&fatSlot{Name: [11]byte([]byte(one))}).sum()
			b[at-fatSlotSize+13], b[at-2*fatSlotSize+13] = sum, sum
		}, map[string]string{"one.txt": "2", "a ☃☄ long name.txt": "3", "dir/below": "1"}},
		{"a free entry before others", func(t *testing.T, b []byte) {
			b[fatAt(t, b, "DIR        ")] = 0
		}, map[string]string{"one.txt": "2", "a ☃☄ long name.txt": "3"}},
		{"beyond the first plane", func(t *testing.T, b []byte) {
			raw := func(s string) (raw []byte) {
				for _, unit := range utf16.Encode([]rune(s)) {
					raw = order.AppendUint16(raw, unit)
				}
				return raw
			}
			i := bytes.Index(b, raw("☃"))
			copy(b[i:], raw("😀"))
		}, map[string]string{"one.txt": "2", "a 😀 long name.txt": "3", "dir/below": "1"}},
		{"of another code page", func(t *testing.T, b []byte) {
			b[fatAt(t, b, one)] = 0x8e
		}, map[string]string{"äne.txt": "2", "a ☃☄ long name.txt": "3", "dir/below": "1"}},
	}
	good := fatImage(t, map[string]string{"dir/below": "1", "one.txt": "2", "a ☃☄ long name.txt": "3"})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := bytes.Clone(good)
			tt.patch(t, b)
			f, _, err := Open(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				t.Fatal(err)
			}
			got, err := content(f)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
			for name, content := range tt.want {
				if got[name] != content {
					t.Errorf("%q: %q, want %q", name, got[name], content)
				}
			}
		})
	}
}

func TestFATHostile(t *testing.T) {
	order := binary.LittleEndian
	const big, dir, below = "BIG        ", "DIR        ", "BELOW      "
	tests := []struct {
		name, want string
		patch      func(t *testing.T, b []byte)
	}{
		{"a chain that ends", "10000 bytes are in 1 clusters", func(t *testing.T, b []byte) { order.PutUint32(fatNext(b, fatAt(t, b, big)), 0x0fffffff) }},
		{"a chain to what is free", "comes to 0x0, which is none", func(t *testing.T, b []byte) { order.PutUint32(fatNext(b, fatAt(t, b, big)), 0) }},
		{"a chain to what is bad", "comes to 0xffffff7, which is none", func(t *testing.T, b []byte) { order.PutUint32(fatNext(b, fatAt(t, b, big)), 0x0ffffff7) }},
		{"a chain to where nothing is", "which is none", func(t *testing.T, b []byte) { order.PutUint32(fatNext(b, fatAt(t, b, big)), 0x01000000) }},
		{"a file without clusters", "comes to 0x0", func(t *testing.T, b []byte) { order.PutUint16(b[fatAt(t, b, big)+26:], 0) }},
		{"a file of 4 GiB", "4294967295 bytes are too many to read at once", func(t *testing.T, b []byte) { order.PutUint32(b[fatAt(t, b, big)+28:], ^uint32(0)) }},
		{"a file of 256 MiB", "268435456 bytes are in 20 clusters", func(t *testing.T, b []byte) { order.PutUint32(b[fatAt(t, b, big)+28:], 256<<20) }},
		{"a directory in itself", "the directory is in itself", func(t *testing.T, b []byte) {
			copy(b[fatAt(t, b, below)+26:], b[fatAt(t, b, dir)+26:][:2])
		}},
		{"the root in a directory", "the directory is in itself", func(t *testing.T, b []byte) {
			order.PutUint16(b[fatAt(t, b, below)+26:], uint16(order.Uint32(b[44:])))
		}},
		{"a name with a slash", `"ONE/.TXT" of 1 bytes is no file`, func(t *testing.T, b []byte) {
			b[fatAt(t, b, "ONE     TXT")+3] = '/'
			b[fatAt(t, b, "ONE/    TXT")+12] = 0
		}},
		{"two of a name", `"one.txt" is there twice`, func(t *testing.T, b []byte) {
			copy(b[fatAt(t, b, "TWO     TXT"):], "ONE")
		}},
		{"the second table only", "only allocation table 1 is true", func(t *testing.T, b []byte) { order.PutUint16(b[40:], 0x81) }},
		{"more tables than there is room", "holds no file system that is known", func(t *testing.T, b []byte) { b[16] = 255 }},
		{"a root of no cluster", "comes to 0x1, which is none", func(t *testing.T, b []byte) { order.PutUint32(b[44:], 1) }},
		{"a directory without end", "a directory of more than 16777216 bytes", func(t *testing.T, b []byte) { longDirectory(t, b, 40_000) }},
	}
	good := fatImage(t, map[string]string{"dir/below/file": "1", "one.txt": "2", "two.txt": "3", "big": strings.Repeat("x", 10_000)})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := bytes.Clone(good)
			tt.patch(t, b)
			f, _, err := Open(bytes.NewReader(b), int64(len(b)))
			if err == nil {
				_, err = content(f)
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

// longDirectory makes the directory so many clusters long, full of parts of long names.
func longDirectory(t testing.TB, b []byte, clusters int) {
	order := binary.LittleEndian
	entry := fatAt(t, b, "DIR        ")
	table := int(order.Uint16(b[14:])) * 512
	data := table + 2*512*int(order.Uint32(b[36:]))
	last := fatNext(b, entry)
	for c := 1000; c < 1000+clusters; c++ {
		order.PutUint32(last, uint32(c))
		last = b[table+4*c:]
		for i := range 16 {
			slot := b[data+(c-2)*512+i*fatSlotSize:]
			copy(slot, slices.Repeat([]byte{'a'}, fatSlotSize))
			slot[0], slot[11] = byte(i)+1, fatLong
		}
	}
	order.PutUint32(last, 0x0fffffff)
}

// go-diskfs puts parts together to one name in quadratic time: 1.5 MiB of them take it ten seconds.
func TestFATLongDirectory(t *testing.T) {
	b := fatImage(t, map[string]string{"dir/file": "1"})
	longDirectory(t, b, 30_000)
	start := time.Now()
	f, _, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if all, err := content(f); err != nil || len(all) != 1 {
		t.Errorf("%q, %v", all, err)
	}
	if took := time.Since(start); took > time.Minute {
		t.Errorf("took %v", took)
	}
}

// hollow is a head and zeros behind it.
type hollow struct{ head []byte }

func (h hollow) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	if off < int64(len(h.head)) {
		copy(p, h.head[off:])
	}
	return len(p), nil
}

// FAT12 ends where Linux and Microsoft have it, which is a cluster later than blkid says.
func TestFATMostOf12(t *testing.T) {
	dir := t.TempDir()
	want := strings.Repeat("content ", 1000)
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
	f, info, err := openPath(t, makeFAT(t, dir, 4141*512, "-F", "12", "-s", "1", "-a")) // 4084 clusters
	if err != nil || info.Version != "FAT12" {
		t.Fatalf("%+v, %v", info, err)
	}
	if all, err := content(f); err != nil || all["file"] != want {
		t.Errorf("%d bytes, %v", len(all["file"]), err)
	}
}

func TestFATLargeTable(t *testing.T) {
	head := fatImage(t, nil)[:4096]
	order := binary.LittleEndian
	order.PutUint32(head[32:], 1<<27) // sectors
	order.PutUint32(head[36:], 1<<20) // of a table
	const size = 1 << 41
	_, info, err := Open(hollow{head}, size)
	if err == nil || !strings.Contains(err.Error(), "is too large") || info.Version != "FAT32" {
		t.Errorf("%+v, %v", info, err)
	}
}

// A chain is followed as far as the file is read, and what is before the damage is there.
func TestFATChain(t *testing.T) {
	b := fatImage(t, map[string]string{"big": strings.Repeat("x", 10_000)})
	next := fatNext(b, fatAt(t, b, "BIG        "))
	copy(next[8:], "\xff\xff\xff\x0f") // of the third cluster
	f, _, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	file, err := f.Open("big")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	inner, _, _ := file.(*openFile).Outer()
	for range 2 {
		if _, err := file.Read(make([]byte, 513)); err != nil {
			t.Fatal(err)
		}
	}
	if c := inner.(*fatContent); c.chain.n != 3 {
		t.Errorf("%d clusters were followed", c.chain.n)
	}
	rest, err := io.ReadAll(file)
	if len(rest) != 3*512-2*513 || err == nil || !strings.Contains(err.Error(), "10000 bytes are in 3 clusters") {
		t.Errorf("%d bytes, %v", len(rest), err)
	}
}

// Files that lie here and there are read from there.
func TestFATFragments(t *testing.T) {
	path := emptyFile(t, 34*mib)
	oracle.Run(t, "mkfs.vfat", "-F", "32", "-s", "1", path)
	dir := t.TempDir()
	copyIn := func(name string, size int) []byte {
		data := make([]byte, size)
		for i := range data {
			data[i] = byte(i>>9 + i + len(name))
		}
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
		oracle.Run(t, "mcopy", "-i", path, file, "::")
		return data
	}
	for i := range 40 {
		copyIn("gap"+string(rune('a'+i%26))+string(rune('a'+i/26)), 700+i*512)
	}
	for i := 0; i < 40; i += 2 {
		oracle.Run(t, "mdel", "-i", path, "::gap"+string(rune('a'+i%26))+string(rune('a'+i/26)))
	}
	want := copyIn("scattered", 20*mib)
	f, _, err := openPath(t, path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := f.Open("scattered")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	got, err := io.ReadAll(file)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes differ from %d: %v", len(got), len(want), err)
	}
}
