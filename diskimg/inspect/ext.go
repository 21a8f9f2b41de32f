package inspect

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// An extSuperblock is at byte 1024 of ext2, ext3 and ext4, little-endian [Linux, ext4 disk layout].
type extSuperblock struct {
	Inodes       uint32
	Blocks       uint32 // low half
	_            [4]uint32
	LogBlockSize uint32 // 1024 << this
	_            [7]uint32
	Magic        uint16 // 0xef53
	_            uint16
	_            uint16
	MinorRev     uint16
	_            [3]uint32
	Rev          uint32
	_            [3]uint32
	Compat       uint32
	Incompat     uint32
	ROCompat     uint32
	UUID         [16]byte
	Label        [16]byte
	_            [200]byte
	BlocksHigh   uint32 // where extIncompat64Bit
	_            [12]byte
	Flags        uint32
}

const (
	extOffset = 1024
	extLength = 1024

	extCompatJournal       = 0x4
	extIncompatJournalDev  = 0x8
	extIncompat64Bit       = 0x80
	extROCompatMetadataSum = 0x400
	extFlagTest            = 0x4 // what was called ext4dev

	// What ext3 knows: file types, recovery, meta block groups; sparse superblocks, large files, trees.
	ext3Incompat = 0x2 | 0x4 | 0x10
	ext3ROCompat = 0x1 | 0x2 | 0x4
)

func findExt(a *area) *FileSystem {
	var s extSuperblock
	if !a.decode(extOffset, binary.LittleEndian, &s) || s.Magic != 0xef53 || s.LogBlockSize > 6 || !extSumOK(a, s) {
		return nil
	}
	blocks := uint64(s.Blocks)
	if s.Incompat&extIncompat64Bit != 0 {
		blocks |= uint64(s.BlocksHigh) << 32
	}
	blockSize := uint64(1024) << s.LogBlockSize
	return &FileSystem{
		Type: s.kind(), Version: fmt.Sprintf("%d.%d", s.Rev, s.MinorRev),
		Label: label(s.Label[:]), UUID: uuid(s.UUID),
		Size: product(blocks, blockSize), BlockSize: int64(blockSize),
	}
}

// kind tells the generations apart by their features, as blkid does.
func (s *extSuperblock) kind() string {
	switch {
	case s.Incompat&extIncompatJournalDev != 0:
		return "jbd"
	case s.Flags&extFlagTest != 0:
		return "ext4dev"
	case s.Incompat&^ext3Incompat != 0 || s.ROCompat&^ext3ROCompat != 0:
		return "ext4"
	case s.Compat&extCompatJournal != 0:
		return "ext3"
	}
	return "ext2"
}

// extSumOK checks the checksum, if the file system has one: the last four bytes.
func extSumOK(a *area, s extSuperblock) bool {
	if s.ROCompat&extROCompatMetadataSum == 0 {
		return true
	}
	b := a.bytes(extOffset, extLength)
	return b != nil && binary.LittleEndian.Uint32(b[extLength-4:]) == ^crc32c(b[:extLength-4])
}

func crc32c(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }
