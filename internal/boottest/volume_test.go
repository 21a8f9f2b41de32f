//go:build boot

package boottest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"amiforge/internal/oracle"
)

// TestVolumeBoots makes a volume of a tree that has nothing but the configuration of GRUB, with GRUB's boot code in front
// of the partition, as docs/volume.md tells. GRUB finds it in our file system and prints a word.
func TestVolumeBoots(t *testing.T) {
	const word = "the volume boots"
	qemu, mkimage := oracle.Look(t, "qemu-system-x86_64"), oracle.Look(t, "grub-mkimage")
	program, err := exec.LookPath("ami-bundle")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	if err := os.MkdirAll(path("rootfs/boot/grub"), 0o755); err != nil {
		t.Fatal(err)
	}
	config := "serial --unit=0\nterminal_output serial\necho '" + word + "'\nsleep 600\n"
	if err := os.WriteFile(path("rootfs/boot/grub/grub.cfg"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	oracle.Run(t, mkimage, "-O", "i386-pc", "-p", "(hd0,msdos1)/boot/grub", "-o", path("core.img"),
		"biosdisk", "part_msdos", "ext2", "normal", "serial", "terminal", "echo", "sleep")
	var code []byte
	for _, name := range []string{"/usr/lib/grub/i386-pc/boot.img", path("core.img")} {
		part, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		code = append(code, part...)
	}
	if err := os.WriteFile(path("boot.bin"), code, 0o644); err != nil {
		t.Fatal(err)
	}
	oracle.Run(t, program, "--volume", path("rootfs"), "--partition", "mbr", "--boot-code", path("boot.bin"),
		"-s", "64M", "--disk-only", "-o", path("disk.raw"))
	ctx, cancel := context.WithTimeoutCause(t.Context(), bootTime, fmt.Errorf("stopped after %v", bootTime))
	defer cancel()
	took, err := (&Machine{Program: qemu, Disk: path("disk.raw"), Format: "raw"}).Boot(ctx, word)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("after %v", took.Round(time.Millisecond))
}
