package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"amiforge/internal/oracle"
)

func TestFiles(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"a", "b", "c", "d"} {
		writeFile(t, filepath.Join(root, name), strings.Repeat(name, 1000))
	}
	writeFile(t, filepath.Join(root, "b0"), "")
	if err := os.Symlink("a", filepath.Join(root, "a0")); err != nil {
		t.Fatal(err)
	}
	var got []string
	for name := range files(root, 8192) {
		got = append(got, filepath.Base(name))
	}
	if want := []string{"b", "d"}; !slices.Equal(got, want) {
		t.Errorf("files: %v, want %v", got, want)
	}
}

// TestPlainDisk makes a disk without a file system: every file is in it, and holes.
func TestPlainDisk(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"a", "b", "c"} {
		writeFile(t, filepath.Join(root, name), strings.Repeat(name, 100<<10))
	}
	disk := filepath.Join(t.TempDir(), "disk.raw")
	if err := makePlain(disk, root, 300<<10, 1<<20); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(disk)
	if err != nil {
		t.Fatal(err)
	}
	if len(data) != 1<<20 {
		t.Errorf("disk is %d bytes, want %d", len(data), 1<<20)
	}
	for _, name := range []string{"a", "b", "c"} {
		if n := bytes.Count(data, []byte(name)); n != 100<<10 {
			t.Errorf("%d bytes of file %s, want %d", n, name, 100<<10)
		}
	}
}

// TestExt4Disk makes the disk that is bundled, with an empty tree to be quick.
func TestExt4Disk(t *testing.T) {
	oracle.Look(t, "mke2fs")
	b := &bench{work: t.TempDir()}
	root := t.TempDir()
	writeFile(t, filepath.Join(root, "a"), "text")
	disk := filepath.Join(b.work, "disk.raw")
	if err := b.makeExt4(t.Context(), mke2fs(), disk, root); err != nil {
		t.Fatal(err)
	}
	oracle.Run(t, "e2fsck", "-fn", disk)
	if info, err := os.Stat(disk); err != nil || info.Size() != diskSize {
		t.Errorf("disk: %v, %v, want %d bytes", info, err, int64(diskSize))
	}
}

func TestCompare(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a": "text", "b": "text", "c": "texts", "d": "Text"} {
		writeFile(t, filepath.Join(dir, name), text)
	}
	for _, test := range []struct {
		name string
		same bool
	}{{"b", true}, {"c", false}, {"d", false}, {"absent", false}} {
		if err := compare(filepath.Join(dir, "a"), filepath.Join(dir, test.name)); (err == nil) != test.same {
			t.Errorf("compare a with %s: %v", test.name, err)
		}
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
