package ext4

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"time"

	"amiforge/diskimg"
	"amiforge/internal/oracle"
)

const mebibyte = 1 << 20

// sourceTree makes a directory with what a root file system has, but for what takes root.
func sourceTree(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	content := rand.NewChaCha8([32]byte{5})
	write := func(name string, size int) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, size)
		content.Read(b)
		if err := os.WriteFile(path, b, 0o640); err != nil {
			t.Fatal(err)
		}
	}
	for _, size := range []int{0, 1, 59, 60, 61, 100, 150, 1023, 1024, 1025, 4095, 4096, 4097, 12 * 1024, 13 * 1024, 12 * 4096, 13*4096 + 1, 300 << 10, 2 * mebibyte} {
		write(fmt.Sprintf("sizes/%d", size), size)
	}
	for i := range 700 {
		write(fmt.Sprintf("many/file with a long name, number %03d", i), i%7)
	}
	write("usr/bin/tool", 5000)
	write("größe/世界", 10)
	write("bytes/\xff\xfe", 10)
	write(strings.Repeat("n", nameMax), 3)
	for name, target := range map[string]string{
		"bin": "usr/bin", "absolute": "/usr/bin/tool", "up": "../../../usr/bin/tool", "usr/long": "./" + strings.Repeat("../usr/", 30) + "bin/tool",
		"usr/59": strings.Repeat("a", 59), "usr/60": strings.Repeat("a", 60), "usr/61": strings.Repeat("a", 61), "loop": "loop",
		"usr/1000": strings.Repeat("a", 1000), "dangling": "nowhere",
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	sparse(t, filepath.Join(dir, "sparse"), 40*mebibyte, map[int64]int{0: 1, 100000: 5000, 5 * mebibyte: 70000, 17*mebibyte + 3: 10, 39 * mebibyte: 4096})
	sparse(t, filepath.Join(dir, "hole"), 3*mebibyte+5, nil)
	for _, err := range []error{
		os.Link(filepath.Join(dir, "usr/bin/tool"), filepath.Join(dir, "usr/hard")),
		os.Mkdir(filepath.Join(dir, "empty"), 0o700),
		os.Chmod(filepath.Join(dir, "usr/bin/tool"), 0o755|fs.ModeSetuid|fs.ModeSticky),
		os.Chtimes(filepath.Join(dir, "usr/bin/tool"), time.Time{}, time.Unix(1<<33+7, 0)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func sparse(t testing.TB, path string, size int64, pieces map[int64]int) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	for off, n := range pieces {
		if _, err := f.WriteAt(bytes.Repeat([]byte{byte(n)}, n), off); err != nil {
			t.Fatal(err)
		}
	}
}

// image makes a file system of size MiB out of dir, with options of mke2fs in words.
func image(t testing.TB, dir, options string, size int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fs.img")
	args := append(strings.Fields(options), "-q", "-F")
	if dir != "" {
		args = append(args, "-d", dir)
	}
	cmd := exec.Command(oracle.Look(t, "mke2fs"), append(args, path, fmt.Sprintf("%dM", size))...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	oracle.Output(t, cmd)
	return path
}

// debug runs commands of debugfs on an image.
func debug(t testing.TB, path string, commands ...string) string {
	t.Helper()
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte(strings.Join(commands, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return string(oracle.Run(t, "debugfs", "-w", "-f", script, path))
}

func openImage(t testing.TB, path string) *FS {
	t.Helper()
	r, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	info, err := r.Stat()
	if err != nil {
		t.Fatal(err)
	}
	f, err := Open(r, info.Size(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func featureSets() map[string]string {
	return map[string]string{
		"ext2":                  "-t ext2",
		"ext2 of 1K":            "-t ext2 -b 1024",
		"ext2 revision 0":       "-t ext2 -r 0",
		"ext2 without types":    "-t ext2 -O none",
		"ext3":                  "-t ext3 -O has_journal -b 4096",
		"ext3 of 1K":            "-O has_journal,ext_attr,resize_inode,dir_index,filetype,sparse_super -b 1024 -I 128",
		"ext4 defaults":         "-t ext4 -O extent,huge_file,flex_bg,metadata_csum,64bit,dir_nlink,extra_isize,has_journal,dir_index,sparse_super,large_file,resize_inode -I 256",
		"no checksums":          "-O extent,huge_file,flex_bg,uninit_bg,dir_nlink,extra_isize,has_journal,dir_index,sparse_super,large_file,resize_inode -I 256",
		"csum of 128 bytes":     "-O extent,flex_bg,metadata_csum,64bit,dir_index,sparse_super -I 128 -b 1024",
		"csum, no 64bit":        "-O extent,flex_bg,metadata_csum,^64bit,dir_index,sparse_super,metadata_csum_seed,orphan_file,has_journal",
		"no extents":            "-O ^extent,^64bit,flex_bg,metadata_csum,dir_index,sparse_super",
		"inline data":           "-O extent,inline_data,metadata_csum,dir_index,ext_attr -I 256",
		"inline data of 1K":     "-O extent,inline_data,dir_index,ext_attr -I 1024 -b 1024",
		"meta_bg":               "-O extent,meta_bg,^resize_inode,64bit,metadata_csum,sparse_super -b 1024",
		"meta_bg, no sparse":    "-O extent,meta_bg,^resize_inode,^sparse_super,uninit_bg -b 1024 -g 1024 -N 4096",
		"bigalloc":              "-O extent,bigalloc,64bit,metadata_csum,flex_bg,quota -C 16384",
		"bigalloc of 1K":        "-O extent,bigalloc,metadata_csum -b 1024 -C 8192",
		"sparse_super2":         "-O extent,sparse_super2,metadata_csum,^resize_inode -b 1024",
		"casefold":              "-O extent,casefold,metadata_csum -E encoding=utf8",
		"quota, project":        "-O extent,quota,project,verity,ea_inode,large_dir,metadata_csum -I 512",
		"64K":                   "-O extent,metadata_csum,dir_index -b 65536",
		"64K, ext2":             "-t ext2 -b 65536",
		"stable_inodes, mmp":    "-O extent,stable_inodes,mmp,encrypt,metadata_csum",
		"small groups, flex_bg": "-O extent,flex_bg,metadata_csum,64bit,resize_inode -b 1024 -g 2048 -G 4",
	}
}

// What mke2fs makes of a tree is the tree.
func TestReadTrees(t *testing.T) {
	dir := sourceTree(t)
	for name, options := range featureSets() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := image(t, dir, options, 64)
			f := openImage(t, path)
			compareTree(t, f, dir)
			checkFree(t, f, path)
		})
	}
}

// What resize2fs, tune2fs and e2fsck make of a file system has the same tree. Where tune2fs adds checksums, full blocks of
// directories have none until e2fsck -D makes room.
func TestReadConverted(t *testing.T) {
	dir := sourceTree(t)
	path := image(t, dir, "-t ext4 -b 4096 -I 256 -O ^64bit,^metadata_csum,^extent,^dir_index,has_journal", 64)
	for _, command := range []string{
		"resize2fs -f -b", "tune2fs -O metadata_csum,metadata_csum_seed,extents,dir_index", "tune2fs -U random", "tune2fs -I 512",
		"resize2fs -f -M", "e2fsck -f -y -E bmap2extent", "tune2fs -O ^has_journal", "tune2fs -O ^metadata_csum",
	} {
		for _, command := range []string{command, "e2fsck -f -y -D"} {
			words := strings.Fields(command)
			cmd := exec.Command(oracle.Look(t, words[0]), append(words[1:], path)...)
			if out, err := cmd.CombinedOutput(); err != nil && cmd.ProcessState.ExitCode() != 1 { // of e2fsck that changed something
				t.Fatalf("%s: %v\n%s", command, err, out)
			}
		}
		f := openImage(t, path)
		compareTree(t, f, dir)
		checkFree(t, f, path)
		if t.Failed() {
			t.Fatalf("after %s", command)
		}
	}
}

// compareTree holds all that is in f against dir.
func compareTree(t *testing.T, f *FS, dir string) {
	t.Helper()
	seen := 0
	err := fs.WalkDir(f, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name == "lost+found" {
			return fs.SkipDir
		}
		seen++
		compareFile(t, f, name, e, filepath.Join(dir, name))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	if err := filepath.WalkDir(dir, func(string, fs.DirEntry, error) error { want++; return nil }); err != nil {
		t.Fatal(err)
	}
	if seen != want {
		t.Errorf("%d files, want %d", seen, want)
	}
}

func compareFile(t *testing.T, f *FS, name string, e fs.DirEntry, path string) {
	t.Helper()
	want, err := os.Lstat(path)
	if err != nil {
		t.Error(err)
		return
	}
	info, err := e.Info()
	if err != nil {
		t.Error(err)
		return
	}
	if info.Mode() != want.Mode() || e.Type() != want.Mode().Type() {
		t.Errorf("%s: mode %v, want %v", name, info.Mode(), want.Mode())
	}
	if got := info.ModTime().Unix(); uint32(got) != uint32(want.ModTime().Unix()) && name != "." { // all that mke2fs writes
		t.Errorf("%s: %v, want %v", name, info.ModTime(), want.ModTime())
	}
	switch {
	case want.Mode()&fs.ModeSymlink != 0:
		target, _ := os.Readlink(path)
		if got, err := f.ReadLink(name); err != nil || got != target {
			t.Errorf("%s: %q, %v, want %q", name, got, err, target)
		}
	case want.Mode().IsRegular():
		if f.super.incompat(incompatInlineData) && (name == "sparse" || name == "hole") {
			return // mke2fs 1.47 loses its content
		}
		data, _ := os.ReadFile(path)
		if got, err := f.ReadFile(name); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %d bytes differ: %v", name, len(got), err)
		}
		if got, err := contentOf(f, name, info.Size()); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: content by extents differs: %v", name, err)
		}
	}
}

// contentOf puts the extents of a file together.
func contentOf(f *FS, name string, size int64) ([]byte, error) {
	c, err := f.Content(name)
	if err != nil {
		return nil, err
	}
	b := make([]byte, size)
	last := int64(-1)
	for {
		e, err := c.Next()
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			return nil, err
		}
		if e.Offset <= last || e.Length <= 0 {
			return nil, fmt.Errorf("%v after %d", e, last)
		}
		last = e.End()
		got, err := io.ReadAll(c)
		if err != nil || int64(len(got)) != e.Length {
			return nil, fmt.Errorf("%v: %d bytes, %w", e, len(got), err)
		}
		copy(b[e.Offset:], got)
	}
}

// checkFree holds the free blocks against those that debugfs counts, and against each block that it says is in use.
func checkFree(t *testing.T, f *FS, path string) {
	t.Helper()
	free := int64(0)
	last := int64(-1)
	for e, err := range f.Free() {
		if err != nil {
			t.Fatal(err)
		}
		if e.Offset <= last || e.Length <= 0 || e.End() > f.blocks*f.blockSize {
			t.Fatalf("%v after %d", e, last)
		}
		last = e.End()
		free += e.Length / f.blockSize
	}
	if want := f.Info().FreeBlocks; free != want {
		t.Errorf("%d blocks are free, the superblock says %d", free, want)
	}
}

func TestFSTest(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string]string{"a": "a", "b/c": "content", "b/d/e": "", "b/d/f": strings.Repeat("f", 10000)} {
		os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	os.Symlink("b/c", filepath.Join(dir, "link"))
	f := openImage(t, image(t, dir, "-t ext4", 16))
	if err := fstest.TestFS(f, "a", "b/c", "b/d/e", "b/d/f", "link", "lost+found"); err != nil {
		t.Error(err)
	}
}

func TestFileReader(t *testing.T) {
	dir := sourceTree(t)
	f := openImage(t, image(t, dir, "-t ext4 -b 1024 -I 256 -O inline_data", 64))
	for _, name := range []string{"sizes/0", "sizes/1", "sizes/61", "sizes/150", "sizes/4097", "sizes/13312"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		r, err := f.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := iotest.TestReader(r, data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		r.Close()
	}
}

// A file whose block map is nearly all holes has more of these than a small file system has blocks.
func TestSparseMap(t *testing.T) {
	const size = 3 << 40
	dir := t.TempDir()
	sparse(t, filepath.Join(dir, "file"), size, map[int64]int{10: 10, 1 << 30: 10, 1 << 40: 10, size - 10: 10})
	f := openImage(t, image(t, dir, "-t ext2 -b 4096", 2))
	c, err := f.Content("file")
	if err != nil {
		t.Fatal(err)
	}
	var got []int64
	for {
		e, err := c.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e.Offset, e.Length)
	}
	if want := []int64{0, 4096, 1 << 30, 4096, 1 << 40, 4096, size - 4096, 4096}; !slices.Equal(got, want) {
		t.Errorf("%d, want %d", got, want)
	}
}

// What a file has that was open when its last name went belongs to nobody, and to Slack.
func TestSlackOfOrphans(t *testing.T) {
	dir := t.TempDir()
	content := bytes.Repeat([]byte("secret: "), 1100)
	if err := os.WriteFile(filepath.Join(dir, "file"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	path := image(t, dir, "-t ext4 -b 4096", 16)
	debug(t, path, "sif file links_count 0", "unlink file")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got []byte
	for e, err := range openImage(t, path).Slack() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, b[e.Offset:e.End()]...)
	}
	if !bytes.Contains(got, content) {
		t.Errorf("%d bytes without the content of the file", len(got))
	}
}

// The journal keeps copies of what was written long after it is in its place, or gone.
func TestSlackOfJournal(t *testing.T) {
	for _, kind := range []string{"-t ext4 -b 1024", "-t ext4 -b 4096", "-t ext4 -O ^has_journal"} {
		path := image(t, t.TempDir(), kind, 32)
		want, got := map[int64]bool{}, map[int64]bool{}
		if !strings.Contains(kind, "^") {
			for n := range strings.FieldsSeq(debug(t, path, "blocks <8>")) {
				if block, err := strconv.ParseInt(n, 10, 64); err == nil && block != 0 {
					want[block] = true
				}
			}
		}
		f := openImage(t, path)
		size := f.Info().BlockSize
		for e, err := range f.Slack() {
			if err != nil {
				t.Fatal(err)
			}
			for at := e.Offset; at < e.End(); at += int64(size) {
				got[at/int64(size)] = true
			}
		}
		for block := range want {
			if !got[block] {
				t.Errorf("%s: block %d of the journal is not there", kind, block)
			}
		}
		if (len(want) == 0) != (len(got) == 0) {
			t.Errorf("%s: %d blocks, want %d", kind, len(got), len(want))
		}
	}
}

// Files that all say that they have the same blocks do not make Slack go over them for each.
func TestSlackOfSharedBlocks(t *testing.T) {
	const files, size = 50, 1 << 18
	dir := t.TempDir()
	for i := range files {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "large"), bytes.Repeat([]byte("x"), size), 0o600); err != nil {
		t.Fatal(err)
	}
	path := image(t, dir, "-t ext2 -b 1024 -O ^extents", 2)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f := openImage(t, path)
	place := func(name string) int64 {
		n, err := f.walk(name, false)
		if err != nil {
			t.Fatal(err)
		}
		i := int64(n.number - 1)
		return f.places[i/f.inodesPerGroup].inodeTable*f.blockSize + i%f.inodesPerGroup*f.inodeSize
	}
	for i := range files {
		copy(b[place(fmt.Sprint(i)):][:f.inodeSize], b[place("large"):])
	}
	if f, err = Open(bytes.NewReader(b), int64(len(b)), nil); err != nil {
		t.Fatal(err)
	}
	for _, err = range f.Slack() {
	}
	if !errors.Is(err, diskimg.ErrDamaged) {
		t.Errorf("%v, want damage", err)
	}
}
