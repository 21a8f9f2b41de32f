package diskimg

import (
	"io"
	"iter"
	"sync/atomic"
)

// A dynamicVHD is a disk in blocks, of which only those with data are in the file.
type dynamicVHD struct {
	r         io.ReaderAt
	fileSize  int64
	footers   *vhdFooters
	header    *vhdHeader
	bat       vhdBAT
	size      int64 // of the disk
	blockSize int64 // without the bitmap

	// full has a bit for each block, set once its bitmap was seen to have every sector: then it need not be
	// read again.
	full []atomic.Uint32
}

func openDynamicVHD(r io.ReaderAt, fileSize int64, f *vhdFooters) (image, error) {
	h, err := readVHDHeader(r, f)
	if err != nil {
		return nil, err
	}
	bat := make(vhdBAT, h.blocks(f)) // the file is long enough for it: see validate
	if err := readEntries(r, bat, int64(h.TableOffset)); err != nil {
		return nil, err
	}
	layout := h.layout(f)
	if err := layout.validate(bat); err != nil {
		return nil, err
	}
	return &dynamicVHD{
		r: r, fileSize: fileSize, footers: f, header: h, bat: bat,
		size: int64(f.CurrentSize), blockSize: int64(h.BlockSize),
		full: make([]atomic.Uint32, (len(bat)+31)/32),
	}, nil
}

func (d *dynamicVHD) info() Info {
	i := d.footers.info()
	i.Subformat, i.FileSize, i.BlockSize = Dynamic, d.fileSize, d.blockSize
	for e := range d.extents() {
		i.Allocated += e.Length
	}
	return i
}

// extents yields the blocks that are in the file.
func (d *dynamicVHD) extents() iter.Seq2[Extent, error] {
	return func(yield func(Extent, error) bool) {
		for i, entry := range d.bat {
			off := int64(i) * d.blockSize
			if entry != vhdUnused && !yield(Extent{off, min(d.blockSize, d.size-off)}, nil) {
				return
			}
		}
	}
}

func (d *dynamicVHD) readAt(p []byte, off int64) error {
	for len(p) > 0 {
		block, in := off/d.blockSize, off%d.blockSize
		n := min(int64(len(p)), d.blockSize-in)
		if err := d.readBlock(p[:n], block, in); err != nil {
			return err
		}
		p, off = p[n:], off+n
	}
	return nil
}

// readBlock reads what lies at in of a block.
func (d *dynamicVHD) readBlock(p []byte, block, in int64) error {
	if d.bat[block] == vhdUnused {
		clear(p)
		return nil
	}
	start := int64(d.bat[block]) * SectorSize
	present, err := d.bitmap(block, start)
	if err != nil {
		return err
	}
	if err := readFull(d.r, p, start+d.header.bitmapSize()+in); err != nil {
		return err
	}
	present.clearAbsent(p, in)
	return nil
}
