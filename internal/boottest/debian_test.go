//go:build boot

package boottest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"amiforge/diskimg"
	"amiforge/diskimg/ext4"
	"amiforge/internal/oracle"
	"amiforge/internal/tree"
)

// volumeUUID is the one that the fstab of the tree names.
const volumeUUID = "b0075e57-0000-4000-8000-000000000001"

// TestDebianBoots makes a volume of the Debian tree that BOOT_TREE names, takes it to a bundle in a bucket and back,
// holds what came back against the tree, audits it and boots it.
func TestDebianBoots(t *testing.T) {
	b := newBench(t)
	archive := b.archive()
	b.run("ami-keygen", "-o", "keys")
	b.run("ami-bundle", "--volume", archive, "-s", "1500", "--uuid", volumeUUID, "--label", "root", "-r", "x86_64",
		"-c", "keys/cert.pem", "-k", "keys/pk.pem", "-u", "123456789012", "--to", "s3://"+b.bucket+"/debian")
	b.run("ami-unbundle", "-m", b.manifest(), "-k", "keys/pk.pem", "-o", "disk")

	t.Run("e2fsck", func(t *testing.T) { checkFileSystem(t, b.path("disk")) })
	t.Run("entries", func(t *testing.T) { sameEntries(t, archive, b.path("disk")) })
	t.Run("debugfs", func(t *testing.T) { b.with(t).sameFiles(archive) })
	t.Run("audit", func(t *testing.T) { b.with(t).audit() })
	t.Run("boot", func(t *testing.T) { b.with(t).bootVolume(archive) })
}

// archive returns the path of the tree that everything begins with.
func (b *bench) archive() string {
	b.Helper()
	path := os.Getenv("BOOT_TREE")
	if !filepath.IsAbs(path) {
		b.Fatalf("BOOT_TREE is %q, not the path of an archive: make boot-test sets it", path)
	}
	return path
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

// checkFileSystem wants e2fsck to have nothing to remark.
func checkFileSystem(t *testing.T, path string) {
	t.Helper()
	out := oracle.Run(t, "e2fsck", "-fn", path)
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "Pass ") && !strings.Contains(line, " files (") {
			t.Errorf("e2fsck: %s", line)
		}
	}
}

// sameEntries wants the file system to have what the archive has, attributes and all, read by packages of ours.
func sameEntries(t *testing.T, archive, disk string) {
	f := open(t, archive)
	want, err := tree.OpenArchive(t.Context(), f, archive, nil)
	if err != nil {
		t.Fatal(err)
	}
	image := open(t, disk)
	info, err := image.Stat()
	if err != nil {
		t.Fatal(err)
	}
	fsys, err := ext4.Open(image, info.Size(), nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; ; n++ {
		item, err := want.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		sameEntry(t, fsys, item)
	}
	if n < 10000 {
		t.Errorf("only %d entries were compared", n)
	}
}

func sameEntry(t *testing.T, fsys *ext4.FS, item *tree.Item) {
	t.Helper()
	got, err := fsys.Entry(item.Name)
	if err != nil {
		t.Error(err)
		return
	}
	if item.HardLink != "" {
		first, err := fsys.Entry(item.HardLink)
		if err != nil {
			t.Error(err)
			return
		}
		first.Name = item.Name
		if diff := cmp.Diff(first, got); diff != "" {
			t.Errorf("%s is not %s:\n%s", item.Name, item.HardLink, diff)
		}
		return
	}
	want := item.Entry
	for _, e := range []*ext4.Entry{&want, got} { // which times there are, is the archive's business
		e.AccessTime, e.ChangeTime, e.BirthTime = time.Time{}, time.Time{}, time.Time{}
		e.ModTime = e.ModTime.UTC()
		slices.SortFunc(e.Xattrs, func(a, b ext4.Xattr) int { return strings.Compare(a.Name, b.Name) })
		if len(e.Xattrs) == 0 {
			e.Xattrs = nil
		}
		if e.Mode&fs.ModeType != 0 {
			e.Size = 0
		}
	}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("%s:\n%s", item.Name, diff)
	}
	if item.Content != nil {
		sameContent(t, fsys, item)
	}
}

