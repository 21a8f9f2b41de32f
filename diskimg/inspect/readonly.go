package inspect

import (
	"encoding/binary"
	"fmt"
)

// A squashfsSuperblock is at byte 0, little-endian [Linux, fs/squashfs/squashfs_fs.h].
type squashfsSuperblock struct {
	Magic        [4]byte // hsqs
	_            [2]uint32
	BlockSize    uint32
	_            uint32
	_            uint16
	BlockLog     uint16
	_            [2]uint16
	Major, Minor uint16
	_            uint64
	Bytes        uint64
}

func findSquashfs(a *area) *FileSystem {
	var s squashfsSuperblock
	if !a.has(0, "hsqs") || !a.decode(0, binary.LittleEndian, &s) || s.Major < 4 ||
		!isPower(uint64(s.BlockSize), 4<<10, 1<<20) || uint64(s.BlockSize) != 1<<s.BlockLog {
		return nil
	}
	return &FileSystem{
		Type: "squashfs", Version: fmt.Sprintf("%d.%d", s.Major, s.Minor),
		Size: product(s.Bytes, 1), BlockSize: int64(s.BlockSize),
	}
}

// An erofsSuperblock is at byte 1024, little-endian [Linux, EROFS core on-disk format].
type erofsSuperblock struct {
	Magic    uint32
	_        [2]uint32
	BlockLog uint8
	_        [3]uint8
	_        [4]uint32
	_        uint32
	Blocks   uint32
	_        [2]uint32
	UUID     [16]byte
	Label    [16]byte
}

const (
	erofsOffset = 1024
	erofsMagic  = 0xe0f5e1e2
)

func findEROFS(a *area) *FileSystem {
	var s erofsSuperblock
	if !a.decode(erofsOffset, binary.LittleEndian, &s) || s.Magic != erofsMagic || s.BlockLog < 9 || s.BlockLog > 16 {
		return nil
	}
	return &FileSystem{
		Type: "erofs", Label: label(s.Label[:]), UUID: uuid(s.UUID),
		Size: product(uint64(s.Blocks), 1<<s.BlockLog), BlockSize: 1 << s.BlockLog,
	}
}
