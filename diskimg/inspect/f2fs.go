package inspect

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// An f2fsSuperblock is at byte 1024, little-endian [Linux, include/linux/f2fs_fs.h].
type f2fsSuperblock struct {
	Magic        uint32
	Major, Minor uint16
	_            [2]uint32
	LogBlockSize uint32
	_            [3]uint32
	SumOffset    uint32 // of the checksum in the superblock, or 0
	Blocks       uint64
	_            [16]uint32
	UUID         [16]byte
	Label        [1024]byte // UTF-16
}

const (
	f2fsOffset = 1024
	f2fsMagic  = 0xf2f52010
)

func findF2FS(a *area) *FileSystem {
	var s f2fsSuperblock
	if !a.decode(f2fsOffset, binary.LittleEndian, &s) || s.Magic != f2fsMagic || s.LogBlockSize < 9 || s.LogBlockSize > 16 || !f2fsSumOK(a, s) {
		return nil
	}
	return &FileSystem{
		Type: "f2fs", Version: fmt.Sprintf("%d.%d", s.Major, s.Minor),
		Label: label16(s.Label[:], binary.LittleEndian), UUID: uuid(s.UUID),
		Size: product(s.Blocks, 1<<s.LogBlockSize), BlockSize: 1 << s.LogBlockSize,
	}
}

// f2fsSumOK checks the checksum: CRC-32 of what is before it, begun with the magic and not inverted.
func f2fsSumOK(a *area, s f2fsSuperblock) bool {
	if s.SumOffset == 0 {
		return true
	}
	if s.SumOffset > 4096-4 {
		return false
	}
	b := a.bytes(f2fsOffset, int64(s.SumOffset)+4)
	return b != nil && binary.LittleEndian.Uint32(b[s.SumOffset:]) == rawCRC32(f2fsMagic, b[:s.SumOffset])
}

// rawCRC32 is CRC-32 without the inversions before and after.
func rawCRC32(start uint32, b []byte) uint32 { return ^crc32.Update(^start, crc32.IEEETable, b) }
