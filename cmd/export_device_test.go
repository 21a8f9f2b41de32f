package cmd_test

import (
	"strings"
	"testing"

	"amiforge/internal/oracle"
)

// TestExportDevice exports to a block device and from one.
func TestExportDevice(t *testing.T) {
	b := newBench(t)
	const size = 12 << 20
	b.image("disk.raw", size)
	device := b.loop("backing", size+4096)
	b.want(0, "ami-export", "disk.raw", "-o", "disk.vmdk")

	e := b.want(1, "ami-export", "disk.vmdk", "-f", "raw", "-o", device)
	if want := device + " is a block device; --force overwrites it"; !strings.Contains(e.stderr, want) {
		t.Errorf("it says %q, want %q", e.stderr, want)
	}
	for _, args := range [][]string{{"-f", "vmdk"}, {"-f", "vhd"}, {"--for", "esx"}} {
		e := b.want(2, append([]string{"ami-export", "disk.vmdk", "-o", device, "--force"}, args...)...)
		if want := device + " is a block device, which takes raw, not v"; !strings.Contains(e.stderr, want) {
			t.Errorf("it says %q, want %q", e.stderr, want)
		}
	}
	b.want(0, "ami-export", "disk.vmdk", "-o", device, "--force")
	b.want(0, "cmp", "-n", "12582912", "disk.raw", device)
	e = b.want(4, "ami-export", "--compare", device, "disk.vmdk") // the device is longer, and not zero there
	if want := "differ, first at byte 12582912; the one has 12587008 bytes, the other 12582912"; !strings.Contains(e.stderr, want) {
		t.Errorf("it says %q, want %q", e.stderr, want)
	}

	// From a device, which is raw whatever is on it.
	b.want(0, "ami-export", "disk.raw", "-o", "inner.vhd", "--subformat", "fixed")
	b.want(0, "ami-export", "inner.vhd", "--source-format", "raw", "-f", "raw", "-o", device, "--force")
	b.want(0, "ami-export", device, "-o", "copy.vhd")
	b.want(0, "ami-export", "copy.vhd", "-o", "copy.raw")
	b.same(device, "copy.raw")

	// One that is too small is left alone.
	before := b.tree("")
	e = b.want(1, "ami-export", "disk.raw", "-f", "raw", "-o", device, "--force", "--resize", "13M")
	if want := device + ": the device has 12 MiB (12587008 bytes), the image 13 MiB (13631488 bytes)"; !strings.Contains(e.stderr, want) {
		t.Errorf("it says %q, want %q", e.stderr, want)
	}
	if after := b.tree(""); before[b.path("backing")] != after[b.path("backing")] {
		t.Error("the device was written to")
	}

	// One that takes no writes is refused as such.
	blockdev := oracle.Look(t, "blockdev")
	b.want(0, blockdev, "--setro", device)
	e = b.want(1, "ami-export", "disk.raw", "-o", device, "--force")
	if !strings.Contains(e.stderr, "read-only") && !strings.Contains(e.stderr, "permission denied") || strings.Contains(e.stderr, "holds a part") {
		t.Errorf("it says %q", e.stderr)
	}
	b.want(0, blockdev, "--setrw", device)

	// A bundle that fails on the way leaves a device that must not be used.
	b.want(0, "ami-bundle", "disk.raw", "--part-size", "5M", "-d", "out")
	flipped(t, b.path("out/image.part.02"))
	e = b.want(4, "ami-export", "out/image.manifest.xml", "-f", "raw", "-o", device, "--force")
	if want := device + " holds a part of an image now and must not be used"; !strings.Contains(e.stderr, want) {
		t.Errorf("it says %q, want %q", e.stderr, want)
	}
}
