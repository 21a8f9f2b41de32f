package audit

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"amiforge/internal/oracle"
	"amiforge/internal/rootfs"
)

// packed compresses content by a line of shell.
func packed(t *testing.T, content []byte, tool string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(oracle.Look(t, tool), args...)
	cmd.Stdin = bytes.NewReader(content)
	return oracle.Output(t, cmd)
}

// cpioOf makes an archive of files as an initramfs is one.
func cpioOf(t *testing.T, files map[string]string) []byte {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("sh", "-c", "find . | sort | "+oracle.Look(t, "cpio")+" -o -H newc --quiet")
	cmd.Dir = dir
	return oracle.Output(t, cmd)
}

func initramfs() map[string]string {
	return map[string]string{
		"etc/a.conf":                   "first\nkey " + accessKey + "\n",
		"etc/keys/host":                privateKey(),
		"root-x/.ssh/authorized_keys":  "# none\nssh-ed25519 AAAA me\n",
		"etc/dropbear/authorized_keys": "# none\n",
		"usr/bin/tool":                 "\x7fELF\x00\x00" + accessKey + "\x00https://web:tr0ub4dor3x@db.corp.tld\x00",
		"zz/long":                      strings.Repeat("0123456\n", 10_000) + accessKey + "\n",
		"empty":                        "",
	}
}

// What logs are compressed with is looked into.
func TestCompressed(t *testing.T) {
	content := []byte("first\nkey " + accessKey + "\n" + strings.Repeat("0123456\n", chunkSize/8))
	for _, tool := range []string{"gzip", "bzip2", "xz", "zstd"} {
		tree := fstest.MapFS{"var/log/a": file(string(packed(t, content, tool, "-c")))}
		want := []string{"error /var/log/a:2 AWS access key ID in what is compressed"}
		if diff := cmp.Diff(want, secretsOf(t, "SECRET-TEXT", tree)); diff != "" {
			t.Errorf("%s: %s", tool, diff)
		}
	}
}

// An initramfs is looked into file by file, however it is packed.
func TestArchive(t *testing.T) {
	early, main := cpioOf(t, map[string]string{"kernel/x86/microcode/GenuineIntel.bin": "\x01\x00" + strings.Repeat("x", 5000)}), cpioOf(t, initramfs())
	want := []string{
		"error /boot/initrd:0 a key lets its owner in, in root-x/.ssh/authorized_keys of an archive",
		"error /boot/initrd:0 private key in etc/keys/host of an archive",
		"error /boot/initrd:1 AWS access key ID in usr/bin/tool of an archive",
		"error /boot/initrd:2 AWS access key ID in etc/a.conf of an archive",
		"error /boot/initrd:10001 AWS access key ID in zz/long of an archive",
	}
	zstd := packed(t, main, "zstd", "-c")
	for name, content := range map[string][]byte{
		"plain":                 main,
		"gzip":                  packed(t, main, "gzip", "-c"),
		"xz":                    packed(t, main, "xz", "-c", "--check=crc32", "--lzma2=dict=512KiB"),
		"zstd":                  zstd,
		"bzip2":                 packed(t, main, "bzip2", "-c"),
		"microcode, plain":      slices.Concat(early, main),
		"microcode, padding":    slices.Concat(early, make([]byte, 4096), main),
		"microcode, zstd":       slices.Concat(early, make([]byte, 512), zstd),
		"microcode twice":       slices.Concat(early, early, zstd),
		"several, zstd":         packed(t, slices.Concat(early, make([]byte, 1024), main), "zstd", "-c"),
		"something behind":      slices.Concat(main, make([]byte, 512), []byte(strings.Repeat("rest", 200))),
		"cut off behind it all": main[:bytes.Index(main, []byte("TRAILER"))],
	} {
		got := secretsOf(t, "SECRET-TEXT", fstest.MapFS{"boot/initrd": file(string(content))})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// What looks like an archive and is none, or none that can be read, ends soon.
func TestArchiveHostile(t *testing.T) {
	member := func(name string, size, nameSize uint32) string {
		return fmt.Sprintf("070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s", 1, 0o100644, 0, 0, 1, 0, size, 0, 0, 0, 0, nameSize, 0, name)
	}
	bomb := packed(t, make([]byte, 64<<20), "zstd", "-c")
	for range 3 {
		bomb = packed(t, bomb, "zstd", "-c")
	}
	for name, tt := range map[string]struct {
		content string
		want    int
	}{
		"text":               {"070701 is a date\nkey " + accessKey + "\n" + strings.Repeat("x", 200), 1},
		"numbers":            {strings.Repeat("070701", 100) + "\nkey " + accessKey, 0},
		"bzip2, by the name": {"BZh9 is a name\nkey " + accessKey + "\n", 1},
		"no name":            {member("", 0, 0) + strings.Repeat("x", 200), 0},
		"a name too long":    {member("a", 0, 1<<31), 0},
		"a size too large":   {member("a\x00", 1<<32-1, 2) + accessKey, 1},
		"a zero in the name": {member("a\x00\x1b[2J\n\x00\x00\x00", 20, 8) + accessKey + strings.Repeat(" ", 20), 1},
		"zeros":              {member("a\x00", 0, 2) + strings.Repeat("\x00", 8<<20), 0},
		"many":               {strings.Repeat(member("a\x00", 0, 2), 100_000), 0},
		"in itself":          {string(bomb), 0},
		"archive in archive": {string(packed(t, packed(t, cpioOf(t, initramfs()), "xz", "-c"), "xz", "-c")), 0},
	} {
		begin := time.Now()
		got := secretsOf(t, "SECRET-TEXT", fstest.MapFS{"boot/initrd": file(tt.content)})
		if len(got) != tt.want || time.Since(begin) > 10*time.Second {
			t.Errorf("%s: %q after %v, want %d", name, got, time.Since(begin), tt.want)
		}
	}
}

func FuzzArchive(f *testing.F) {
	f.Add([]byte("070701" + strings.Repeat("0", 104)))
	f.Add([]byte("07070100000001000081A40000000000000000000000010000000000000005000000000000000000000000000000000000000200000000a\x00hello\x00\x00\x00\x1f\x8b\x08"))
	f.Fuzz(func(t *testing.T, p []byte) {
		tree := fstest.MapFS{"boot/initrd": file(string(p))}
		if _, err := Run(t.Context(), &Image{Root: rootfs.New(tree)}, nil); err != nil {
			t.Error(err)
		}
	})
}
