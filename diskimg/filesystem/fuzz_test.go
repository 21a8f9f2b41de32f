package filesystem

import (
	"bytes"
	"encoding/binary"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// tinyImages are images of a few files, most of which is said by numbers that can be wrong.
func tinyImages(t testing.TB) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"file": "content", "dir/below/a long name of a file.text": strings.Repeat("content ", 300), "dir/.hidden": "", "dir/many": strings.Repeat("x", 5000),
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	read := func(path string) []byte {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	images := map[string][]byte{
		"FAT12": read(makeFAT(t, dir, 64<<10, "-F", "12", "-s", "1", "-r", "16")),
		"FAT16": read(makeFAT(t, dir, 5*mib, "-F", "16", "-s", "1")),
		"FAT32": read(makeFAT(t, dir, 34*mib, "-F", "32", "-s", "1")),
	}
	if err := os.Symlink("dir/below", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	plain := []string{"-noI", "-noD", "-noF", "-noX", "-b", "4096", "-nopad"}
	images["squashfs"] = squashImage(t, dir, plain...)
	images["squashfs of fragments"] = squashImage(t, dir, append(plain, "-always-use-fragments")...)
	images["squashfs of zstd"] = squashImage(t, dir, "-comp", "zstd", "-nopad")
	images["Rock Ridge"] = isoImage(t, map[string]string{
		"dir/below/file": "1", "file": "22", "link": "-> dir/" + strings.Repeat("long/", 50), strings.Repeat("n", 200): "3",
	}, "-R", "-no-pad")
	images["Joliet"] = isoImage(t, map[string]string{"dir/below/file": "1", "file": "22"}, "-J", "-no-pad")
	return images
}

// A meter counts what is read.
type meter struct {
	r     io.ReaderAt
	reads atomic.Int64
	bytes atomic.Int64
}

func (m *meter) ReadAt(p []byte, off int64) (int, error) {
	m.reads.Add(1)
	m.bytes.Add(int64(len(p)))
	return m.r.ReadAt(p, off)
}

// told are the bytes of an image that say something: those that are not 0, and what is beside them.
func told(b []byte) (at []int) {
	last := -1
	for i, c := range b {
		if c == 0 {
			continue
		}
		for j := max(last+1, i-3); j < min(i+8, len(b)); j++ {
			at, last = append(at, j), j
		}
	}
	return at
}

// A changed is an image in which some bytes are others.
type changed struct {
	b  []byte
	at map[int64]byte
}

func (c changed) ReadAt(p []byte, off int64) (int, error) {
	n, err := bytes.NewReader(c.b).ReadAt(p, off)
	for at, is := range c.at {
		if at >= off && at < off+int64(n) {
			p[at-off] = is
		}
	}
	return n, err
}

// FuzzOpen changes bytes of good images, and reads all that is in them then. Each change is of three bytes: two for the
// place, and one to be there.
func FuzzOpen(f *testing.F) {
	images := tinyImages(f)
	names := slices.Sorted(maps.Keys(images))
	places := map[string][]int{}
	for i, name := range names {
		places[name] = told(images[name])
		f.Add(uint8(i), []byte(nil))
		f.Add(uint8(i), []byte{0, 0, 0xff, 1, 0, 0xff})
	}
	f.Fuzz(func(t *testing.T, which uint8, changes []byte) {
		name := names[int(which)%len(names)]
		c := changed{images[name], map[int64]byte{}}
		for ; len(changes) >= 3; changes = changes[3:] {
			at := places[name]
			c.at[int64(at[int(binary.LittleEndian.Uint16(changes))%len(at)])] = changes[2]
		}
		readBounded(t, c, int64(len(c.b)))
	})
}

// FuzzOpenRaw takes whole images, that may be of any kind.
func FuzzOpenRaw(f *testing.F) {
	for name, b := range tinyImages(f) {
		if len(b) < 128<<10 {
			f.Add(b)
		}
		if strings.HasPrefix(name, "FAT") {
			f.Add(b[:8<<10])
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 4*mib {
			readBounded(t, bytes.NewReader(b), int64(len(b)))
		}
	})
}

// readBounded reads all of an image, up to so many files and bytes, and holds it against the time and reading it takes.
func readBounded(t *testing.T, r io.ReaderAt, size int64) {
	const mostFiles, mostBytes, mostReads = 2000, 64 << 20, 200_000
	start := time.Now()
	m := &meter{r: r}
	f, info, err := Open(m, size)
	if err != nil || info.Ext != nil {
		return
	}
	files := 0
	left := int64(mostBytes)
	fs.WalkDir(f, ".", func(name string, e fs.DirEntry, err error) error {
		if files++; files > mostFiles || left <= 0 {
			return fs.SkipAll
		}
		if err != nil || !e.Type().IsRegular() {
			f.ReadLink(name)
			f.Stat(name)
			return nil
		}
		file, err := f.Open(name)
		if err != nil {
			return nil
		}
		defer file.Close()
		n, err := io.CopyN(io.Discard, file, left)
		if left -= n; err == io.EOF {
			if info, _ := e.Info(); info.Size() != n {
				t.Errorf("%s: %d bytes of %d", name, n, info.Size())
			}
		}
		return nil
	})
	took := time.Since(start)
	if m.reads.Load() > mostReads || took > 20*time.Second {
		t.Errorf("%d files in %d reads of %d bytes, %v", files, m.reads.Load(), m.bytes.Load(), took)
	}
}

// FuzzUnpack holds every compression to its limit.
func FuzzUnpack(f *testing.F) {
	data := bytes.Repeat([]byte("some data "), 200)
	for name, kind := range kinds() {
		f.Add(kind, pack(f, name, data))
	}
	f.Fuzz(func(t *testing.T, kind uint16, b []byte) {
		unpack, err := newUnpacker(kind, squashMetadata)
		if err != nil || len(b) > mib {
			return
		}
		out, err := unpack(b, squashMetadata)
		if err == nil && (len(out) == 0 || len(out) > squashMetadata) {
			t.Errorf("%d bytes", len(out))
		}
	})
}
