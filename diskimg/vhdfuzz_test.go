package diskimg

import (
	"bytes"
	"io"
	"testing"
)

// FuzzOpenVHD: whatever a file holds, opening and reading it neither panics nor takes memory that the file's
// size does not bear out. Checksums are made right, if asked, for they would keep it from what lies behind them.
func FuzzOpenVHD(f *testing.F) {
	small := buildVHD(20<<10, 8<<10)
	small.clearBit(3)
	f.Add(small.file(), true)
	small.short = true
	f.Add(small.file(), true)
	xen := buildVHD(3<<10, 512)
	xen.reverseBitmaps()
	f.Add(xen.file(), true)
	f.Add(vhdWays()[0].write(f, noise(1024, 1)), true)
	for _, v := range diskVectors(f, VHD) {
		if b := unpackVector(f, v.files[0]); len(b) < 8<<10 {
			f.Add(b, false)
		}
	}
	f.Fuzz(func(t *testing.T, file []byte, repair bool) {
		if repair {
			file = bytes.Clone(file)
			repairVHD(file)
		}
		before := allocated()
		d, err := Open(bytes.NewReader(file), int64(len(file)), &OpenOptions{Format: VHD})
		if used := allocated() - before; used > 64<<10+8*uint64(len(file)) {
			t.Errorf("opening %d bytes takes %d", len(file), used)
		}
		if err != nil {
			return
		}
		info := d.Info()
		if info.Size != d.Size() || info.Allocated > info.Size {
			t.Errorf("%d bytes are allocated of %d or %d", info.Allocated, info.Size, d.Size())
		}
		_ = d.Check(t.Context())
		checkReads(t, d)
	})
}

// checkReads reads the first bytes of the disk and each extent, and checks that what is outside of them is zero.
func checkReads(t *testing.T, d *Disk) {
	p := make([]byte, min(d.Size(), 64<<10))
	if n, err := d.ReadAt(p, 0); n < len(p) || err != nil && err != io.EOF {
		t.Errorf("read %d of %d bytes: %v", n, len(p), err)
	}
	var end int64
	for e, err := range d.Extents() {
		if err != nil {
			t.Fatal(err)
		}
		if e.Offset < end || e.Length <= 0 || e.End() > d.Size() {
			t.Fatalf("extent %v comes after byte %d, in a disk of %d", e, end, d.Size())
		}
		if _, err := d.ReadAt(make([]byte, min(e.Length, 64<<10)), e.Offset); err != nil {
			t.Fatal(err)
		}
		if hole := p[min(end, int64(len(p))):min(e.Offset, int64(len(p)))]; firstDifference(hole, make([]byte, len(hole))) >= 0 {
			t.Errorf("there is data in the hole before %v", e)
		}
		end = e.End()
	}
}

// repairVHD makes the checksums right that a file may have.
func repairVHD(file []byte) {
	for _, off := range []int{0, len(file) - vhdFooterSize, len(file) - vhdFooterSize + 1} {
		if off < 0 || !bytes.HasPrefix(file[off:], []byte(vhdCookie)) {
			continue
		}
		sector := make([]byte, vhdFooterSize)
		copy(sector, file[off:])
		footer := parseVHDFooter(sector)
		copy(file[off:], footer.bytes())
		if at := footer.DataOffset; at < uint64(len(file)) && len(file)-int(at) >= vhdHeaderSize {
			var header vhdHeader
			vhdParse(file[at:], &header)
			copy(file[at:], header.bytes())
		}
	}
}
