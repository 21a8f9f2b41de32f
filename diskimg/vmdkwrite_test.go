package diskimg

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"amiforge/internal/oracle"
)

// fixedRand is an endless source of "random" bytes that are always the same.
type fixedRand byte

func (r fixedRand) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r) + byte(i)
	}
	return len(p), nil
}

// A writtenKind is a way to write a VMDK.
type writtenKind struct {
	subformat Subformat
	mapped    bool
}

func writtenKinds() map[string]writtenKind {
	return map[string]writtenKind{
		"stream":        {StreamOptimized, false},
		"sparse":        {MonolithicSparse, false},
		"sparse mapped": {MonolithicSparse, true},
	}
}

func (c writtenKind) options(extents []Extent) *CreateOptions {
	o := &CreateOptions{Format: VMDK, Subformat: c.subformat, Rand: fixedRand(7), Workers: 2, Level: 1}
	if c.mapped {
		o.Map = append([]Extent{}, extents...)
	}
	return o
}

// A writtenDisk is what a disk holds: noise in its extents, which are not whole grains everywhere.
type writtenDisk struct {
	size    int64
	extents []Extent
}

func writtenDisks() map[string]writtenDisk {
	const grain, table = vmdkGrainSize, vmdkGTCoverage
	m := map[string]writtenDisk{
		"alternating": {3 << 20, every(3<<20, 2*grain, grain)},
		"islands":     {100 << 20, []Extent{{5, 10}, {grain - 1, 2}, {table - 3, 3*grain + 5}, {100<<20 - 1, 1}}},
		"pieces":      {1 << 20, []Extent{{0, 100}, {200, grain}, {2*grain + 512, 512}, {2*grain + 4096, 7}, {2*grain + 5000, 3 * grain}}},
		"odd":         {5*SectorSize + 2*grain, []Extent{{grain, grain + 4*SectorSize}}},
	}
	for name, size := range map[string]int64{
		"1 sector": SectorSize, "odd sectors": 77 * SectorSize,
		"grain -1": grain - SectorSize, "grain": grain, "grain +1": grain + SectorSize,
		"table -1": table - SectorSize, "table": table, "table +1": table + SectorSize,
	} {
		m[name+", zeros"] = writtenDisk{size, nil}
		m[name+", data"] = writtenDisk{size, []Extent{{0, size}}}
	}
	return m
}

func every(size, step, n int64) (extents []Extent) {
	for off := int64(0); off < size; off += step {
		extents = append(extents, Extent{off, n})
	}
	return extents
}

func TestWriteVMDK(t *testing.T) {
	for name, disk := range writtenDisks() {
		content := sparseContent(int(disk.size), disk.extents...)
		raw := filepath.Join(t.TempDir(), "disk.raw")
		if err := os.WriteFile(raw, content, 0o600); err != nil {
			t.Fatal(err)
		}
		for kind, how := range writtenKinds() {
			t.Run(name+"/"+kind, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "disk.vmdk")
				image := writeVMDK(t, content, disk.extents, how.options(disk.extents))
				if err := os.WriteFile(path, image, 0o600); err != nil {
					t.Fatal(err)
				}
				readByAll(t, path, raw, content)
			})
		}
	}
}

// Others read what every level makes of a program.
func TestWriteVMDKLevels(t *testing.T) {
	content := program(t)[:3<<20+512]
	raw := filepath.Join(t.TempDir(), "disk.raw")
	if err := os.WriteFile(raw, content, 0o600); err != nil {
		t.Fatal(err)
	}
	for level := 1; level <= 9; level++ {
		t.Run(strconv.Itoa(level), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "disk.vmdk")
			o := &CreateOptions{Format: VMDK, Level: level, Name: path}
			if err := os.WriteFile(path, writeVMDK(t, content, []Extent{{0, int64(len(content))}}, o), 0o600); err != nil {
				t.Fatal(err)
			}
			readByAll(t, path, raw, content)
		})
	}
}

// readByAll has qemu, libvmdk and ourselves read the image, whose content is also in the file raw.
func readByAll(t *testing.T, path, raw string, content []byte) {
	t.Helper()
	oracle.Run(t, "qemu-img", "check", "-q", path)
	oracle.Run(t, "qemu-img", "compare", "-q", "-f", "vmdk", "-F", "raw", path, raw)
	if more := sameAsRaw(t, path, VMDK, raw); more != 0 {
		t.Errorf("the disk is %d bytes longer", more)
	}
	digest := sha256.Sum256(content)
	size, sum := secondReader(t, "pyvmdk", path)
	if size != int64(len(content)) || sum != hex.EncodeToString(digest[:]) {
		t.Errorf("libvmdk reads %d bytes, SHA-256 %s, want %d and %x", size, sum, len(content), digest)
	}
}

// writeVMDK returns the image of content, which has data in the extents.
func writeVMDK(t testing.TB, content []byte, extents []Extent, o *CreateOptions) []byte {
	t.Helper()
	size := int64(len(content))
	layout, err := o.Layout(size)
	if err != nil {
		t.Fatal(err)
	}
	target := &memTarget{t: t, head: layout.Head}
	src := &sliceSource{content: content, extents: extents}
	if err := CopyFrom(t.Context(), target, src, size, o); err != nil {
		t.Fatal(err)
	}
	target.whole()
	if n := int64(len(target.b)); n%SectorSize != 0 || layout.FileSize >= 0 && n != layout.FileSize {
		t.Errorf("%d bytes, the layout says %d", n, layout.FileSize)
	}
	return target.b
}

func TestWriteVMDKSizes(t *testing.T) {
	tests := []struct {
		size int64
		want string
	}{
		{0, "a disk of 0 bytes"},
		{513, "multiple of 512"},
		{1<<50 + 512, "more than 1 PiB"},
	}
	for _, tt := range tests {
		for kind, how := range writtenKinds() {
			_, err := how.options(nil).Layout(tt.size)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s, %d bytes: %v", kind, tt.size, err)
			}
		}
	}
}
