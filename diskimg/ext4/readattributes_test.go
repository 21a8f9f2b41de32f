package ext4

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What mke2fs does not take from a directory without root is put there by debugfs.
func TestReadAttributes(t *testing.T) {
	acl := []byte("\x01\x00\x00\x00" + "\x01\x00\x06\x00" + "\x02\x00\x07\x00\xe8\x03\x00\x00" + "\x04\x00\x04\x00" + "\x10\x00\x07\x00" + "\x20\x00\x04\x00")
	linux := []byte("\x02\x00\x00\x00" + "\x01\x00\x06\x00\xff\xff\xff\xff" + "\x02\x00\x07\x00\xe8\x03\x00\x00" + "\x04\x00\x04\x00\xff\xff\xff\xff" + "\x10\x00\x07\x00\xff\xff\xff\xff" + "\x20\x00\x04\x00\xff\xff\xff\xff")
	got, err := linuxACL(acl)
	if err != nil || !bytes.Equal(got, linux) {
		t.Errorf("%x, %v, want %x", got, err, linux)
	}
	for _, bad := range []string{"", "\x02\x00\x00\x00", "\x01\x00\x00\x00\x01", "\x01\x00\x00\x00\x02\x00\x07\x00\x01"} {
		if _, err := linuxACL([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	for name, options := range map[string]string{
		"256":      "-t ext4 -I 256",
		"128":      "-t ext2 -I 128 -O ext_attr",
		"ea_inode": "-t ext4 -I 256 -O ea_inode",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "file"), []byte("content"), 0o600); err != nil {
				t.Fatal(err)
			}
			long := strings.Repeat("l", 700)
			value := filepath.Join(t.TempDir(), "value")
			want := []Xattr{
				{"security.capability", []byte("\x01\x00\x00\x02\x00\x20")},
				{"system.posix_acl_access", linux},
				{"trusted.x", []byte("y")},
				{"user.long", []byte(long)},
				{"user.name", []byte("value")},
			}
			if name == "ea_inode" {
				long = strings.Repeat("h", 1000)
				want[3].Value = []byte(long)
			}
			path := image(t, dir, options, 16)
			commands := []string{
				"mknod c c 4 300", "mknod b b 259 60000", "mknod old b 8 1", "mknod fifo p",
				"sif file uid 100000", "sif file gid 70000", "ea_set file user.name value", "ea_set file trusted.x y",
			}
			for attribute, b := range map[string]string{"user.long": long, "security.capability": "\x01\x00\x00\x02\x00\x20", "system.posix_acl_access": string(linux)} {
				file := value + attribute
				if err := os.WriteFile(file, []byte(b), 0o600); err != nil {
					t.Fatal(err)
				}
				commands = append(commands, "ea_set -f "+file+" file "+attribute)
			}
			debug(t, path, commands...)
			f := openImage(t, path)
			e, err := f.Entry("file")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, e.Xattrs); diff != "" {
				t.Error(diff)
			}
			if e.UID != 100000 || e.GID != 70000 || e.Size != 7 {
				t.Errorf("%+v", e)
			}
			for name, want := range map[string]string{"c": "Dcrw------- 4 300", "b": "Drw------- 259 60000", "old": "Drw------- 8 1", "fifo": "prw------- 0 0"} {
				e, err := f.Entry(name)
				if err != nil {
					t.Error(err)
					continue
				}
				kind, _, _ := strings.Cut(e.Mode.Type().String(), "-")
				wantKind, rest, _ := strings.Cut(want, "rw------- ")
				if numbers := fmt.Sprint(e.Major, " ", e.Minor); kind != wantKind || numbers != rest {
					t.Errorf("%s: %s %s, want %s", name, kind, numbers, want)
				}
			}
		})
	}
}

// Many read at once.
func TestConcurrent(t *testing.T) {
	dir := sourceTree(t)
	f := openImage(t, image(t, dir, "-t ext4 -b 1024", 64))
	f.pages.most, f.dirs.most = 64<<10, 20<<10 // so that they are made again and again
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			err := fs.WalkDir(f, ".", func(name string, e fs.DirEntry, err error) error {
				if err != nil || !e.Type().IsRegular() {
					return err
				}
				got, err := f.ReadFile(name)
				want, _ := os.ReadFile(filepath.Join(dir, name))
				if !bytes.Equal(got, want) && name != "lost+found" {
					return fmt.Errorf("%s differs: %w", name, err)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// 31,000 files in one directory, with 4 KiB in each.
func BenchmarkReadFiles(b *testing.B) {
	const files, size = 31_000, 4096
	path := filepath.Join(b.TempDir(), "image")
	out, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer out.Close()
	w, err := Create(out, nil)
	if err != nil {
		b.Fatal(err)
	}
	content := bytes.Repeat([]byte("content!"), size/8)
	for i := range files {
		e := &Entry{Name: fmt.Sprintf("a file of a package, number %d", i), Mode: 0o644, Size: size}
		if err := w.Add(e, bytes.NewReader(content)); err != nil {
			b.Fatal(err)
		}
	}
	length, err := w.Finish()
	if err != nil {
		b.Fatal(err)
	}
	if err := out.Truncate(length); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(files * size)
	b.ReportAllocs()
	for b.Loop() {
		f := openImage(b, path)
		err := fs.WalkDir(f, ".", func(name string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			r, err := f.Open(name)
			if err != nil {
				return err
			}
			defer r.Close()
			_, err = io.Copy(io.Discard, r)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
