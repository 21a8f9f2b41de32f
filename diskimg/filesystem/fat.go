package filesystem

import (
	"encoding/binary"
	"io"

	"amiforge/diskimg"
	"amiforge/diskimg/inspect"
)

// A fatBoot is the first sector of FAT, little-endian [Microsoft, FAT32 File System Specification]. Package inspect has
// seen that it is sane.
type fatBoot struct {
	_                 [11]byte
	SectorSize        uint16
	SectorsPerCluster uint8
	Reserved          uint16 // sectors before the first table
	Tables            uint8
	RootEntries       uint16 // FAT32: 0
	Sectors16         uint16
	_                 uint8
	TableSectors16    uint16
	_                 [8]byte
	Sectors32         uint32
	TableSectors32    uint32 // FAT32 only, as all that follows
	Flags             uint16 // 0x80: only the table of that number in the low bits is true
	_                 uint16
	RootCluster       uint32
}

const (
	maxFATTable = 64 << 20 // bytes that are kept
	fatSlotSize = 32       // bytes of one entry in a directory
)

// A fat is a FAT file system. It is what Linux makes of it, which is not always what its specification has.
type fat struct {
	r           io.ReaderAt
	dirs        dirReader
	bits        int    // of an entry in the table
	table       []byte // the first one
	limit       uint32 // the first cluster that there is not
	clusterSize int64
	data        int64          // where cluster 2 is
	root        diskimg.Extent // FAT12, FAT16
}

// openFAT returns the root directory.
func openFAT(found *inspect.FileSystem, r io.ReaderAt) (entry, error) {
	var boot fatBoot
	if err := readStruct(r, 0, &boot); err != nil {
		return nil, err
	}
	f := &fat{r: r, dirs: dirReader{r: r}, bits: map[string]int{"FAT12": 12, "FAT16": 16, "FAT32": 32}[found.Version]}
	if f.bits == 32 && boot.Flags&0x80 != 0 && boot.Flags&0xf != 0 {
		return nil, unsupportedf("that only allocation table %d is true is not supported", boot.Flags&0xf)
	}
	if err := f.measure(&boot, found.Size); err != nil {
		return nil, err
	}
	if f.bits == 32 {
		return &fatFile{f, boot.RootCluster}, nil
	}
	return &fatRoot{f}, nil
}

// measure finds out what is where, and reads the table.
func (f *fat) measure(boot *fatBoot, size int64) error {
	sector, tableSize := int64(boot.SectorSize), int64(boot.TableSectors16)
	if tableSize == 0 {
		tableSize = int64(boot.TableSectors32)
	}
	tableSize *= sector
	f.clusterSize = sector * int64(boot.SectorsPerCluster)
	f.root.Offset = int64(boot.Reserved)*sector + tableSize*int64(boot.Tables)
	f.root.Length = int64(boot.RootEntries) * fatSlotSize
	f.data = f.root.Offset + (f.root.Length+sector-1)/sector*sector
	if f.data > size {
		return damagedf("the data would begin at byte %d of %d", f.data, size)
	}
	entries := min((size-f.data)/f.clusterSize+2, tableSize*8/int64(f.bits))
	needed := (entries*int64(f.bits) + 7) / 8
	if needed > maxFATTable {
		return unsupportedf("an allocation table of %d bytes is too large", needed)
	}
	f.limit = uint32(entries)
	f.table = make([]byte, needed)
	return readFull(f.r, f.table, int64(boot.Reserved)*sector)
}

// after returns the cluster behind c, which there must be.
func (f *fat) after(c uint32) uint32 {
	order := binary.LittleEndian
	switch f.bits {
	case 12:
		i := int(c) * 3 / 2
		pair := [2]byte{f.table[i]}
		copy(pair[1:], f.table[i+1:]) // the last one may have half a byte
		return uint32(order.Uint16(pair[:])) >> (c % 2 * 4) & 0xfff
	case 16:
		return uint32(order.Uint16(f.table[c*2:]))
	}
	return order.Uint32(f.table[c*4:]) & 0x0fffffff
}

// isEnd tells whether there is no cluster behind the one that has next for the next: 0xff8, 0xfff8 or 0x0ffffff8.
func (f *fat) isEnd(next uint32) bool { return next >= 1<<min(f.bits, 28)-8 }
