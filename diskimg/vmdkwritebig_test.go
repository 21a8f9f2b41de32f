package diskimg

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"amiforge/internal/oracle"
)

// A sparseTarget is a Target in a file with holes that checks, as a memTarget does, that it is covered in order,
// and counts what is not a hole.
type sparseTarget struct {
	memTarget
	f       *os.File
	written int64
	calls   int
}

func newSparseTarget(tb testing.TB, head int64) *sparseTarget {
	tb.Helper()
	f, err := os.Create(filepath.Join(tb.TempDir(), "disk.img"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { f.Close() })
	return &sparseTarget{memTarget: memTarget{t: tb, head: head}, f: f}
}

func (s *sparseTarget) WriteAt(p []byte, off int64) (int, error) {
	s.cover(off, int64(len(p)))
	s.written += int64(len(p))
	s.calls++
	return s.f.WriteAt(p, off)
}

func (s *sparseTarget) Zero(off, n int64) error {
	s.cover(off, n)
	info, err := s.f.Stat()
	if err != nil || info.Size() >= off+n {
		return err
	}
	return s.f.Truncate(off + n)
}

func TestWriteVMDKBig(t *testing.T) {
	const gib, tib = int64(1) << 30, int64(1) << 40
	disks := map[string]writtenDisk{
		"127 GiB": {127 * gib, []Extent{{0, 512}, {5*gib + 70000, 200000}, {127*gib - 5, 5}}},
		"3 TiB":   {3*tib + 512, []Extent{{100, 70000}, {2*tib - 100, 200}, {3*tib - 512, 1024}}},
	}
	for name, disk := range disks {
		for kind, how := range writtenKinds() {
			t.Run(name+"/"+kind, func(t *testing.T) {
				o := how.options(disk.extents)
				layout, err := o.Layout(disk.size)
				if err != nil {
					t.Fatal(err)
				}
				target := newSparseTarget(t, layout.Head)
				writePattern(t, target, disk, o)
				target.whole()
				if target.written > 4<<20 || target.calls > 100 {
					t.Errorf("%d bytes are written in %d calls", target.written, target.calls)
				}
				if info, err := target.f.Stat(); err != nil || layout.FileSize >= 0 && info.Size() != layout.FileSize {
					t.Errorf("%v, %v, want %d bytes", info, err, layout.FileSize)
				}
				readPattern(t, target.f.Name(), disk)
			})
		}
	}
}

const pattern = 0x5a

// writePattern writes an image of the disk, with the pattern in its extents.
func writePattern(t *testing.T, target Target, disk writtenDisk, o *CreateOptions) {
	t.Helper()
	w, err := Create(t.Context(), target, disk.size, o)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, e := range disk.extents {
		if _, err := w.WriteAt(bytes.Repeat([]byte{pattern}, int(e.Length)), e.Offset); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
}

// readPattern has qemu and ourselves read the extents, and a sector before and behind each. (qemu-img compare
// goes through every grain of 3 TiB.)
func readPattern(t *testing.T, path string, disk writtenDisk) {
	t.Helper()
	d, err := OpenFile(path, &OpenOptions{Format: VMDK})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	args := []string{"-r", "-f", "vmdk"}
	expect := func(e Extent, value byte) {
		e = Extent{max(e.Offset, 0), min(e.End(), disk.size) - max(e.Offset, 0)}
		if e.Length <= 0 {
			return
		}
		args = append(args, "-c", fmt.Sprintf("read -P %d %d %d", value, e.Offset, e.Length))
		p := make([]byte, e.Length)
		if _, err := d.ReadAt(p, e.Offset); err != nil || bytes.Count(p, []byte{value}) != len(p) {
			t.Errorf("we read other bytes at %d: %v", e.Offset, err)
		}
	}
	for _, e := range disk.extents {
		expect(Extent{e.Offset - 512, 512}, 0)
		expect(e, pattern)
		expect(Extent{e.End(), 512}, 0)
	}
	if out := oracle.Run(t, "qemu-io", append(args, path)...); bytes.Contains(out, []byte("failed")) {
		t.Errorf("qemu reads other bytes: %s", out)
	}
	if d.Size() != disk.size {
		t.Errorf("we read %d bytes, want %d", d.Size(), disk.size)
	}
}
