package ext4

import (
	"encoding/binary"
	"math/bits"
)

// freeCounts is what is free in the whole file system.
type freeCounts struct{ blocks, inodes int64 }

// writeGroups writes the bitmaps and the inodes of all groups and completes their descriptors.
func (w *Writer) writeGroups(p *plan) (free freeCounts) {
	unused := p.alloc.unused()
	for i := range p.descs {
		unused = w.writeBlockBitmap(p, int64(i), unused)
		w.writeInodes(p, int64(i))
		free.blocks += int64(p.descs[i].FreeBlocksCountLo)
		free.inodes += int64(p.descs[i].FreeInodesCountLo)
	}
	return free
}

// writeBlockBitmap writes the bitmap of a group, unless all that is in use is the copy of the superblock. Unused are the
// runs that end behind the beginning of the group; it returns those for the next.
func (w *Writer) writeBlockBitmap(p *plan, group int64, unused []run) []run {
	d := &p.descs[group]
	first := group * blockGroup
	end := min(first+blockGroup, p.blocks)
	b := bitmap(w.block[:])
	clear(b)
	b.set(0, max(0, min(p.alloc.next, end)-first))
	for len(unused) > 0 && int64(unused[0].start) < end {
		b.clear(max(int64(unused[0].start), first)-first, min(unused[0].end(), end)-first)
		if unused[0].end() > end {
			break
		}
		unused = unused[1:]
	}
	head := int64(0)
	if hasSuper(group) {
		head = p.alloc.head
		b.set(0, head)
	}
	used := b.count()
	d.FreeBlocksCountLo = uint16(end - first - used)
	d.Flags = groupInodeZeroed
	if used == head && group != p.groups-1 {
		d.Flags |= groupBlockUninit
		return unused
	}
	b.set(end-first, blockGroup)
	sum := crc32c(w.seed, b)
	d.BlockBitmapCsumLo, d.BlockBitmapCsumHi = uint16(sum), uint16(sum>>16)
	w.out.put(int64(d.BlockBitmapLo), b)
	return unused
}

// writeInodes writes the inode bitmap of a group and its table, as far as it is in use.
func (w *Writer) writeInodes(p *plan, group int64) {
	d := &p.descs[group]
	first := group * p.perGroup
	here := w.nodes[min(first, int64(len(w.nodes))):min(first+p.perGroup, int64(len(w.nodes)))]
	b := bitmap(w.block[:])
	used := markInodes(b, d, here, first)
	d.FreeInodesCountLo = uint16(p.perGroup - b.count())
	d.ItableUnusedLo = uint16(p.perGroup - used)
	if used == 0 {
		d.Flags |= groupInodeUninit
		return
	}
	b.set(p.perGroup, maxGroupInodes)
	sum := crc32c(w.seed, b[:p.perGroup/8])
	d.InodeBitmapCsumLo, d.InodeBitmapCsumHi = uint16(sum), uint16(sum>>16)
	w.out.put(int64(d.InodeBitmapLo), b)
	w.writeTable(int64(d.InodeTableLo), here[:used])
}

// markInodes sets the bits of those that are in use, the reserved ones too, and returns how many the table must have.
func markInodes(b bitmap, d *groupDesc, nodes []*draft, first int64) (used int64) {
	clear(b)
	for i, n := range nodes {
		if n == nil && first+int64(i) >= firstInode-1 {
			continue
		}
		used = int64(i) + 1
		b.set(used-1, used)
		if n != nil && n.dir != nil {
			d.UsedDirsCountLo++
		}
	}
	return used
}

// writeTable writes inodes, in whole blocks.
func (w *Writer) writeTable(at int64, nodes []*draft) {
	p := w.chunk[:0]
	for i, n := range nodes {
		if n == nil {
			p = append(p, make([]byte, writtenInode)...)
		} else {
			p = w.appendInode(p, n)
		}
		if last := i == len(nodes)-1; last || len(p) == cap(p) {
			blocks := (len(p) + blockSize - 1) / blockSize
			clear(p[len(p) : blocks*blockSize])
			w.out.put(at, p[:blocks*blockSize])
			at, p = at+int64(blocks), p[:0]
		}
	}
}

// A bitmap has the bit i%8 of byte i/8 for the number i.
type bitmap []byte

func (b bitmap) set(from, to int64) {
	for ; from < to && from%8 != 0; from++ {
		b[from/8] |= 1 << (from % 8)
	}
	for ; from+8 <= to; from += 8 {
		b[from/8] = 0xff
	}
	for ; from < to; from++ {
		b[from/8] |= 1 << (from % 8)
	}
}

func (b bitmap) clear(from, to int64) {
	for ; from < to && from%8 != 0; from++ {
		b[from/8] &^= 1 << (from % 8)
	}
	for ; from+8 <= to; from += 8 {
		b[from/8] = 0
	}
	for ; from < to; from++ {
		b[from/8] &^= 1 << (from % 8)
	}
}

func (b bitmap) count() int64 {
	n := 0
	for i := 0; i < len(b); i += 8 {
		n += bits.OnesCount64(binary.LittleEndian.Uint64(b[i:]))
	}
	return int64(n)
}
