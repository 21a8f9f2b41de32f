package diskimg

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/iotest"

	"amiforge/internal/oracle"
)

// qemuSubformats are what qemu-img writes and we read.
func qemuSubformats() []Subformat {
	return []Subformat{MonolithicSparse, StreamOptimized, MonolithicFlat, TwoGBMaxExtentSparse, TwoGBMaxExtentFlat}
}

// A rawDisk is a disk for qemu-img to convert.
type rawDisk struct {
	name string
	size int64
	data []Extent
}

func rawDisks() []rawDisk {
	var disks []rawDisk
	for _, size := range []int64{
		512, 777 * 512, 64<<10 - 512, 64 << 10, 64<<10 + 512, 1 << 20,
		32<<20 - 512, 32 << 20, 32<<20 + 512,
	} {
		var alternating []Extent
		for off := int64(0); off < size; off += max(128<<10, size/16) {
			alternating = append(alternating, Extent{off, min(64<<10, size-off)})
		}
		disks = append(disks,
			rawDisk{fmt.Sprintf("%d zero", size), size, nil},
			rawDisk{fmt.Sprintf("%d alternating", size), size, alternating},
			rawDisk{fmt.Sprintf("%d last sector", size), size, []Extent{{size - 512, 512}}})
		if size <= 1<<20 {
			disks = append(disks, rawDisk{fmt.Sprintf("%d data", size), size, []Extent{{0, size}}})
		}
	}
	return append(disks, rawDisk{"127 GiB sparse", 127 << 30, []Extent{{0, 512}, {5<<30 - 100, 70000}, {127<<30 - 1, 1}}})
}

// write makes the disk as a sparse file.
func (d rawDisk) write(tb testing.TB, path string) {
	tb.Helper()
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(d.size); err != nil {
		tb.Fatal(err)
	}
	for i, e := range d.data {
		if _, err := f.WriteAt(noise(int(e.Length), uint64(i)), e.Offset); err != nil {
			tb.Fatal(err)
		}
	}
}

func TestVMDKFromQEMU(t *testing.T) {
	oracle.Look(t, "qemu-img")
	for _, disk := range rawDisks() {
		t.Run(disk.name, func(t *testing.T) {
			dir := t.TempDir()
			raw := filepath.Join(dir, "disk.raw")
			disk.write(t, raw)
			for _, subformat := range qemuSubformats() {
				t.Run(string(subformat), func(t *testing.T) {
					path := filepath.Join(dir, string(subformat)+".vmdk")
					oracle.Run(t, "qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat="+string(subformat), raw, path)
					checkQEMU(t, raw, path, subformat)
				})
			}
		})
	}
}

// checkQEMU compares a converted disk with the one that it was.
func checkQEMU(t *testing.T, raw, path string, subformat Subformat) {
	t.Helper()
	want, got := openPath(t, raw), openPath(t, path)
	if got.Size() != want.Size() {
		t.Fatalf("%d bytes, want %d", got.Size(), want.Size())
	}
	if i := got.Info(); i.Subformat != subformat || len(i.Warnings) > 0 || i.Adapter != "ide" || i.CHS == nil {
		t.Errorf("info %+v", i)
	}
	if err := got.Check(t.Context()); err != nil {
		t.Error(err)
	}
	a, b := want.NewReader(t.Context()), got.NewReader(t.Context())
	defer a.Close()
	defer b.Close()
	if off, err := Compare(a, b); err != nil || off >= 0 {
		t.Errorf("differs at %d: %v", off, err)
	}
	checkAllocated(t, got)
}

// checkAllocated holds Info against Extents.
func checkAllocated(t *testing.T, d *Disk) {
	t.Helper()
	var sum, end int64
	for e, err := range d.Extents() {
		if err != nil || e.Offset < end || e.Length <= 0 || e.End() > d.Size() {
			t.Fatalf("extent %v after %d: %v", e, end, err)
		}
		sum, end = sum+e.Length, e.End()
	}
	if got := d.Info().Allocated; got != sum {
		t.Errorf("info says %d bytes are allocated, the extents %d", got, sum)
	}
}

func openPath(tb testing.TB, path string) *Disk {
	tb.Helper()
	d, err := OpenFile(path, nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { d.Close() })
	return d
}

func TestVMDKReader(t *testing.T) {
	b := unpackVector(t, sparseVector)
	want, err := readAllVMDK(b)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Open(bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := iotest.TestReader(io.NewSectionReader(d, 0, d.Size()), want); err != nil {
		t.Error(err)
	}
}

// A disk has more tables than are kept, and is read from many places at once.
func TestVMDKReadConcurrently(t *testing.T) {
	disk := rawDisk{"big", (2*cachedTables + 1) * 32 << 20, nil}
	for off := int64(0); off < disk.size; off += 32 << 20 {
		disk.data = append(disk.data, Extent{off + off/512%4096, 70000})
	}
	for _, subformat := range []Subformat{MonolithicSparse, StreamOptimized} {
		t.Run(string(subformat), func(t *testing.T) {
			dir := t.TempDir()
			raw, path := filepath.Join(dir, "disk.raw"), filepath.Join(dir, "disk.vmdk")
			disk.write(t, raw)
			oracle.Run(t, "qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat="+string(subformat), raw, path)
			want, got := openPath(t, raw), openPath(t, path)
			var readers sync.WaitGroup
			for k := range 4 {
				readers.Go(func() { compareExtents(t, want, got, disk.data, k) })
			}
			readers.Wait()
		})
	}
}

// compareExtents compares two disks around the extents, from extent k on.
func compareExtents(t *testing.T, want, got *Disk, extents []Extent, k int) {
	a, b := make([]byte, 200000), make([]byte, 200000)
	for i := range extents {
		off := max(0, extents[(i+k*9)%len(extents)].Offset-1000)
		if _, err := want.ReadAt(a, off); err != nil {
			t.Error(err)
		}
		if _, err := got.ReadAt(b, off); err != nil {
			t.Error(err)
		}
		if !bytes.Equal(a, b) {
			t.Errorf("differs at %d", off)
		}
	}
}

// TestVMDKTableChanges writes to a grain table after its entries were looked at.
func TestVMDKTableChanges(t *testing.T) {
	for name, at := range map[string]int{sparseVector: sparseGT, streamVector: streamGT} {
		t.Run(name, func(t *testing.T) {
			b := unpackVector(t, name)
			d, err := Open(bytes.NewReader(b), int64(len(b)), nil)
			if err != nil {
				t.Fatal(err)
			}
			put32(1<<32-1, at)(b)
			if _, err := d.ReadAt(make([]byte, 512), 0); !errors.Is(err, ErrDamaged) {
				t.Errorf("%v, want damage", err)
			}
		})
	}
}
