package inspect

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// A fatSector is the first sector of a FAT file system, little-endian [Microsoft, FAT32 File System
// Specification].
type fatSector struct {
	Jump              [3]byte
	_                 [8]byte
	SectorSize        uint16
	SectorsPerCluster uint8
	Reserved          uint16
	Tables            uint8
	RootEntries       uint16 // FAT32: 0
	Sectors16         uint16
	Media             uint8
	TableSectors16    uint16
	_                 [2]uint16
	_                 uint32
	Sectors32         uint32
	Variant           [474]byte // a fat16Tail or a fat32Tail
	Signature         [2]byte   // 55 AA, in all but the oldest
}

type fat16Tail struct {
	_      [3]uint8
	Serial uint32
	Label  [11]byte
	Magic  [8]byte // FAT12, FAT16 or FAT
}

type fat32Tail struct {
	TableSectors uint32
	_            [2]uint16
	RootCluster  uint32
	InfoSector   uint16
	_            uint16
	_            [15]uint8
	Serial       uint32
	Label        [11]byte
	Magic        [8]byte // FAT32
}

const (
	fatEntrySize  = 32
	fat12Clusters = 0xff4 // at most; blkid has one less, Linux does not
	fat16Clusters = 0xfff4
	fat32Clusters = 0x0ffffff6

	// maxLabelClusters is how much of a root directory is searched for the label.
	maxLabelClusters = 16
)

// A fat is a FAT file system, in bytes from its beginning.
type fat struct {
	fatSector
	tail16   fat16Tail
	tail32   fat32Tail
	tableLen uint64 // sectors of one table
	clusters uint64
	data     uint64 // the sector of cluster 2
}

func findFAT(a *area) *FileSystem {
	var f fat
	if !a.decode(0, binary.LittleEndian, &f.fatSector) || !f.sane() {
		return nil
	}
	for _, tail := range []any{&f.tail16, &f.tail32} {
		if _, err := binary.Decode(f.Variant[:], binary.LittleEndian, tail); err != nil {
			panic(err) // only if it has no fixed size
		}
	}
	if !f.marked() || !f.measure() {
		return nil
	}
	fs := &FileSystem{
		Type: "vfat", Version: "FAT32", UUID: serial(f.tail32.Serial),
		Size:      product(f.sectors(), uint64(f.SectorSize)),
		BlockSize: int64(f.SectorSize) * int64(f.SectorsPerCluster),
	}
	switch {
	case f.TableSectors16 == 0:
		fs.Label = f.label32(a)
		if !f.infoOK(a) {
			return nil
		}
		return fs
	case f.clusters <= fat12Clusters:
		fs.Version = "FAT12"
	default:
		fs.Version = "FAT16"
	}
	fs.UUID, fs.Label = serial(f.tail16.Serial), f.label16(a)
	return fs
}

func (f *fatSector) sane() bool {
	return f.Tables != 0 && f.Reserved != 0 && (f.Media >= 0xf8 || f.Media == 0xf0) &&
		isPower(uint64(f.SectorsPerCluster), 1, 128) && isPower(uint64(f.SectorSize), 512, 4096)
}

// marked looks for a name of FAT, or the jump of a boot sector. OS/2 wrote such sectors before other file systems.
func (f *fat) marked() bool {
	name16, name32 := string(f.tail16.Magic[:]), string(f.tail32.Magic[:])
	if slices.Contains([]string{"FAT12   ", "FAT16   ", "FAT     ", "MSDOS   "}, name16) || name32 == "FAT32   " || bytes.HasPrefix(f.tail32.Magic[:], []byte("MSWIN")) {
		return true
	}
	return f.Signature == [2]byte{0x55, 0xaa} && (f.Jump[0] == 0xeb || f.Jump[0] == 0xe9) &&
		name16 != "JFS     " && name16 != "HPFS    "
}

func (f *fatSector) sectors() uint64 {
	if f.Sectors16 != 0 {
		return uint64(f.Sectors16)
	}
	return uint64(f.Sectors32)
}

// measure derives what is where, and tells whether it can be.
func (f *fat) measure() bool {
	f.tableLen = uint64(f.TableSectors16)
	limit := uint64(fat16Clusters)
	if f.tableLen == 0 {
		f.tableLen, limit = uint64(f.tail32.TableSectors), fat32Clusters
	}
	perSector := uint64(f.SectorSize) / fatEntrySize
	root := (uint64(f.RootEntries) + perSector - 1) / perSector
	f.data = uint64(f.Reserved) + f.tableLen*uint64(f.Tables) + root
	if f.tableLen == 0 || f.sectors() < f.data {
		return false
	}
	f.clusters = (f.sectors() - f.data) / uint64(f.SectorsPerCluster)
	return f.clusters <= limit
}

// infoOK checks the marks of FAT32's information sector, if it has one.
func (f *fat) infoOK(a *area) bool {
	if f.tail32.InfoSector == 0 || f.tail32.InfoSector == 0xffff {
		return true
	}
	off := int64(f.tail32.InfoSector) * int64(f.SectorSize)
	empty := string(make([]byte, 4)) // DOS leaves it so
	return (a.has(off, "RRaA") || a.has(off, empty)) && (a.has(off+484, "rrAa") || a.has(off+484, empty))
}
