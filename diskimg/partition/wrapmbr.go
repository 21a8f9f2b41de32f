package partition

import (
	"encoding/binary"
	"fmt"
	"io"
)

// wrapMBR writes the one sector of an MBR. Its disk ID is the UUID that Linux makes PARTUUID of.
func (w *Wrapping) wrapMBR(random io.Reader) error {
	w.Size = roundUp(w.Offset+w.content, mib)
	if w.Size > maxMBR {
		return fmt.Errorf("partition mbr: a disk of %d bytes is too long: an MBR ends at %d; gpt has no such limit", w.Size, int64(maxMBR))
	}
	id := make([]byte, 4)
	if _, err := io.ReadFull(random, id); err != nil {
		return fmt.Errorf("partition mbr: disk ID: %w", err)
	}
	first, n := w.sectors()
	e := mbrEntry{Status: 0x80, Type: 0x83, First: uint32(first), Sectors: uint32(n)}
	putMBR(w.Head, id, e)
	return nil
}

// An mbrEntry is one of the four of an MBR. CHS, the old way to tell a sector, is derived.
type mbrEntry struct {
	Status         byte // 0x80 if active
	Type           byte
	First, Sectors uint32
}

// putMBR writes an MBR without boot code into sector.
func putMBR(sector, id []byte, e mbrEntry) {
	copy(sector[diskIDOffset:], id)
	b := sector[entriesOffset:]
	b[0], b[4] = e.Status, e.Type
	putCHS(b[1:], uint64(e.First))
	putCHS(b[5:], uint64(e.First)+uint64(e.Sectors)-1)
	binary.LittleEndian.PutUint32(b[8:], e.First)
	binary.LittleEndian.PutUint32(b[12:], e.Sectors)
	sector[signatureOffset], sector[signatureOffset+1] = 0x55, 0xaa
}

// putCHS writes the cylinder, head and sector of lba on the disk of 255 heads and 63 sectors that everybody
// assumes; what is too far away for them is the last one.
func putCHS(b []byte, lba uint64) {
	const heads, sectors, last = 255, 63, 1023
	c, h, s := lba/(heads*sectors), lba/sectors%heads, lba%sectors+1
	if c > last {
		c, h, s = last, heads-1, sectors
	}
	b[0], b[1], b[2] = byte(h), byte(s|c>>8<<6), byte(c)
}
