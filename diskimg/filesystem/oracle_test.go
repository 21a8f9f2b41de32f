package filesystem

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"amiforge/diskimg"
	"amiforge/internal/oracle"
)

const mib = 1 << 20

// sourceTree makes a directory of what all kinds of file systems can have, and links where they can.
func sourceTree(t testing.TB, links bool) string {
	t.Helper()
	dir := t.TempDir()
	for name, size := range map[string]int{
		"EFI/BOOT/grub.cfg": 3000, "EFI/a long name of a file.conf": 100, "empty": 0, "one": 1, "big/data": 140_000, "user-data": 513,
		".bash_history": 40, ".ssh/.hidden": 10, "dots...x": 5, "Grüße ☃☄ (1).txt": 9, "long/" + strings.Repeat("long ", 45) + "name": 77,
		"UPPER.TXT": 3, "lower.txt": 4, "deep/" + strings.Repeat("d/", 70) + "file": 2049, "block": 131072,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, bytes.Repeat([]byte(name), size/len(name)+1)[:size], 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 60 {
		path := filepath.Join(dir, "many", fmt.Sprintf("file-%03d.txt", i))
		os.MkdirAll(filepath.Dir(path), 0o755)
		if err := os.WriteFile(path, []byte(path), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if !links {
		return dir
	}
	for name, target := range map[string]string{
		"cfg": "EFI/BOOT", "absolute": "/EFI/BOOT/grub.cfg", "EFI/up": "../../one", "far": strings.Repeat("d/../", 60) + "one", "root": "/",
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	err := errors.Join(sparse(filepath.Join(dir, "sparse")), os.Mkdir(filepath.Join(dir, "d"), 0o700), os.Chmod(filepath.Join(dir, "d"), fs.ModeSticky|0o777), os.Chmod(filepath.Join(dir, "UPPER.TXT"), fs.ModeSetuid|fs.ModeSticky|0o751),
		os.Link(filepath.Join(dir, "one"), filepath.Join(dir, "hard")))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// sparse makes a file of 700 kB with something at its start, in its middle and at its end.
func sparse(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	for i, off := range []int64{0, 300_077, 700_000} {
		if _, err := f.WriteAt([]byte{'a', 'b', byte(i)}, off); err != nil {
			return err
		}
	}
	return f.Close()
}

func emptyFile(t testing.TB, size int64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
	return path
}

// makeFAT makes a FAT file system and copies dir into it by mtools.
func makeFAT(t testing.TB, dir string, size int64, options ...string) string {
	t.Helper()
	path := emptyFile(t, size)
	oracle.Run(t, "mkfs.vfat", append(options, path)...)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"-s", "-i", path}
	for _, e := range entries {
		args = append(args, filepath.Join(dir, e.Name()))
	}
	cmd := exec.Command(oracle.Look(t, "mcopy"), append(args, "::")...)
	cmd.Env = append(os.Environ(), "MTOOLS_SKIP_CHECK=1", "LC_ALL=C.UTF-8")
	oracle.Output(t, cmd)
	return path
}

func openPath(t testing.TB, path string) (FS, Info, error) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return Open(f, info.Size())
}

func TestForeign(t *testing.T) {
	plain, linked := sourceTree(t, false), sourceTree(t, true)
	made := func(name string, args ...string) string {
		path := filepath.Join(t.TempDir(), "image")
		for i, a := range args {
			args[i] = strings.ReplaceAll(a, "OUT", path)
		}
		oracle.Run(t, name, args...)
		return path
	}
	squash := func(options ...string) string {
		return made("mksquashfs", append([]string{linked, "OUT", "-quiet", "-no-progress"}, options...)...)
	}
	tests := []struct {
		name, kind, dir string
		make            func() string
	}{
		{"FAT12", "vfat", plain, func() string { return makeFAT(t, plain, 6*mib, "-F", "12") }},
		{"FAT12 with one table", "vfat", plain, func() string { return makeFAT(t, plain, 6*mib, "-F", "12", "-f", "1") }},
		{"FAT16", "vfat", plain, func() string { return makeFAT(t, plain, 32*mib, "-F", "16") }},
		{"FAT16 in clusters of 64 KiB", "vfat", plain, func() string { return makeFAT(t, plain, 270*mib, "-F", "16", "-s", "128") }},
		{"FAT32", "vfat", plain, func() string { return makeFAT(t, plain, 64*mib, "-F", "32", "-s", "1") }},
		{"FAT32 in sectors of 4096", "vfat", plain, func() string { return makeFAT(t, plain, 512*mib, "-F", "32", "-S", "4096", "-s", "1") }},
		{"squashfs", "squashfs", linked, func() string { return squash() }},
		{"squashfs of lzma", "squashfs", linked, func() string { return squash("-comp", "lzma") }},
		{"squashfs of xz", "squashfs", linked, func() string { return squash("-comp", "xz", "-b", "65536") }},
		{"squashfs of lz4", "squashfs", linked, func() string { return squash("-comp", "lz4", "-Xhc") }},
		{"squashfs of zstd", "squashfs", linked, func() string { return squash("-comp", "zstd", "-b", "1M") }},
		{"squashfs without fragments", "squashfs", linked, func() string { return squash("-no-fragments", "-b", "4096") }},
		{"squashfs of fragments", "squashfs", linked, func() string { return squash("-always-use-fragments", "-b", "4096") }},
		{"squashfs as it is", "squashfs", linked, func() string { return squash("-noI", "-noD", "-noF", "-noX") }},
		{"ISO 9660 with Rock Ridge", "iso9660", linked, func() string { return made("genisoimage", "-quiet", "-R", "-o", "OUT", linked) }},
		{"ISO 9660 with both", "iso9660", linked, func() string { return made("genisoimage", "-quiet", "-R", "-J", "-o", "OUT", linked) }},
		{"ext4", "ext4", linked, func() string { return made("mke2fs", "-q", "-t", "ext4", "-d", linked, "OUT", "16M") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, info, err := openPath(t, tt.make())
			if err != nil || info.Type != tt.kind {
				t.Fatalf("%+v, %v", info, err)
			}
			compareTree(t, f, tt.dir, tt.dir == linked)
			if err := fstest.TestFS(f, "EFI/BOOT/grub.cfg", "one"); err != nil {
				t.Error(err)
			}
			data, _ := os.ReadFile(filepath.Join(tt.dir, "user-data"))
			r, err := f.Open("user-data")
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if err := iotest.TestReader(r, data); err != nil {
				t.Error(err)
			}
		})
	}
}

// compareTree compares all files with those of dir, modes too if the kind of file system has them.
func compareTree(t *testing.T, f FS, dir string, owned bool) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		info, err := f.Lstat(name)
		if err != nil {
			return err
		}
		want, err := e.Info()
		if err != nil {
			return err
		}
		switch {
		case info.Mode().Type() != e.Type() || owned && e.Type() != fs.ModeSymlink && info.Mode() != want.Mode():
			t.Errorf("%s is %v, want %v", name, info.Mode(), want.Mode())
		case e.Type()&fs.ModeSymlink != 0:
			want, _ := os.Readlink(path)
			if got, err := f.ReadLink(name); err != nil || got != want {
				t.Errorf("%s: %q, %v, want %q", name, got, err, want)
			}
		case e.Type().IsRegular():
			want, _ := os.ReadFile(path)
			if got, err := f.ReadFile(name); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %d bytes differ from %d: %v", name, len(got), len(want), err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestLinks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "image")
	dir := sourceTree(t, true)
	for name, target := range map[string]string{"loop": "loop", "above": "one/../EFI", "slash": "one/", "slashes": "EFI//"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	oracle.Run(t, "mksquashfs", dir, path, "-quiet", "-no-progress")
	f, _, err := openPath(t, path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"cfg/grub.cfg", "absolute", "EFI/up"} {
		if b, err := f.ReadFile(name); err != nil || len(b) == 0 {
			t.Errorf("%s: %d bytes, %v", name, len(b), err)
		}
	}
	for _, name := range []string{"above", "slash", "one/file"} {
		if _, err := f.Stat(name); !errors.Is(err, syscall.ENOTDIR) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if info, err := f.Stat("slashes"); err != nil || !info.IsDir() {
		t.Errorf("slashes: %v, %v", info, err)
	}
	if _, err := f.Stat("loop"); err == nil || !strings.Contains(err.Error(), "too many") {
		t.Errorf("loop: %v", err)
	}
	if _, err := f.Stat("cfg/nothing"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing: %v", err)
	}
}

// What has no files, or none that are read, is told apart.
func TestRefusals(t *testing.T) {
	made := func(size int64, command string) func() string {
		return func() string {
			path := emptyFile(t, size)
			words := strings.Fields(command)
			if len(words) > 0 {
				oracle.Run(t, words[0], append(words[1:], path)...)
			}
			return path
		}
	}
	tests := []struct {
		name string
		make func() string
		kind string
		err  error
	}{
		{"zeros", made(3*mib+5, ""), "", ErrEmpty},
		{"nothing", made(0, ""), "", ErrEmpty},
		{"swap", made(16*mib, "mkswap -q"), "swap", ErrSwap},
		{"xfs", made(320*mib, "mkfs.xfs -q"), "xfs", diskimg.ErrUnsupported},
		{"btrfs", made(128*mib, "mkfs.btrfs -q"), "btrfs", diskimg.ErrUnsupported},
		{"f2fs", made(64*mib, "mkfs.f2fs -q"), "f2fs", diskimg.ErrUnsupported},
		{"ntfs", made(32*mib, "mkntfs -q -F -f"), "ntfs", diskimg.ErrUnsupported},
		{"journal device", made(64*mib, "mke2fs -q -F -O journal_dev"), "jbd", diskimg.ErrUnsupported},
		{"something", func() string {
			path := emptyFile(t, mib)
			if err := os.WriteFile(path, append(make([]byte, 70000), "data"...), 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}, "", ErrUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, info, err := openPath(t, tt.make())
			if !errors.Is(err, tt.err) || info.Type != tt.kind {
				t.Errorf("%q, %v, want %q, %v", info.Type, err, tt.kind, tt.err)
			}
			if tt.err == ErrUnknown && !errors.Is(err, diskimg.ErrUnsupported) {
				t.Errorf("%v is not unsupported", err)
			}
			if tt.err == diskimg.ErrUnsupported && !strings.Contains(err.Error(), tt.kind) {
				t.Errorf("%v does not name %s", err, tt.kind)
			}
		})
	}
}
