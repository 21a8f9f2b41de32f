package diskimg

import (
	"encoding/binary"
	"io"
)

// A vhdHeader says how the blocks of a dynamic disk are found. Big-endian [Virtual Hard Disk Image Format
// Specification 1.0, "Dynamic Disk Header Format"].
type vhdHeader struct {
	Cookie      [8]byte // cxsparse
	Next        uint64  // vhdNone
	TableOffset uint64  // of the BAT, in bytes
	Version     uint32
	MaxEntries  uint32 // of the BAT; it may have more than the disk needs
	BlockSize   uint32 // bytes, a power of two
	Checksum    uint32
	Parent      [728]byte // UUID, time, four bytes of nothing, name and locators of a differencing disk's parent
	Reserved    [256]byte
}

const (
	vhdHeaderCookie = "cxsparse"
	vhdHeaderSize   = 1024
	vhdBlockSize    = 2 << 20 // that everybody writes

	// vhdMaxBlockSize is the longest block that is read, in bytes: the one of VHDX. The format knows no limit.
	vhdMaxBlockSize = 256 << 20

	// vhdMaxBlocks bounds the memory that a table takes: it is enough for 2040 GiB in blocks of 512 KiB, the
	// shortest that are known.
	vhdMaxBlocks = 4 << 20

	// Offsets of fields, for errors.
	vhdNextAt           = 8
	vhdTableOffsetAt    = 16
	vhdHeaderVersionAt  = 24
	vhdMaxEntriesAt     = 28
	vhdBlockSizeAt      = 32
	vhdHeaderChecksumAt = 36
	vhdParentAt         = 40
	vhdHeaderReservedAt = 768
)

// bytes returns the header with its checksum.
func (h *vhdHeader) bytes() []byte {
	b := vhdPacked(h)
	binary.BigEndian.PutUint32(b[vhdHeaderChecksumAt:], vhdChecksum(b, vhdHeaderChecksumAt))
	return b
}

// readVHDHeader reads the header that the footer points to, and checks what reading depends on.
func readVHDHeader(r io.ReaderAt, f *vhdFooters) (*vhdHeader, error) {
	off, at := f.DataOffset, f.off+vhdDataOffsetAt
	switch {
	case off > uint64(f.dataEnd) || f.dataEnd-int64(off) < vhdHeaderSize:
		return nil, damagedf(VHD, at, "the header at byte %d is behind the end of the file", off)
	case off < vhdFooterSize:
		return nil, damagedf(VHD, at, "the header at byte %d lies in the copy of the footer", off)
	case off%SectorSize != 0:
		return nil, damagedf(VHD, at, "the header at byte %d is not at the start of a sector", off)
	}
	raw := make([]byte, vhdHeaderSize)
	if err := readFull(r, raw, int64(off)); err != nil {
		return nil, err
	}
	h := new(vhdHeader)
	vhdParse(raw, h)
	if want := vhdChecksum(raw, vhdHeaderChecksumAt); string(h.Cookie[:]) == vhdHeaderCookie && h.Checksum != want {
		return nil, damagedf(VHD, int64(off)+vhdHeaderChecksumAt, "checksum of the header is %08x, want %08x", h.Checksum, want)
	}
	return h, h.validate(f)
}

// validate checks the fields, the place of the BAT among them.
func (h *vhdHeader) validate(f *vhdFooters) error {
	at := int64(f.DataOffset)
	tableEnd := h.TableOffset + 4*uint64(h.MaxEntries)
	switch {
	case string(h.Cookie[:]) != vhdHeaderCookie:
		return damagedf(VHD, at, "the header does not begin with %q", vhdHeaderCookie)
	case h.Version>>16 != vhdVersion>>16:
		return damagedf(VHD, at+vhdHeaderVersionAt, "version %d.%d of the header, want 1.0", h.Version>>16, h.Version&0xffff)
	case h.BlockSize < SectorSize || h.BlockSize&(h.BlockSize-1) != 0 || h.BlockSize > vhdMaxBlockSize:
		return damagedf(VHD, at+vhdBlockSizeAt, "block size %d is not a power of two from %d to %d", h.BlockSize, SectorSize, vhdMaxBlockSize)
	case int64(h.MaxEntries) < h.blocks(f):
		return damagedf(VHD, at+vhdMaxEntriesAt, "the BAT has %d entries, and the disk %d blocks", h.MaxEntries, h.blocks(f))
	case h.blocks(f) > vhdMaxBlocks:
		return &Error{VHD, at + vhdBlockSizeAt, unsupportedf("a disk of %d blocks is not read: %d at most", h.blocks(f), vhdMaxBlocks)}
	case h.TableOffset > uint64(f.dataEnd) || tableEnd > uint64(f.dataEnd):
		return damagedf(VHD, at+vhdTableOffsetAt, "the BAT of %d entries at byte %d ends behind the end of the file", h.MaxEntries, h.TableOffset)
	case h.TableOffset < vhdFooterSize:
		return damagedf(VHD, at+vhdTableOffsetAt, "the BAT at byte %d lies in the copy of the footer", h.TableOffset)
	case h.TableOffset%SectorSize != 0:
		return damagedf(VHD, at+vhdTableOffsetAt, "the BAT at byte %d is not at the start of a sector", h.TableOffset)
	case int64(h.TableOffset) < at+vhdHeaderSize && int64(tableEnd) > at:
		return damagedf(VHD, at+vhdTableOffsetAt, "the BAT at byte %d lies in the header", h.TableOffset)
	}
	return nil
}

// blocks returns how many blocks the disk has.
func (h *vhdHeader) blocks(f *vhdFooters) int64 {
	return (int64(f.CurrentSize) + int64(h.BlockSize) - 1) / int64(h.BlockSize)
}

// bitmapSize returns the length of a block's bitmap, in bytes: a bit a sector, padded to a sector.
func (h *vhdHeader) bitmapSize() int64 {
	return sectorAlign(int64(h.BlockSize) / SectorSize / 8)
}

// sectorAlign rounds n up to whole sectors, and to one at least.
func sectorAlign(n int64) int64 {
	return sectorsOf(max(n, 1)) * SectorSize
}
