package clean_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiforge/diskimg/partition"
	"amiforge/internal/clean"
	"amiforge/internal/oracle"
)

const mib = 1 << 20

// sfdisk writes a partition table.
func sfdisk(t *testing.T, f *os.File, script string) {
	t.Helper()
	cmd := exec.Command(oracle.Look(t, "sfdisk"), "-q", f.Name())
	cmd.Stdin = strings.NewReader(script)
	oracle.Output(t, cmd)
}

// Of a disk the copy has what it takes to start from it, and of each file system the files that belong.
func TestDisk(t *testing.T) {
	tests := []struct {
		name, table         string
		root, varlib, swap0 int64 // where the partitions begin
	}{
		{"gpt", "label: gpt\nstart=1MiB,size=1MiB,type=21686148-6449-6E6F-744E-656564454649\nstart=2MiB,size=16MiB\nstart=20MiB,size=16MiB\nstart=40MiB,size=4MiB,type=S\n", 2 * mib, 20 * mib, 40 * mib},
		{"mbr with logical partitions", "label: dos\nlabel-id: 0x12345678\nstart=2MiB,size=16MiB,bootable\nstart=19MiB,size=40MiB,type=E\nstart=20MiB,size=16MiB\nstart=40MiB,size=4MiB,type=S\n", 2 * mib, 20 * mib, 40 * mib},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src := newFile(t, "disk", 64*mib)
			sfdisk(t, src, tt.table)
			tree{"etc/fstab": "/dev/sda" + map[bool]string{true: "3", false: "5"}[tt.name == "gpt"] + " /var ext4 defaults 0 0\n", "usr/bin/a": "x", "var": "/"}.write(t, src, tt.root)
			tree{"log/syslog": "x", "lib/a": "x", "tmp/a": "x"}.write(t, src, tt.varlib)
			put(t, src, 440, "GRUB")
			put(t, src, 600*1024, "core image")
			put(t, src, 38*mib, "a secret between partitions")
			put(t, src, tt.swap0+8192, "a secret in swap space")
			put(t, src, tt.swap0, asleep(t))

			dst, result, err := copyDisk(t, src, clean.Options{})
			check(t, err)
			if diff := cmp.Diff(table(t, src), table(t, dst)); diff != "" {
				t.Errorf("partition table (-want +got):\n%s", diff)
			}
			before, after := content(t, src), content(t, dst)
			if len(after) != len(before) {
				t.Errorf("the copy is %d bytes long, not %d", len(after), len(before))
			}
			if !bytes.Equal(before[:mib], after[:mib]) {
				t.Error("what is in front of the first partition differs")
			}
			if bytes.Contains(after, []byte("secret")) {
				t.Error("what was between partitions or in swap space is in the copy")
			}
			if got := string(after[tt.swap0+4086:][:10]); got != "SWAPSPACE2" {
				t.Errorf("the mark of swap space is %q", got)
			}
			var changes []string
			for _, c := range result.Changes {
				changes = append(changes, string(c.Action)+" "+c.Path)
			}
			if diff := cmp.Diff([]string{"emptied /var/log/syslog", "removed /var/tmp/a"}, changes); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			oracle.Run(t, "sfdisk", "--verify", dst.Name())
		})
	}
}

// asleep returns the first page of swap space that a machine was put to sleep in.
func asleep(t *testing.T) string {
	t.Helper()
	f := newFile(t, "swap", 4*mib)
	oracle.Run(t, "mkswap", "-q", "-p", "4096", f.Name())
	put(t, f, 4096-10, "S1SUSPEND\x00")
	return string(content(t, f)[:4096])
}

func put(t *testing.T, f *os.File, off int64, text string) {
	t.Helper()
	_, err := f.WriteAt([]byte(text), off)
	check(t, err)
}

func table(t *testing.T, f *os.File) *partition.Table {
	t.Helper()
	table, err := partition.Read(f, 64*mib)
	check(t, err)
	return table
}

