package inspect

import "encoding/binary"

// An xfsSuperblock is at byte 0, big-endian [XFS Algorithms & Data Structures, "Superblocks"].
type xfsSuperblock struct {
	Magic      [4]byte // XFSB
	BlockSize  uint32
	Blocks     uint64
	_          [2]uint64
	UUID       [16]byte
	_          [4]uint64
	RTExtent   uint32 // blocks
	AGBlocks   uint32
	AGCount    uint32
	_          [2]uint32
	Version    uint16
	SectorSize uint16
	InodeSize  uint16
	_          uint16
	Label      [12]byte
	BlockLog   uint8
	SectorLog  uint8
	InodeLog   uint8
	InopbLog   uint8 // of the inodes in a block
	_          [3]uint8
	MaxPercent uint8
}

func findXFS(a *area) *FileSystem {
	var s xfsSuperblock
	if !a.decode(0, binary.BigEndian, &s) || string(s.Magic[:]) != "XFSB" || !s.sane() || !xfsSumOK(a, s) {
		return nil
	}
	return &FileSystem{
		Type: "xfs", Label: label(s.Label[:]), UUID: uuid(s.UUID),
		Size: product(s.Blocks, uint64(s.BlockSize)), BlockSize: int64(s.BlockSize),
	}
}

// sane holds the fields against each other, as blkid does.
func (s *xfsSuperblock) sane() bool {
	rtExtent := uint64(s.RTExtent) * uint64(s.BlockSize)
	return s.AGCount > 0 && s.MaxPercent <= 100 &&
		isPower(uint64(s.SectorSize), 1<<9, 1<<15) && uint64(s.SectorSize) == 1<<s.SectorLog &&
		isPower(uint64(s.BlockSize), 1<<9, 1<<16) && uint64(s.BlockSize) == 1<<s.BlockLog &&
		isPower(uint64(s.InodeSize), 1<<8, 1<<11) && uint64(s.InodeSize) == 1<<s.InodeLog &&
		s.BlockLog-s.InodeLog == s.InopbLog &&
		rtExtent >= 4<<10 && rtExtent <= 1<<30 &&
		s.Blocks > 0 && s.Blocks <= uint64(s.AGCount)*uint64(s.AGBlocks) &&
		s.Blocks >= uint64(s.AGCount-1)*uint64(s.AGBlocks)+64
}

// xfsSumOK checks the checksum of version 5: CRC-32C of the sector, with zeros in its place.
func xfsSumOK(a *area, s xfsSuperblock) bool {
	const sumOffset = 224
	if s.Version&0xf != 5 {
		return true
	}
	b := a.bytes(0, int64(s.SectorSize))
	if b == nil {
		return false
	}
	zeroed := append([]byte(nil), b...)
	clear(zeroed[sumOffset:][:4])
	return binary.LittleEndian.Uint32(b[sumOffset:]) == crc32c(zeroed)
}
