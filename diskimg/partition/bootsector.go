package partition

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// Where things stand in the first sector.
const (
	diskIDOffset    = 440 // uint32
	entriesOffset   = 446 // of four entries
	entrySize       = 16
	signatureOffset = 510

	typeEmpty      = 0x00
	typeProtective = 0xee // of the entry that keeps others away from a GPT
)

func hasSignature(sector []byte) bool {
	return sector[signatureOffset] == 0x55 && sector[signatureOffset+1] == 0xaa
}

// entries returns the four entries of an MBR or an extended boot record.
func entries(sector []byte) [4][]byte {
	var e [4][]byte
	for i := range e {
		e[i] = sector[entriesOffset+i*entrySize:][:entrySize]
	}
	return e
}

func entryType(entry []byte) byte { return entry[4] }

// isProtective tells whether a GPT may follow.
func isProtective(sector []byte) bool {
	for _, e := range entries(sector) {
		if entryType(e) == typeProtective {
			return true
		}
	}
	return false
}

// isMBR tells a partition table from the code or text of a file system's boot sector.
func isMBR(sector []byte) bool {
	for _, e := range entries(sector) {
		if e[0] != 0 && e[0] != 0x80 {
			return false
		}
	}
	oem := string(sector[3:11])
	return oem != "NTFS    " && oem != "EXFAT   " && !isFAT(sector)
}

// isFAT tells whether the sector begins a FAT file system: its parameter block must make sense, since boot loaders
// keep what was in its place, and have a mark of FAT or the jump that every PC boot sector begins with.
func isFAT(sector []byte) bool {
	le16 := binary.LittleEndian.Uint16
	perSector, perCluster, media := le16(sector[11:]), sector[13], sector[21]
	sane := bits.OnesCount16(perSector) == 1 && perSector >= 512 && perSector <= 4096 &&
		bits.OnesCount8(perCluster) == 1 &&
		le16(sector[14:]) != 0 && // reserved sectors, of which this is one
		sector[16] != 0 && // tables
		(media >= 0xf8 || media == 0xf0)
	marked := bytes.HasPrefix(sector[54:], []byte("FAT")) || bytes.HasPrefix(sector[82:], []byte("FAT32")) ||
		sector[0] == 0xeb || sector[0] == 0xe9
	return sane && marked
}
