package partition

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

const (
	gptMagic      = "EFI PART"
	gptRevision   = 0x00010000
	gptHeaderSize = 92
	gptEntrySize  = 128
)

// A gptHeader is the second sector of the disk, and its last one as the backup, little-endian
// [UEFI 2.10, table 5.5].
type gptHeader struct {
	Magic        [8]byte // EFI PART
	Revision     uint32  // 1.0
	HeaderSize   uint32  // 92
	CRC          uint32  // CRC-32 of this, with 0 here
	Reserved     uint32
	MyLBA        uint64 // the sector that this is in
	AlternateLBA uint64 // the one that the other copy is in
	FirstUsable  uint64 // for partitions
	LastUsable   uint64
	GUID         [16]byte // of the disk: a uint32, two uint16, eight bytes
	EntriesLBA   uint64
	EntryCount   uint32 // 128, used or not
	EntrySize    uint32 // 128
	EntriesCRC   uint32 // CRC-32 of all entries
}

func (h *gptHeader) bytes() []byte {
	b := new(bytes.Buffer)
	if err := binary.Write(b, binary.LittleEndian, h); err != nil {
		panic(err) // only if it has no fixed size
	}
	return b.Bytes()
}

// seal sets the checksum.
func (h *gptHeader) seal() {
	h.CRC = 0
	h.CRC = crc32.ChecksumIEEE(h.bytes())
}

// A gptCopy is the primary or the backup GPT, checked.
type gptCopy struct {
	header  gptHeader
	unit    int64  // bytes of a sector
	sector  []byte // of the header
	entries []byte
}

// readCopy reads the GPT whose header is at sector lba. If it is not one that can be relied
// on it says what the problem is; its errors are those of r.
func readCopy(r io.ReaderAt, size, unit int64, lba uint64) (c *gptCopy, problem string, err error) {
	if lba == 0 || lba >= uint64(size/unit) {
		return nil, fmt.Sprintf("there is no header at sector %d", lba), nil
	}
	c = &gptCopy{unit: unit}
	if c.sector, err = readBytes(r, int64(lba)*unit, unit); err != nil {
		return nil, "", err
	}
	if err := binary.Read(bytes.NewReader(c.sector), binary.LittleEndian, &c.header); err != nil {
		return nil, "", err
	}
	if problem := c.header.problem(lba, uint64(size/unit), uint64(unit)); problem != "" {
		return nil, problem, nil
	}
	c.entries, err = readBytes(r, int64(c.header.EntriesLBA)*unit, int64(c.header.EntryCount)*gptEntrySize)
	switch {
	case err != nil:
		return nil, "", err
	case crc32.ChecksumIEEE(c.entries) != c.header.EntriesCRC:
		return nil, "the checksum of its entries is wrong", nil
	}
	return c, "", nil
}

// problem says why h, found at sector lba of as many sectors of unit bytes, is not to be used, or nothing.
func (h gptHeader) problem(lba, sectors, unit uint64) string {
	sealed := h
	sealed.seal()
	switch {
	case string(h.Magic[:]) != gptMagic:
		return fmt.Sprintf("there is no header at sector %d", lba)
	case h.Revision != gptRevision || h.HeaderSize != gptHeaderSize || h.Reserved != 0:
		return fmt.Sprintf("its header is of revision %#x and %d bytes: want 1.0 and %d", h.Revision, h.HeaderSize, gptHeaderSize)
	case h.CRC != sealed.CRC:
		return "the checksum of its header is wrong"
	case h.MyLBA != lba:
		return fmt.Sprintf("it was made for sector %d and is at %d", h.MyLBA, lba)
	case h.EntrySize != gptEntrySize || h.EntryCount == 0 || h.EntryCount > maxEntries:
		return fmt.Sprintf("it has %d entries of %d bytes: want 1 to %d of %d", h.EntryCount, h.EntrySize, maxEntries, gptEntrySize)
	case h.EntriesLBA < 2 || h.EntriesLBA >= sectors || uint64(h.EntryCount)*gptEntrySize > (sectors-h.EntriesLBA)*unit:
		return fmt.Sprintf("its entries at sector %d are not on the disk", h.EntriesLBA)
	}
	return ""
}

// snapshot returns what go-diskfs needs to find this copy on a disk of size bytes. It looks for the backup where
// the primary's sector has nothing.
func (c *gptCopy) snapshot(size int64) *snapshot {
	head := make([]byte, 2*c.unit)
	if c.header.MyLBA == 1 {
		copy(head[c.unit:], c.sector)
	}
	return &snapshot{size, []piece{
		{0, head},
		{int64(c.header.MyLBA) * c.unit, c.sector},
		{int64(c.header.EntriesLBA) * c.unit, c.entries},
	}}
}
