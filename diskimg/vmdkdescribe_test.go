package diskimg

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDescribeVMDK(t *testing.T) {
	const want = `# Disk DescriptorFile
version=1
encoding="UTF-8"
CID=04030201
parentCID=ffffffff
createType="streamOptimized"

# Extent description
RW 4194305 SPARSE "web.vmdk"

# The Disk Data Base
#DDB

ddb.adapterType = "lsilogic"
ddb.geometry.cylinders = "262"
ddb.geometry.heads = "255"
ddb.geometry.sectors = "63"
ddb.longContentID = "05060708090a0b0c0d0e0f1004030201"
ddb.toolsInstallType = "4"
ddb.toolsVersion = "2147483647"
ddb.uuid = "60 00 C2 94 15 16 17 18-19 1a 1b 1c 1d 1e 1f 20"
ddb.virtualHWVersion = "4"
`
	o := &CreateOptions{Subformat: StreamOptimized, Name: "web.vmdk", Rand: fixedRand(1)}
	got, err := describeVMDK(2<<30+512, o)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// All that govmomi reads is in the descriptor's first sector, however long the name.
func TestDescribeVMDKLong(t *testing.T) {
	o := &CreateOptions{Subformat: MonolithicSparse, Name: strings.Repeat("ä", 1000) + ".vmdk", Rand: fixedRand(1)}
	got, err := describeVMDK(maxVMDK, o)
	if err != nil {
		t.Fatal(err)
	}
	if i := strings.Index(got, "\"\n\n# The Disk Data Base"); i < 0 || i >= SectorSize {
		t.Errorf("the extent line ends at byte %d", i)
	}
	if len(got) > vmdkDescriptor*SectorSize/2 {
		t.Errorf("%d bytes leave no room", len(got))
	}
}

func TestContentID(t *testing.T) {
	for random, want := range map[uint32]uint32{
		0: 0, 1: 1, 0xfffffffd: 0xfffffffd, 0xfffffffe: 0, 0xffffffff: 1,
	} {
		if got := contentID(random); got != want {
			t.Errorf("%x: %x, want %x", random, got, want)
		}
	}
}

func TestCylinders(t *testing.T) {
	for sectors, want := range map[int64]int64{
		1: 1, 255 * 63: 1, 255*63 + 1: 2, 65535 * 255 * 63: 65535, maxVMDK / 512: 65535,
	} {
		if got := cylinders(sectors); got != want {
			t.Errorf("%d: %d, want %d", sectors, got, want)
		}
	}
}

func TestExtentName(t *testing.T) {
	tests := map[string]string{
		"disk.vmdk":                "disk.vmdk",
		"/a/b/web server.vmdk":     "web server.vmdk",
		"exports/":                 "exports",
		"":                         "disk.vmdk",
		".":                        "disk.vmdk",
		"a/..":                     "disk.vmdk",
		"/":                        "disk.vmdk",
		`c:\disks\a.vmdk`:          "c:_disks_a.vmdk",
		"a\"\nRW 1 FLAT \"x.vmdk":  "a__RW 1 FLAT _x.vmdk",
		"tab\tnul\x00del\x7f.vmdk": "tab_nul_del_.vmdk",
		"Müller.vmdk":              "Müller.vmdk",
		"bad\xff.vmdk":             "bad_.vmdk",
		strings.Repeat("a", 300):   strings.Repeat("a", 255),
		strings.Repeat("ä", 200):   strings.Repeat("ä", 127),
		"line\u2028separator":      "line_separator",
	}
	for name, want := range tests {
		if got := extentName(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
