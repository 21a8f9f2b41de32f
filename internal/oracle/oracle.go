// Package oracle finds and runs the foreign tools that tests hold ours against: a codec is not tested until
// another implementation has read what it wrote.
//
// A tool that is not installed skips the test, naming the package to install. With AMIFORGE_TEST_NO_SKIP=1,
// as in CI, it fails the test instead, so that nothing goes untested by accident. The package is for tests.
package oracle

import (
	"bytes"
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// noSkip names the variable that turns a skipped test into a failed one.
const noSkip = "AMIFORGE_TEST_NO_SKIP"

// Look returns the path of the tool name, or skips the test. "tar" is always GNU tar, which macOS knows as gtar.
func Look(tb testing.TB, name string) string {
	tb.Helper()
	path, ok := find(name)
	if !ok {
		Skipf(tb, "%s is not installed: apt-get install %s", name, Package(name))
	}
	return path
}

// Run runs the tool name and returns its standard output. A missing tool skips the test, a status other
// than 0 fails it and shows what the tool wrote.
func Run(tb testing.TB, name string, args ...string) []byte {
	tb.Helper()
	cmd := exec.Command(Look(tb, name), args...)
	return Output(tb, cmd)
}

// Output runs cmd, for callers that set its directory, input or environment, and returns its standard output.
// A status other than 0 fails the test and shows what the tool wrote.
func Output(tb testing.TB, cmd *exec.Cmd) []byte {
	tb.Helper()
	if cmd.Env == nil { // English, and names of any alphabet, whoever runs the test
		cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	if err != nil {
		tb.Fatalf("%v: %v\n%s%s", cmd.Args, err, stdout, stderr.Bytes())
	}
	return stdout
}

// Skipf skips the test for a reason that lies in the machine, or fails it where AMIFORGE_TEST_NO_SKIP=1.
func Skipf(tb testing.TB, format string, args ...any) {
	tb.Helper()
	if os.Getenv(noSkip) == "1" {
		tb.Fatalf(format+" ("+noSkip+"=1 forbids to skip)", args...)
	}
	tb.Skipf(format, args...)
}

// Package returns the Debian package that holds the tool name.
func Package(name string) string {
	return cmp.Or(packages()[name], name)
}

func packages() map[string]string {
	return map[string]string{
		"blkid":              "util-linux",
		"bsdtar":             "libarchive-tools",
		"cmp":                "diffutils",
		"debugfs":            "e2fsprogs",
		"dropbearkey":        "dropbear-bin",
		"dumpe2fs":           "e2fsprogs",
		"e2fsck":             "e2fsprogs",
		"gpg":                "gnupg",
		"grub-mkimage":       "grub-common",
		"gunzip":             "gzip",
		"losetup":            "mount",
		"mke2fs":             "e2fsprogs",
		"mkfs.btrfs":         "btrfs-progs",
		"mkfs.erofs":         "erofs-utils",
		"mkfs.exfat":         "exfatprogs",
		"mkfs.ext2":          "e2fsprogs",
		"mkfs.ext3":          "e2fsprogs",
		"mkfs.ext4":          "e2fsprogs",
		"mkfs.f2fs":          "f2fs-tools",
		"mkfs.vfat":          "dosfstools",
		"mkfs.xfs":           "xfsprogs",
		"mkntfs":             "ntfs-3g",
		"mksquashfs":         "squashfs-tools",
		"mkswap":             "util-linux",
		"mcopy":              "mtools",
		"nbdcopy":            "libnbd-bin",
		"pyvhdi":             "python3-libvhdi",
		"pyvmdk":             "python3-libvmdk",
		"puttygen":           "putty-tools",
		"qemu-img":           "qemu-utils",
		"qemu-io":            "qemu-utils",
		"qemu-system-x86_64": "qemu-system-x86",
		"sfdisk":             "fdisk",
		"sgdisk":             "gdisk",
		"sha1sum":            "coreutils",
		"setfacl":            "acl",
		"split":              "coreutils",
		"ssh-keygen":         "openssh-client",
		"vhdiinfo":           "libvhdi-utils",
		"vmdkinfo":           "libvmdk-utils",
		"xfs_repair":         "xfsprogs",
		"xmllint":            "libxml2-utils",
		"xz":                 "xz-utils",
	}
}

func find(name string) (string, bool) {
	for _, candidate := range candidates(name) {
		path, err := exec.LookPath(candidate)
		if err == nil && (name != "tar" || isGNUTar(path)) {
			return path, true
		}
	}
	return "", false
}

// candidates lists where the tool may be. Debian keeps e2fsck in a directory that is on root's PATH only.
func candidates(name string) []string {
	list := []string{name, filepath.Join("/usr/sbin", name), filepath.Join("/sbin", name)}
	if name == "tar" {
		list = append(list, "gtar")
	}
	return list
}

func isGNUTar(path string) bool {
	out, err := exec.Command(path, "--version").Output()
	return err == nil && bytes.Contains(out, []byte("GNU tar"))
}
