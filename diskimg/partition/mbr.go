package partition

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// maxLogical is how many extended boot records are followed: they are a chain, which may have no end.
const maxLogical = 128

// readMBR reads the table in the disk's first sector, which isMBR.
func readMBR(r io.ReaderAt, size int64, sector []byte) (*Table, error) {
	uuid, list, err := parseMBR(sector)
	if err != nil {
		return nil, err
	}
	t := &Table{Kind: MBR, UUID: uuid, SectorSize: sectorSize}
	if binary.LittleEndian.Uint32(sector[diskIDOffset:]) == 0 {
		t.UUID = ""
	}
	for _, e := range list {
		if e.kind != mbrType(typeEmpty) && e.sectors != 0 {
			t.add(e, size)
		}
	}
	for _, p := range slices.Clone(t.Partitions) {
		if p.Extended {
			if err := t.readLogical(r, size, p); err != nil {
				return nil, err
			}
			break // one is all that Linux and DOS know
		}
	}
	t.warnOverlaps()
	return t, nil
}

// readLogical follows the chain of extended boot records. Each has an entry for a logical partition, relative to
// itself, and one for the next record, relative to the extended partition. go-diskfs knows nothing of them.
func (t *Table) readLogical(r io.ReaderAt, size int64, extended Partition) error {
	base := uint64(extended.Start / sectorSize)
	at, seen := base, map[uint64]bool{}
	for index := 5; ; {
		switch {
		case seen[at] || len(seen) == maxLogical:
			t.warnf("the chain of logical partitions does not end: it is left at sector %d", at)
			return nil
		case at >= uint64(extended.End()/sectorSize):
			t.warnf("the chain of logical partitions leaves the extended partition for sector %d", at)
			return nil
		}
		seen[at] = true
		record, err := readBytes(r, int64(at)*sectorSize, sectorSize)
		if err != nil {
			return err
		}
		if !hasSignature(record) {
			t.warnf("there is no extended boot record at sector %d, where partition %d should be told of", at, index)
			return nil
		}
		index = t.addLogical(record, at, index, extended, size)
		next := link(record)
		if next == nil {
			return nil
		}
		at = base + uint64(binary.LittleEndian.Uint32(next[8:]))
	}
}

// addLogical adds the logical partitions that the record at sector at tells of: one, unless a strange tool wrote
// it. It returns the next one's index.
func (t *Table) addLogical(record []byte, at uint64, index int, extended Partition, size int64) int {
	for i, b := range entries(record) {
		first, sectors := at+uint64(binary.LittleEndian.Uint32(b[8:])), uint64(binary.LittleEndian.Uint32(b[12:]))
		if entryType(b) == typeEmpty || sectors == 0 || isExtended(entryType(b)) {
			continue
		}
		if i >= 2 && int64(first+sectors)*sectorSize > extended.End() {
			continue // not data, but what was there before
		}
		e := entry{index: index, first: first, sectors: sectors, kind: mbrType(entryType(b)), bootable: b[0] == 0x80}
		if t.UUID != "" {
			e.uuid = fmt.Sprintf("%s-%02x", t.UUID, index)
		}
		t.add(e, size)
		index++
	}
	return index
}

// link returns the entry of the next extended boot record, or nil.
func link(record []byte) []byte {
	for _, b := range entries(record) {
		if isExtended(entryType(b)) && binary.LittleEndian.Uint32(b[12:]) != 0 {
			return b
		}
	}
	return nil
}

func isExtended(kind byte) bool { return kind == 0x05 || kind == 0x0f || kind == 0x85 }