// What is mounted on /home hides homes, which are in the copy as well.
func TestHiddenHome(t *testing.T) {
	src := newFile(t, "disk", 40*mib)
	sfdisk(t, src, "label: dos\nstart=1MiB,size=16MiB\nstart=20MiB,size=16MiB\n")
	tree{"etc/fstab": "/dev/sda2 /home ext4 defaults 0 0\n", "usr/bin/a": "x", "home/old/.bash_history": "x", "home/old/notes": "x"}.write(t, src, mib)
	tree{"new/.bash_history": "x", "new/notes": "x"}.write(t, src, 20*mib)
	dst, _, err := copyDisk(t, src, clean.Options{})
	check(t, err)
	for _, off := range []int64{mib, 20 * mib} {
		if list := strings.Join(listing(t, dst, off), "\n"); strings.Contains(list, "history") || !strings.Contains(list, "notes") {
			t.Errorf("at %d:\n%s", off, list)
		}
	}
}

func TestRefused(t *testing.T) {
	tests := []struct {
		name string
		make func(t *testing.T, f *os.File)
		want string
	}{
		{"ext2", func(t *testing.T, f *os.File) {
			oracle.Run(t, "mke2fs", "-q", "-t", "ext2", f.Name())
		}, "the disk: it is ext2 without extent, 64bit, metadata_csum: "},
		{"an old ext4", func(t *testing.T, f *os.File) {
			oracle.Run(t, "mke2fs", "-q", "-t", "ext4", "-O", "^metadata_csum", f.Name())
		}, "the disk: it is ext4 without metadata_csum: "},
		{"names without case", func(t *testing.T, f *os.File) {
			oracle.Run(t, "mke2fs", "-q", "-t", "ext4", "-O", "casefold", f.Name())
		}, "the disk: feature casefold is not written"},
		{"a partition that cannot be read", func(t *testing.T, f *os.File) {
			sfdisk(t, f, "label: gpt\nstart=1MiB,size=16MiB\nstart=20MiB,size=16MiB\n")
			tree{"etc/a": "x"}.write(t, f, mib)
			put(t, f, 20*mib, "XFSB")
		}, "partition 2: "},
		{"partitions in one place", func(t *testing.T, f *os.File) {
			sfdisk(t, f, "label: dos\nstart=1MiB,size=16MiB\nstart=20MiB,size=16MiB\n")
			tree{"etc/a": "x"}.write(t, f, mib)
			put(t, f, 446+16+8, "\x00\x10\x00\x00") // the second begins at 2 MiB
		}, "partitions 1 and 2 overlap"},
		{"partitions in a file system", func(t *testing.T, f *os.File) {
			oracle.Run(t, "mke2fs", "-q", "-t", "ext4", f.Name())
			sfdisk(t, f, "label: dos\nstart=20MiB,size=16MiB\n")
			tree{"etc/a": "x"}.write(t, f, 20*mib)
		}, "the whole disk is a file system, and has partitions in it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src := newFile(t, "disk", 40*mib)
			tt.make(t, src)
			dst, _, err := copyDisk(t, src, clean.Options{})
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got error %v, want %q", err, tt.want)
			}
			if !isHole(content(t, dst)) {
				t.Error("something was written")
			}
		})
	}
}

func isHole(p []byte) bool { return len(bytes.TrimLeft(p, "\x00")) == 0 }

// With Upgrade what is old becomes ext4, with its files.
func TestUpgrade(t *testing.T) {
	src := newFile(t, "disk", 40*mib)
	dir := t.TempDir()
	check(t, os.WriteFile(filepath.Join(dir, "a"), []byte("x"), 0o600))
	oracle.Run(t, "mke2fs", "-q", "-t", "ext3", "-b", "1024", "-d", dir, src.Name())
	_, _, err := copyDisk(t, src, clean.Options{})
	if !errors.Is(err, clean.ErrOld) {
		t.Fatalf("got error %v, want ErrOld", err)
	}
	dst, result, err := copyDisk(t, src, clean.Options{Upgrade: true})
	check(t, err)
	if len(result.Notes) != 2 {
		t.Errorf("got notes %q", result.Notes)
	}
	oracle.Run(t, "e2fsck", "-fn", dst.Name())
}

// A full disk and an interruption are errors.
func TestFails(t *testing.T) {
	src := newFile(t, "disk", fsSize)
	tree{"etc/a": strings.Repeat("x", 1<<20)}.write(t, src, 0)
	d, image := open(t, src)
	if _, err := clean.Copy(t.Context(), full{}, d, image, clean.Options{Time: cleaned()}); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("full disk: got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := clean.Copy(ctx, newFile(t, "copy", fsSize), d, image, clean.Options{Time: cleaned()}); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: got %v", err)
	}
}

type full struct{}

func (full) WriteAt([]byte, int64) (int, error) { return 0, io.ErrShortWrite }
