package inspect

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"amiforge/internal/oracle"

	"github.com/google/go-cmp/cmp"
)

const (
	mib      = 1 << 20
	testUUID = "5ca1ab1e-0000-4000-8000-000000000001"
)

// sparseFile makes a file of size bytes of zeros, with pieces at their offsets, the later over the earlier ones.
func sparseFile(t *testing.T, size int64, pieces map[int64]string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk.raw")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	for _, off := range slices.Sorted(maps.Keys(pieces)) {
		if _, err := f.WriteAt([]byte(pieces[off]), off); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func inspectFile(t *testing.T, path string) *Report {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	report, err := Disk(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// blkid is what blkid says of a file, or of the part of it that options tell. It says nothing of sizes.
func blkid(t *testing.T, path string, options ...string) *FileSystem {
	t.Helper()
	tag := func(name string) string {
		cmd := exec.Command(oracle.Look(t, "blkid"), append(options, "-p", "-o", "value", "-s", name, path)...)
		out, err := cmd.Output()
		if err != nil && cmd.ProcessState.ExitCode() != 2 { // 2: it has nothing to say
			t.Fatalf("%v: %v", cmd.Args, err)
		}
		return strings.TrimSuffix(string(out), "\n")
	}
	fs := FileSystem{Type: tag("TYPE"), Version: tag("VERSION"), Label: tag("LABEL"), UUID: tag("UUID")}
	if fs.Type == "" {
		return nil
	}
	return &fs
}

// named is fs without what blkid does not tell.
func named(fs *FileSystem) *FileSystem {
	if fs == nil {
		return nil
	}
	return &FileSystem{Type: fs.Type, Version: fs.Version, Label: fs.Label, UUID: fs.UUID}
}

// Every file system is made by its own tool and named as blkid names it.
func TestFileSystems(t *testing.T) {
	tests := []struct {
		name      string
		size      int64 // MiB
		command   string
		kind      string
		fsSize    int64 // bytes; the whole file if 0
		blockSize int64
	}{
		{"ext2", 16, "mkfs.ext2 -q -F -L boot -U " + testUUID + " -b 1024", "ext2", 0, 1024},
		{"ext3", 16, "mkfs.ext3 -q -F -L root", "ext3", 0, 1024},
		{"ext4", 64, "mkfs.ext4 -q -F -b 4096 -L cloudimg-rootfs", "ext4", 0, 4096},
		{"ext4 without checksums", 64, "mkfs.ext4 -q -F -b 4096 -O ^metadata_csum,^64bit -m 0 -U " + testUUID, "ext4", 0, 4096},
		{"ext4 without journal", 64, "mkfs.ext4 -q -F -b 4096 -O ^has_journal", "ext4", 0, 4096},
		{"journal device", 64, "mkfs.ext4 -q -F -b 4096 -O journal_dev -L journal", "jbd", 0, 4096},
		{"xfs", 320, "mkfs.xfs -q -L rootfs -m uuid=" + testUUID, "xfs", 0, 4096},
		{"xfs of version 4", 320, "mkfs.xfs -q -m crc=0,rmapbt=0,reflink=0,finobt=0 -i sparse=0", "xfs", 0, 4096},
		{"btrfs", 128, "mkfs.btrfs -q -L data --uuid " + testUUID, "btrfs", 0, 4096},
		{"btrfs with sha256", 128, "mkfs.btrfs -q --csum sha256", "btrfs", 0, 4096},
		{"FAT12", 4, "mkfs.vfat -F 12 -n EFI -i 1234ABCD", "vfat", 0, 2048},
		{"FAT16", 32, "mkfs.vfat -F 16 -n UEFI", "vfat", 0, 2048},
		{"FAT32", 64, "mkfs.vfat -F 32 -s 1 -n ESP", "vfat", 0, 512},
		{"FAT32 without label", 64, "mkfs.vfat -F 32 -s 1", "vfat", 0, 512},
		{"FAT32 of large sectors", 300, "mkfs.vfat -F 32 -S 4096 -s 1 -n BIG", "vfat", 0, 4096},
		{"exfat", 32, "mkfs.exfat -L größe", "exfat", 0, 4096},
		{"ntfs", 32, "mkntfs -q -F -f -L Système", "ntfs", 32*mib - 512, 4096},
		{"ntfs of large clusters", 32, "mkntfs -q -F -f -c 65536", "ntfs", 32*mib - 512, 65536},
		{"f2fs", 64, "mkfs.f2fs -q -l 世界", "f2fs", 0, 4096},
		{"swap", 16, "mkswap -q -L swap0 -U " + testUUID, "swap", 0, 4096},
		{"swap of 64 KiB pages", 16, "mkswap -q -p 65536", "swap", 0, 65536},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := sparseFile(t, tt.size*mib, nil)
			words := strings.Fields(tt.command)
			oracle.Run(t, words[0], append(words[1:], path)...)
			report := inspectFile(t, path)
			if report.FileSystem == nil || report.FileSystem.Type != tt.kind {
				t.Fatalf("got %+v, want %s", report.FileSystem, tt.kind)
			}
			if diff := cmp.Diff(blkid(t, path), named(report.FileSystem)); diff != "" {
				t.Errorf("blkid differs: %s", diff)
			}
			if tt.fsSize == 0 {
				tt.fsSize = tt.size * mib
			}
			if fs := report.FileSystem; fs.Size != tt.fsSize || fs.BlockSize != tt.blockSize {
				t.Errorf("size %d, blocks %d, want %d, %d", fs.Size, fs.BlockSize, tt.fsSize, tt.blockSize)
			}
			if report.Table != nil || report.Boot.Mode != BootNone || len(report.Warnings) != 0 {
				t.Errorf("table %+v, boot %+v, warnings %q", report.Table, report.Boot, report.Warnings)
			}
		})
	}
}

// What is made out of a directory rather than into a file.
func TestReadOnlyFileSystems(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		command func(path string) []string
		kind    string
	}{
		{"squashfs", func(p string) []string { return []string{"mksquashfs", dir, p, "-quiet", "-no-progress"} }, "squashfs"},
		{"erofs", func(p string) []string { return []string{"mkfs.erofs", "-U" + testUUID, p, dir} }, "erofs"},
		{"iso9660", func(p string) []string { return []string{"genisoimage", "-quiet", "-V", "cidata", "-o", p, dir} }, "iso9660"},
		{"Joliet", func(p string) []string {
			return []string{"genisoimage", "-quiet", "-J", "-V", "A label of 20 letters", "-o", p, dir}
		}, "iso9660"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "disk.raw")
			command := tt.command(path)
			oracle.Run(t, command[0], command[1:]...)
			fs := inspectFile(t, path).FileSystem
			if fs == nil || fs.Type != tt.kind {
				t.Fatalf("got %+v", fs)
			}
			if diff := cmp.Diff(blkid(t, path), named(fs)); diff != "" {
				t.Errorf("blkid differs: %s", diff)
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if fs.Size <= 0 || fs.Size > info.Size() || fs.BlockSize == 0 {
				t.Errorf("size %d, blocks %d in a file of %d bytes", fs.Size, fs.BlockSize, info.Size())
			}
		})
	}
}
