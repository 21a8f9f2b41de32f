package inspect

import "encoding/binary"

// An lvmLabel is one of the first four sectors of an LVM2 physical volume, little-endian.
type lvmLabel struct {
	Magic  [8]byte // LABELONE
	Sector uint64
	CRC    uint32 // of what follows
	Offset uint32 // of the UUID in the sector
	Type   [8]byte
}

const lvmCRCStart = 0xf597a6cf

func findLVM(a *area) *FileSystem {
	const size, idSize = 512, 32
	for sector := range int64(4) {
		b := a.bytes(sector*size, size)
		var l lvmLabel
		if b == nil || !a.decode(sector*size, binary.LittleEndian, &l) ||
			string(l.Magic[:]) != "LABELONE" || string(l.Type[:]) != "LVM2 001" || l.Sector != uint64(sector) ||
			rawCRC32(lvmCRCStart, b[20:]) != l.CRC || l.Offset > size-idSize-8 {
			continue
		}
		id := b[l.Offset:]
		return &FileSystem{
			Type: "LVM2_member", Version: "LVM2 001", UUID: lvmUUID(id[:idSize]),
			Size: product(binary.LittleEndian.Uint64(id[idSize:]), 1),
		}
	}
	return nil
}

// lvmUUID puts the dashes into LVM's 32 letters.
func lvmUUID(id []byte) string {
	s := string(id[:6])
	for i := 6; i < 26; i += 4 {
		s += "-" + string(id[i:i+4])
	}
	return printable(s + "-" + string(id[26:]))
}
