package partition

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"unicode/utf16"
)

const (
	gptEntries       = 128
	gptEntriesLength = gptEntries * gptEntrySize // bytes
	gptTail          = gptEntriesLength + sectorSize
)

// A gptEntry is a partition in a GPT, little-endian [UEFI 2.10, table 5.6].
type gptEntry struct {
	Type       [16]byte
	GUID       [16]byte
	First      uint64 // sector
	Last       uint64
	Attributes uint64
	Name       [36]uint16 // UTF-16
}

// wrapGPT writes the protective MBR, the GPT and its backup.
func (w *Wrapping) wrapGPT(random io.Reader, boots bool) error {
	first, n := w.sectors()
	end := w.Offset + int64(n)*sectorSize
	w.Size = roundUp(end+gptTail, mib)
	e := gptEntry{Type: parseGUID(TypeLinux), First: first, Last: first + n - 1}
	if boots {
		e.Attributes = legacyBoot
	}
	copy(e.Name[:], utf16.Encode([]rune("root")))
	disk, err := newGUID(random)
	if err != nil {
		return err
	}
	if e.GUID, err = newGUID(random); err != nil {
		return err
	}
	table := make([]byte, gptEntriesLength)
	if _, err := binary.Encode(table, binary.LittleEndian, e); err != nil {
		return err
	}
	w.putGPT(disk, table)
	return nil
}

func (w *Wrapping) putGPT(disk [16]byte, table []byte) {
	sectors := uint64(w.Size / sectorSize)
	const tableSectors = gptEntriesLength / sectorSize
	primary := gptHeader{
		Magic: [8]byte([]byte(gptMagic)), Revision: gptRevision, HeaderSize: gptHeaderSize,
		MyLBA: 1, AlternateLBA: sectors - 1,
		FirstUsable: 2 + tableSectors, LastUsable: sectors - 1 - tableSectors - 1,
		GUID: disk, EntriesLBA: 2, EntryCount: gptEntries, EntrySize: gptEntrySize,
		EntriesCRC: crc32.ChecksumIEEE(table),
	}
	backup := primary
	backup.MyLBA, backup.AlternateLBA = primary.AlternateLBA, primary.MyLBA
	backup.EntriesLBA = sectors - 1 - tableSectors
	primary.seal()
	backup.seal()

	putMBR(w.Head, nil, mbrEntry{Type: typeProtective, First: 1, Sectors: uint32(min(sectors-1, 1<<32-1))})
	copy(w.Head[sectorSize:], primary.bytes())
	copy(w.Head[2*sectorSize:], table)
	w.Tail = make([]byte, gptTail)
	copy(w.Tail, table)
	copy(w.Tail[gptEntriesLength:], backup.bytes())
}

// newGUID makes a random GUID [RFC 9562, version 4]. Its third number, little-endian, has the version.
func newGUID(random io.Reader) (guid [16]byte, err error) {
	if _, err := io.ReadFull(random, guid[:]); err != nil {
		return guid, fmt.Errorf("partition gpt: GUID: %w", err)
	}
	guid[7] = guid[7]&0x0f | 0x40
	guid[8] = guid[8]&0x3f | 0x80
	return guid, nil
}

// parseGUID returns the bytes of a GUID of ours: the first three numbers are little-endian.
func parseGUID(s string) (guid [16]byte) {
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != len(guid) {
		panic("GUID " + s)
	}
	for i, from := range []int{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15} {
		guid[i] = b[from]
	}
	return guid
}
