package filesystem

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"amiforge/diskimg"
	"amiforge/internal/oracle"
)

// readAll reads all that there is, and returns the first error.
func readAll(f FS) error {
	return fs.WalkDir(f, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		_, err = f.ReadFile(name)
		return err
	})
}

// smallImages are good ones, to make wrong.
func smallImages(t testing.TB) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "dir/below"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"file", "dir/file", "dir/below/file"} {
		if err := os.WriteFile(filepath.Join(dir, name), bytes.Repeat([]byte("content "), 1000), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	squash, iso := filepath.Join(t.TempDir(), "squash"), filepath.Join(t.TempDir(), "iso")
	oracle.Run(t, "mksquashfs", dir, squash, "-quiet", "-no-progress")
	oracle.Run(t, "genisoimage", "-quiet", "-R", "-o", iso, dir)
	images := map[string][]byte{}
	for name, path := range map[string]string{
		"squashfs": squash, "iso9660": iso, "FAT12": makeFAT(t, dir, 128<<10, "-F", "12", "-s", "1"), "FAT32": makeFAT(t, dir, 34*mib, "-F", "32", "-s", "1"),
	} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		images[name] = b
	}
	return images
}

// Many may read at once, one file that is open too.
func TestConcurrentReads(t *testing.T) {
	for name, b := range smallImages(t) {
		t.Run(name, func(t *testing.T) {
			f, _, err := Open(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				t.Fatal(err)
			}
			file, err := f.Open("file")
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			want := bytes.Repeat([]byte("content "), 1000)
			var group sync.WaitGroup
			for i := range 8 {
				group.Go(func() {
					part := make([]byte, 700)
					off := i * 900
					if _, err := file.(io.ReaderAt).ReadAt(part, int64(off)); err != nil || !bytes.Equal(part, want[off:][:len(part)]) {
						t.Errorf("at %d: %q, %v", off, part, err)
					}
					if err := readAll(f); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
		})
	}
}

func TestHostile(t *testing.T) {
	order := binary.LittleEndian
	tests := []struct {
		name, image, want string
		patch             func(b []byte)
	}{
		{"a chain in a circle", "FAT32", "goes round in a circle", func(b []byte) {
			at := int(order.Uint16(b[14:])) * 512
			order.PutUint32(b[at+4*5:], 6)
			order.PutUint32(b[at+4*6:], 5)
		}},
		{"longer than its partition", "FAT32", "there are", func(b []byte) { order.PutUint32(b[32:], 1<<21) }},
		{"blocks of 2 GiB", "squashfs", "holds no file system that is known", func(b []byte) { order.PutUint32(b[12:], 1<<31) }},
		{"inode table", "squashfs", "", func(b []byte) { order.PutUint64(b[64:], 1<<62) }},
		{"directory table", "squashfs", "", func(b []byte) { order.PutUint64(b[72:], 96) }},
	}
	images := smallImages(t)
	for name, b := range images {
		f, _, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := readAll(f); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	for _, tt := range tests {
		t.Run(tt.image+": "+tt.name, func(t *testing.T) {
			b := bytes.Clone(images[tt.image])
			tt.patch(b)
			start := time.Now()
			f, _, err := Open(bytes.NewReader(b), int64(len(b)))
			if err == nil {
				err = readAll(f)
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if !errors.Is(err, diskimg.ErrDamaged) && !errors.Is(err, diskimg.ErrUnsupported) {
				t.Errorf("%v is neither damaged nor unsupported", err)
			}
			if d := time.Since(start); d > time.Minute {
				t.Errorf("took %v", d)
			}
		})
	}
}