func sameContent(t *testing.T, fsys *ext4.FS, item *tree.Item) {
	t.Helper()
	got, err := fsys.Open(item.Name)
	if err != nil {
		t.Error(err)
		return
	}
	defer got.Close()
	if err := same(got, dense(item)); err != nil {
		t.Errorf("%s: %v", item.Name, err)
	}
}

// dense returns the content of a file with its holes as zeros.
func dense(item *tree.Item) io.Reader {
	src, ok := item.Content.(diskimg.Source)
	if !ok {
		return item.Content
	}
	r, w := io.Pipe()
	go func() { w.CloseWithError(fill(w, src, item.Size)) }()
	return r
}

func fill(w io.Writer, src diskimg.Source, size int64) error {
	at := int64(0)
	for {
		e, err := src.Next()
		if err == io.EOF {
			e = diskimg.Extent{Offset: size}
		} else if err != nil {
			return err
		}
		if _, err := io.CopyN(w, zeros{}, e.Offset-at); err != nil || e.Length == 0 {
			return err
		}
		if _, err := io.CopyN(w, src, e.Length); err != nil {
			return err
		}
		at = e.End()
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// same tells where two streams differ.
func same(a, b io.Reader) error {
	one, two := make([]byte, 1<<20), make([]byte, 1<<20)
	for at := int64(0); ; {
		n, err := io.ReadFull(a, one)
		m, other := io.ReadFull(b, two)
		if n != m || !bytes.Equal(one[:n], two[:m]) {
			return fmt.Errorf("the content differs behind byte %d", at)
		}
		at += int64(n)
		if err != nil || other != nil {
			return endOf(err, other)
		}
	}
}

func endOf(errs ...error) error {
	for _, err := range errs {
		if err != io.EOF && err != io.ErrUnexpectedEOF {
			return err
		}
	}
	return nil
}

func open(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// sameFiles wants debugfs to find in the disk what GNU tar finds in the archive: content, owners, modes, times.
func (b *bench) sameFiles(archive string) {
	for _, dir := range []string{"want", "got"} {
		if err := os.Mkdir(b.path(dir), 0o700); err != nil {
			b.Fatal(err)
		}
	}
	b.run("tar", "--numeric-owner", "-xf", archive, "-C", b.path("want"))
	b.run("debugfs", "-R", "rdump / "+b.path("got"), b.path("disk"))
	if err := os.Remove(b.path("got/lost+found")); err != nil {
		b.Error(err)
	}
	b.run("find", "want", "-type", "c", "-delete") // debugfs makes no devices
	b.run("diff", "-r", "--no-dereference", "--exclude", "rare", "want", "got")
	// It loses set-uid when it gives files to their owners; sameEntries has looked at that.
	const script = `cd "$1" && find . -type f -perm /7000 -exec chmod a-s,-t {} + && find . -path ./srv/rare -prune -o \( -type f -o -type l \) -printf '%p %m %U %G %s %l\n' | sort`
	if diff := cmp.Diff(b.run("sh", "-c", script, "sh", "want"), b.run("sh", "-c", script, "sh", "got")); diff != "" {
		b.Error(diff)
	}
}

// audit wants no more of the tree than what it was made with.
func (b *bench) audit() {
	sameFindings(b.T, accepted(), b.findings("disk"))
}

// bootVolume boots the disk, which has no boot loader, with the kernel and the initramfs of the archive.
func (b *bench) bootVolume(archive string) {
	for name, pattern := range map[string]string{"vmlinuz": "./boot/vmlinuz-*", "initrd": "./boot/initrd.img-*"} {
		b.run("sh", "-c", `tar -xOf "$1" --wildcards "$2" >"$3"`, "sh", archive, pattern, name)
	}
	limit := fmt.Errorf("stopped after %v", bootTime)
	ctx, cancel := context.WithTimeoutCause(b.ctx, bootTime, limit)
	defer cancel()
	m := &Machine{
		Program: oracle.Look(b, "qemu-system-x86_64"), Disk: b.path("disk"), Format: "raw",
		Kernel: b.path("vmlinuz"), Initramfs: b.path("initrd"),
		CommandLine: "root=UUID=" + volumeUUID + " rw console=ttyS0,115200 loglevel=4 panic=1",
	}
	took, err := m.Boot(ctx, prompt)
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("login prompt after %.1f s", took.Seconds())
}
