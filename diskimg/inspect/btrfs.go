package inspect

import "encoding/binary"

// A btrfsSuperblock is at byte 65536, little-endian [btrfs, on-disk format]; it has copies farther on.
type btrfsSuperblock struct {
	Sum         [32]byte
	UUID        [16]byte
	Offset      uint64 // of itself
	_           uint64
	Magic       [8]byte // _BHRfS_M
	_           [7]uint64
	_           uint64
	Devices     uint64
	SectorSize  uint32
	_           [4]uint32
	_           [4]uint64
	SumType     uint16
	_           [3]uint8
	_           uint64
	DeviceBytes uint64 // of the one that this is on
	_           [82]byte
	Label       [256]byte
}

const (
	btrfsOffset  = 64 << 10
	btrfsLength  = 4096
	btrfsMinimum = 1 << 20 // bytes
)

func findBtrfs(a *area) *FileSystem {
	var s btrfsSuperblock
	if a.size < btrfsMinimum || !a.has(btrfsOffset+64, "_BHRfS_M") || !a.decode(btrfsOffset, binary.LittleEndian, &s) ||
		s.Offset != btrfsOffset || !isPower(uint64(s.SectorSize), 512, 64<<10) {
		return nil
	}
	const crc32cType = 0 // other sums are believed
	b := a.bytes(btrfsOffset, btrfsLength)
	if s.SumType == crc32cType && (b == nil || binary.LittleEndian.Uint32(b) != crc32c(b[32:])) {
		return nil
	}
	return &FileSystem{
		Type: "btrfs", Label: label(s.Label[:]), UUID: uuid(s.UUID),
		Size: product(s.DeviceBytes, 1), BlockSize: int64(s.SectorSize),
	}
}
