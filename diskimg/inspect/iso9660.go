package inspect

import (
	"encoding/binary"
	"strings"
)

// An isoDescriptor is the volume descriptor of ISO 9660: the primary one at byte 32768, others behind it
// [ECMA-119, 9.4].
type isoDescriptor struct {
	Type      uint8   // 1: primary; 2: supplementary, such as Joliet's; 255: the last one
	Magic     [5]byte // CD001
	_         [2]uint8
	_         [32]byte
	Label     [32]byte
	_         [8]byte
	Blocks    uint32
	_         uint32 // Blocks, big-endian
	Escape    [32]byte
	_         [8]byte
	BlockSize uint16
	_         [683]byte
	Created   [17]byte
	Modified  [17]byte
}

const (
	isoOffset      = 32 << 10
	isoSector      = 2 << 10
	isoDescriptors = 16 // that are looked at
)

func findISO9660(a *area) *FileSystem {
	var d isoDescriptor
	if !a.has(isoOffset+1, "CD001") || !a.decode(isoOffset, binary.LittleEndian, &d) || !isPower(uint64(d.BlockSize), 512, 4096) {
		return nil
	}
	fs := &FileSystem{
		Type: "iso9660", Label: label(d.Label[:]), UUID: isoUUID(d.Modified),
		Size: product(uint64(d.Blocks), uint64(d.BlockSize)), BlockSize: int64(d.BlockSize),
	}
	if fs.UUID == "" {
		fs.UUID = isoUUID(d.Created)
	}
	if joliet, ok := findJoliet(a); ok {
		fs.Version = "Joliet Extension"
		if !isoEqual(d.Label, joliet) {
			fs.Label = label16(joliet[:], binary.BigEndian)
		}
	}
	return fs
}

// findJoliet returns the label in UTF-16 that Windows writes.
func findJoliet(a *area) (label [32]byte, ok bool) {
	for i := range int64(isoDescriptors) {
		var d isoDescriptor
		if !a.decode(isoOffset+(i+1)*isoSector, binary.LittleEndian, &d) || string(d.Magic[:]) != "CD001" || d.Type == 255 {
			return label, false
		}
		escape := string(d.Escape[:3])
		if d.Type == 2 && (escape == "%/@" || escape == "%/C" || escape == "%/E") {
			return d.Label, true
		}
	}
	return label, false
}

// isoEqual tells whether the label in UTF-16 is the first half of the other one: 32 bytes hold no more.
func isoEqual(ascii, joliet [32]byte) bool {
	for i := range 16 {
		if joliet[2*i] != 0 || joliet[2*i+1] != ascii[i] {
			return false
		}
	}
	return true
}

// isoUUID spells a time of digits as blkid does. All zeros is no time.
func isoUUID(t [17]byte) string {
	s := string(t[:16])
	if strings.Trim(s, "0") == "" && t[16] == 0 || strings.Trim(s, "\x00") == "" {
		return ""
	}
	parts := []string{s[:4]}
	for i := 4; i < 16; i += 2 {
		parts = append(parts, s[i:i+2])
	}
	return printable(strings.Join(parts, "-"))
}
