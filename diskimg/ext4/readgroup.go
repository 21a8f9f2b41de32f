package ext4

import (
	"fmt"
	"slices"
	"sort"
)

// A groupPlace says where a group's metadata is, in blocks.
type groupPlace struct {
	blockBitmap, inodeBitmap, inodeTable int64

	flags     uint16
	unused    uint32 // inodes at the end of the table that were never used
	bitmapSum uint32 // of the block bitmap
}

// A zone is a run of blocks, up to the one before end, that no file may have.
type zone struct{ start, end int64 }

// readGroups reads all group descriptors, and notes the zones of metadata.
func (f *FS) readGroups() error {
	f.places = make([]groupPlace, 0, f.groups)
	for n := range f.groups {
		if err := f.readGroup(n); err != nil {
			return fmt.Errorf("group %d: %w", n, err)
		}
	}
	return f.joinZones()
}

func (f *FS) readGroup(n int64) error {
	perBlock := f.blockSize / f.descSize
	block, err := f.block(f.descBlock(n / perBlock))
	if err != nil {
		return err
	}
	b := block[n%perBlock*f.descSize:][:f.descSize]
	full := make([]byte, 64)
	copy(full, b)
	var d groupDesc
	decode(full, &d)
	if sum, ok := f.descSum(n, b); ok && sum != d.Checksum {
		return damagedf("descriptor: checksum is %04x, should be %04x", d.Checksum, sum)
	}
	return f.placeGroup(n, d)
}

func (f *FS) placeGroup(n int64, d groupDesc) error {
	p := groupPlace{
		blockBitmap: joined(d.BlockBitmapLo, d.BlockBitmapHi),
		inodeBitmap: joined(d.InodeBitmapLo, d.InodeBitmapHi),
		inodeTable:  joined(d.InodeTableLo, d.InodeTableHi),
		bitmapSum:   uint32(d.BlockBitmapCsumLo) | uint32(d.BlockBitmapCsumHi)<<16,
	}
	if f.super.roCompat(roCompatGDTCsum | roCompatMetadataCsum) {
		p.flags, p.unused = d.Flags, uint32(d.ItableUnusedLo)|uint32(d.ItableUnusedHi)<<16
	}
	f.places = append(f.places, p)
	if start, end := f.backup(n); start < end {
		f.zones = append(f.zones, zone{start, end})
	}
	for _, part := range []struct {
		name     string
		start, n int64
	}{{"block bitmap", p.blockBitmap, 1}, {"inode bitmap", p.inodeBitmap, 1}, {"inode table", p.inodeTable, f.tableBlocks()}} {
		if part.start < f.first || part.n > f.blocks || part.start > f.blocks-part.n {
			return damagedf("%s at block %d lies outside of the file system", part.name, part.start)
		}
		f.zones = append(f.zones, zone{part.start, part.start + part.n})
	}
	return nil
}

func joined(lo, hi uint32) int64 { return int64(uint64(hi&0x7fffffff)<<32 | uint64(lo)) }

// joinZones sorts the zones, refuses those that overlap, and makes one of those that adjoin.
func (f *FS) joinZones() error {
	slices.SortFunc(f.zones, func(a, b zone) int { return int(min(max(a.start-b.start, -1), 1)) })
	zones := f.zones[:0]
	for _, z := range f.zones {
		last := len(zones) - 1
		switch {
		case last >= 0 && z.start < zones[last].end:
			return damagedf("metadata overlaps at block %d", z.start)
		case last >= 0 && z.start == zones[last].end:
			zones[last].end = z.end
		default:
			zones = append(zones, z)
		}
	}
	f.zones = slices.Clip(zones)
	return nil
}

// checkRun checks that n blocks from start on may be a file's.
func (f *FS) checkRun(start, n int64) error {
	if start < f.first || n > f.blocks || start > f.blocks-n {
		return damagedf("%d blocks at %d lie outside of the file system's %d", n, start, f.blocks)
	}
	i := sort.Search(len(f.zones), func(i int) bool { return f.zones[i].end > start })
	if i < len(f.zones) && f.zones[i].start < start+n {
		return damagedf("%d blocks at %d overlap metadata", n, start)
	}
	return nil
}
