package cmd_test

import (
	"os"
	"strings"
	"testing"

	"amiforge/internal/oracle"
)

// TestDevice restores to a block device.
func TestDevice(t *testing.T) {
	b := newBench(t)
	const size = 12 << 20
	b.image("disk.raw", size)
	b.want(0, "ami-bundle", "disk.raw", "--part-size", "5M", "-d", "out")
	device := b.loop("backing", size+4096)

	e := b.want(1, "ami-unbundle", "-m", "out/image.manifest.xml", "-o", device)
	if want := device + " is a block device; --force overwrites it"; !strings.Contains(e.stderr, want) {
		t.Errorf("it says %q, want %q", e.stderr, want)
	}
	b.want(0, "ami-unbundle", "-m", "out/image.manifest.xml", "-o", device, "--force")
	b.want(0, "cmp", "-n", "12582912", "disk.raw", device)

	// And from a device.
	b.want(0, "ami-bundle", device, "-d", "again")
	b.want(0, "ami-unbundle", "-m", "again/image.manifest.xml", "-o", "restored")
	b.same(device, "restored")

	// A digest that fails at the end leaves a device that must not be used.
	flipped(t, b.path("out/image.part.02"))
	e = b.want(4, "ami-unbundle", "-m", "out/image.manifest.xml", "-o", device, "--force")
	if want := device + " holds a part of an image now and must not be used"; !strings.Contains(e.stderr, want) {
		t.Errorf("it says %q, want %q", e.stderr, want)
	}

	// One that is too small is left alone.
	b.image("large.raw", size+8192)
	b.want(0, "ami-bundle", "large.raw", "-d", "large")
	before := b.tree("")
	e = b.want(1, "ami-unbundle", "-m", "large/image.manifest.xml", "-o", device, "--force")
	if want := device + ": the device has 12 MiB (12587008 bytes), the image 12 MiB (12591104 bytes)"; !strings.Contains(e.stderr, want) {
		t.Errorf("it says %q, want %q", e.stderr, want)
	}
	if after := b.tree(""); before[b.path("backing")] != after[b.path("backing")] {
		t.Error("the device was written to")
	}
}

// loop makes a block device of a new file with noise in it: a loop device, where the machine lets us make one.
func (b *bench) loop(backing string, size int64) (device string) {
	b.Helper()
	b.image(backing, size)
	losetup := oracle.Look(b, "losetup")
	made := b.run(losetup, "--find", "--show", b.path(backing))
	if made.status != 0 {
		oracle.Skipf(b, "no loop device can be made here (it takes root and a kernel that lets us): %s", made.stderr)
	}
	device = strings.TrimSpace(made.stdout)
	b.Cleanup(func() { b.want(0, losetup, "--detach", device) })
	return device
}

// flipped changes one bit of a file.
func flipped(t *testing.T, path string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err == nil {
		content[len(content)/2] ^= 1
		err = os.WriteFile(path, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
