package inspect

import (
	"encoding/binary"
	"fmt"
)

const mdMagic = 0xa92b4efc

// An md1Superblock is that of a member of a Linux RAID, version 1, little-endian [md(4)].
type md1Superblock struct {
	Magic  uint32
	Major  uint32 // 1
	_      [2]uint32
	UUID   [16]byte
	Name   [32]byte
	_      [80]byte
	Offset uint64 // of itself, in sectors
}

// An md0Superblock is that of version 0.90, in the order of the machine that made it.
type md0Superblock struct {
	Magic               uint32
	Major, Minor, Patch uint32
	_                   uint32
	UUID0               uint32
	_                   [2]uint32
	Size                uint32 // KiB
	_                   [4]uint32
	UUID                [3]uint32
}

// findRAID looks at the four places where md keeps its superblock: 64 to 128 KiB before the end (0.90), 8 to 12
// before the end (1.0), at the beginning (1.1) and 4 KiB behind it (1.2).
func findRAID(a *area) *FileSystem {
	if a.size > 64<<10 {
		if fs := findMD0(a, a.size&^(64<<10-1)-64<<10); fs != nil {
			return fs
		}
		if fs := findMD1(a, a.size&^(4<<10-1)-8<<10, "1.0"); fs != nil {
			return fs
		}
	}
	if fs := findMD1(a, 0, "1.1"); fs != nil {
		return fs
	}
	return findMD1(a, 4<<10, "1.2")
}

func findMD1(a *area, off int64, version string) *FileSystem {
	var s md1Superblock
	if !a.decode(off, binary.LittleEndian, &s) || s.Magic != mdMagic || s.Major != 1 || s.Offset != uint64(off)/512 {
		return nil
	}
	return &FileSystem{Type: "linux_raid_member", Version: version, Label: label(s.Name[:]), UUID: uuid(s.UUID)}
}

func findMD0(a *area, off int64) *FileSystem {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		var s md0Superblock
		if !a.decode(off, order, &s) || s.Magic != mdMagic || int64(s.Size)<<10 > off {
			continue
		}
		var id [16]byte
		binary.BigEndian.PutUint32(id[:], s.UUID0)
		if s.Minor >= 90 {
			for i, n := range s.UUID {
				binary.BigEndian.PutUint32(id[4+4*i:], n)
			}
		}
		return &FileSystem{Type: "linux_raid_member", Version: fmt.Sprintf("%d.%d.%d", s.Major, s.Minor, s.Patch), UUID: uuid(id)}
	}
	return nil
}
