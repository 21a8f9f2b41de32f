package cmd_test

import (
	"os"
	"testing"
	"time"

	"amiforge/internal/miniotest"
)

// exportMemory is what an export may have resident, in bytes, whatever the size of the disk.
const exportMemory = 128 << 20

// TestExportMemory exports a bundle of noise, which is as much to carry as it can be, and looks at the memory that
// it takes.
func TestExportMemory(t *testing.T) {
	size, limit := int64(208<<20), int64(exportMemory)
	if os.Getenv("RACE") == "1" { // which takes several times as much, and as long
		size, limit = 48<<20, 10*exportMemory
	}
	b, _, bucket := s3Bench(t, miniotest.Start(t))
	b.image("disk.raw", size)
	manifest := bucket + "/good/image.manifest.xml"
	b.want(0, "ami-bundle", "disk.raw", "--to", bucket+"/good", "--compression-level", "1")
	inherited := b.run("true").peak // which Linux counts, from before the exec: the test's own
	for _, args := range [][]string{
		{manifest, "-f", "vmdk", "-o", bucket + "/exports/disk.vmdk"},
		{manifest, "-f", "vhd", "-o", bucket + "/exports/disk.vhd"}, // whose head is held back
		{manifest, "-f", "vmdk", "-o", "disk.vmdk", "--no-sync"},
		{"disk.raw", "-f", "vmdk", "-o", bucket + "/exports/from-file.vmdk"},
		{"--compare", manifest, manifest},
	} {
		e := b.want(0, append([]string{"ami-export", "--quiet"}, args...)...)
		t.Logf("%v: %d MiB (%d MiB before it began), %v", args, e.peak>>20, inherited>>20, e.took.Round(time.Millisecond))
		if e.peak > max(limit, inherited) {
			t.Errorf("%v: %d MiB of memory", args, e.peak>>20)
		}
	}
}
