package diskimg

import (
	"encoding/binary"
	"io"
	"slices"
)

// vhdUnused as an entry of the BAT says that the block has no data.
const vhdUnused = 1<<32 - 1

// A vhdBAT is the block allocation table: for each block of the disk the sector of the file where it begins.
type vhdBAT []uint32

// readEntries reads len(bat) entries of a BAT that stands at off.
func readEntries(r io.ReaderAt, bat vhdBAT, off int64) error {
	buf := make([]byte, min(4*len(bat), 64<<10))
	for len(bat) > 0 {
		n := min(len(bat), len(buf)/4)
		if err := readFull(r, buf[:4*n], off); err != nil {
			return err
		}
		for i := range n {
			bat[i] = binary.BigEndian.Uint32(buf[4*i:])
		}
		bat, off = bat[n:], off+int64(4*n)
	}
	return nil
}

// A vhdLayout is what a file has besides blocks, and how long they are: where blocks may lie.
type vhdLayout struct {
	batAt     int64
	blockSize int64    // with the bitmap, in bytes
	tables    []Extent // of the file: the copy of the footer, the header, the BAT
	end       int64    // of what may hold blocks
}

func (h *vhdHeader) layout(f *vhdFooters) vhdLayout {
	return vhdLayout{
		batAt:     int64(h.TableOffset),
		blockSize: h.bitmapSize() + int64(h.BlockSize),
		tables: []Extent{
			{0, vhdFooterSize},
			{int64(f.DataOffset), vhdHeaderSize},
			{int64(h.TableOffset), 4 * int64(h.MaxEntries)},
		},
		end: f.dataEnd,
	}
}

// validate checks that every block lies where blocks may lie, and that none lies in another.
func (l *vhdLayout) validate(bat vhdBAT) error {
	for i, entry := range bat {
		if entry == vhdUnused {
			continue
		}
		if err := l.validateEntry(i, entry); err != nil {
			return err
		}
	}
	return l.validateApart(bat)
}

func (l *vhdLayout) validateEntry(i int, entry uint32) error {
	block := Extent{int64(entry) * SectorSize, l.blockSize}
	if block.End() > l.end {
		return damagedf(VHD, l.entryAt(i), "block %d ends at byte %d, behind the end of the file's data, %d", i, block.End(), l.end)
	}
	for _, table := range l.tables {
		if block.Offset < table.End() && table.Offset < block.End() {
			return damagedf(VHD, l.entryAt(i), "block %d at byte %d lies in the tables", i, block.Offset)
		}
	}
	return nil
}

// validateApart checks that no two blocks overlap.
func (l *vhdLayout) validateApart(bat vhdBAT) error {
	sorted := slices.Clone(bat)
	slices.Sort(sorted)
	for i := 1; i < len(sorted) && sorted[i] != vhdUnused; i++ {
		a, b := sorted[i-1], sorted[i]
		if int64(b-a)*SectorSize < l.blockSize {
			return l.overlap(bat, a, b)
		}
	}
	return nil
}

// overlap returns the error about two entries, of which one may be twice in the BAT.
func (l *vhdLayout) overlap(bat vhdBAT, a, b uint32) error {
	first := slices.Index(bat, a)
	second := slices.Index(bat, b)
	if a == b {
		second = first + 1 + slices.Index(bat[first+1:], b)
	}
	return damagedf(VHD, l.entryAt(second), "block %d at byte %d lies in block %d at byte %d",
		second, int64(b)*SectorSize, first, int64(a)*SectorSize)
}

func (l *vhdLayout) entryAt(i int) int64 { return l.batAt + 4*int64(i) }
