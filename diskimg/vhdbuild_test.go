package diskimg

import (
	"encoding/binary"
	"slices"
	"testing"
)

// A vhdBuild is a dynamic VHD of any making: what other programs write, and what none should.
type vhdBuild struct {
	footer, copied  vhdFooter // at the end and at the start
	header          vhdHeader
	short           bool // the footer at the end has 511 bytes
	bat             vhdBAT
	blocks          map[uint32][]byte // bitmap and data, by sector
	end             int64             // of the file before its footer, if it is not that of the blocks
	noCopy, noEnd   bool
	rest            []byte // what stands behind the BAT, at restAt
	restAt          int64
	breakFooter     bool // the checksums of both
	breakHeaderByte int  // is changed after the checksum is made, if it is not 0
}

// buildVHD returns what makes a good disk of size bytes whose first block has data, and the last.
func buildVHD(size int64, blockSize uint32) *vhdBuild {
	o := vhdTestOptions(Dynamic)
	footer, err := newVHDFooter(size, vhdDynamic, o)
	if err != nil {
		panic(err)
	}
	footer.DataOffset = vhdFooterSize
	entries := uint32((size + int64(blockSize) - 1) / int64(blockSize))
	b := &vhdBuild{footer: *footer, copied: *footer, blocks: map[uint32][]byte{}}
	b.header = vhdHeader{
		Cookie: [8]byte([]byte(vhdHeaderCookie)), Next: vhdNone, TableOffset: 1536,
		Version: vhdVersion, MaxEntries: entries, BlockSize: blockSize,
	}
	b.bat = slices.Repeat(vhdBAT{vhdUnused}, int(entries))
	sector := uint32(1536+sectorAlign(4*int64(entries))) / SectorSize
	for _, i := range []uint32{0, entries - 1} {
		b.bat[i] = sector
		b.blocks[sector] = b.block(uint64(i + 1))
		sector += uint32(len(b.blocks[sector])) / SectorSize
	}
	return b
}

// block returns a bitmap of ones and data.
func (b *vhdBuild) block(seed uint64) []byte {
	bitmap := slices.Repeat([]byte{0xff}, int(b.header.bitmapSize()))
	return append(bitmap, noise(int(b.header.BlockSize), seed)...)
}

// both changes both footers.
func (b *vhdBuild) both(change func(f *vhdFooter)) {
	change(&b.footer)
	change(&b.copied)
}

// file returns the image.
func (b *vhdBuild) file() []byte {
	var file []byte
	put := func(off int64, p []byte) {
		if n := off + int64(len(p)) - int64(len(file)); n > 0 {
			file = append(file, make([]byte, n)...)
		}
		copy(file[off:], p)
	}
	if !b.noCopy {
		put(0, b.footerBytes(&b.copied))
	}
	header := b.header.bytes()
	header[b.breakHeaderByte] ^= byte(min(b.breakHeaderByte, 1))
	put(int64(b.copied.DataOffset), header)
	table := make([]byte, sectorAlign(4*int64(len(b.bat))))
	for i, entry := range b.bat {
		binary.BigEndian.PutUint32(table[4*i:], entry)
	}
	put(int64(b.header.TableOffset), table)
	put(b.restAt, b.rest)
	for sector, block := range b.blocks {
		put(int64(sector)*SectorSize, block)
	}
	if b.end > 0 {
		put(b.end, nil)
		file = file[:b.end]
	}
	end := b.footerBytes(&b.footer)
	switch {
	case b.noEnd:
		return file
	case b.short:
		return append(file, end[:511]...)
	}
	return append(file, end...)
}

func (b *vhdBuild) footerBytes(f *vhdFooter) []byte {
	p := f.bytes()
	if b.breakFooter {
		p[vhdChecksumAt]++
	}
	return p
}

// content returns what the disk holds.
func (b *vhdBuild) content() []byte {
	size := int64(b.footer.CurrentSize)
	content := make([]byte, size+int64(b.header.BlockSize))
	for i, entry := range b.bat {
		off := int64(i) * int64(b.header.BlockSize)
		if entry != vhdUnused && off < size {
			copy(content[off:], b.blocks[entry][b.header.bitmapSize():])
		}
	}
	return content[:size]
}

func TestVHDStructSizes(t *testing.T) {
	for what, got := range map[string]int{"footer": len((&vhdFooter{}).bytes()), "batmap": len(vhdPacked(&vhdBatmap{}))} {
		if got != SectorSize {
			t.Errorf("a %s has %d bytes", what, got)
		}
	}
	if got := len((&vhdHeader{}).bytes()); got != vhdHeaderSize {
		t.Errorf("a header has %d bytes", got)
	}
}
