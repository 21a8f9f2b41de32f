package ext4

import "fmt"

const (
	flexShift    = 4 // groups of a flexible group: 1 << this, whose bitmaps and tables lie together
	flexGroups   = 1 << flexShift
	blocksPerMiB = 1 << 20 / blockSize
)

// A plan says where everything goes that is not written yet, in a file system of a size.
type plan struct {
	alloc      allocator // behind everything
	blocks     int64     // of the file system
	groups     int64
	copies     []int64 // the groups that have a copy of the superblock
	perGroup   int64   // inodes
	descs      []groupDesc
	doubleInd  int64 // the block that has the numbers of those reserved for descriptors
	journal    []run
	journalLen int64
	tree       []run // of the journal, one block or none
}

func (p *plan) fits() bool { return p.alloc.next <= p.blocks }

// choose returns the plan for the size that the options say, or else for what is needed and a quarter.
func (w *Writer) choose() (*plan, error) {
	if size := w.opts.Size / blockSize; size > 0 {
		for _, inodes := range []int64{w.plenty(size), w.enough()} {
			if p := w.plan(size, inodes); p.fits() {
				return p, nil
			}
		}
		return nil, &SizeError{Size: w.opts.Size, Need: w.need()}
	}
	least := w.grow(w.alloc.next, 1, func(int64) int64 { return w.enough() })
	p := w.grow(ceilDiv(least.blocks*5/4, blocksPerMiB)*blocksPerMiB, blocksPerMiB, w.plenty)
	if most := int64(reservedSize) * descsPerBlock; p.groups > most {
		return nil, fmt.Errorf("ext4: a file system of more than %d TiB needs a size beforehand", most*blockGroup*blockSize>>40)
	}
	return p, nil
}

// plenty is how many inodes there should be: a quarter more than files, and one for 16 KiB.
func (w *Writer) plenty(blocks int64) int64 {
	if w.opts.Inodes > 0 {
		return w.enough()
	}
	return max(blocks*blockSize/(16<<10), w.enough()*5/4)
}

// enough is how many inodes there must be.
func (w *Writer) enough() int64 { return max(w.opts.Inodes, int64(len(w.nodes))) }

// grow returns the plan of the least size from blocks on that fits, in steps of unit.
func (w *Writer) grow(blocks, unit int64, inodes func(blocks int64) int64) *plan {
	for {
		p := w.plan(blocks, inodes(blocks))
		if p.fits() {
			return p
		}
		blocks = ceilDiv(max(p.alloc.next, blocks+64), unit) * unit
	}
}

// need returns a size in bytes that would have done, and is above the one that did not. With it there is more room for
// descriptors, in front of all that was placed.
func (w *Writer) need() int64 {
	p := w.grow(max(w.alloc.next, w.opts.Size/blockSize+1), 1, func(int64) int64 { return w.enough() })
	need := p.blocks
	for range 2 { // the room grows with the need
		heads := int64(1 + len(headCopies(ceilDiv(need, blockGroup))))
		more := max(headBlocks(need)-w.alloc.head, 0) + p.perGroup/tableInodes
		need = ceilDiv(p.blocks+heads*more, blocksPerMiB) * blocksPerMiB
	}
	return min(need, maxBlocks) * blockSize
}

// plan places everything in a file system of so many blocks. It does not fit if that ends behind them.
func (w *Writer) plan(blocks, inodes int64) *plan {
	if groups := ceilDiv(inodes, maxGroupInodes); ceilDiv(blocks, blockGroup) < groups {
		return &plan{alloc: allocator{next: (groups-1)*blockGroup + 1}, blocks: blocks}
	}
	p := &plan{alloc: w.alloc.clone(), blocks: blocks}
	p.divide(inodes)
	if p.groups*maxGroupInodes < inodes { // without the last group
		p.alloc.next = blocks + 1
		return p
	}
	p.placeSpecial(w.opts.NoJournal)
	p.descs = make([]groupDesc, p.groups)
	for first := int64(0); first < p.groups; first += flexGroups {
		if start := first * blockGroup; start > p.alloc.next {
			p.alloc.skip(start)
		}
		p.placeTables(first, min(first+flexGroups, p.groups))
	}
	return p
}

// divide counts the groups and their inodes. Like mke2fs it does without a last group that has not 50 blocks more than
// it needs itself.
func (p *plan) divide(inodes int64) {
	for {
		p.groups = ceilDiv(p.blocks, blockGroup)
		p.perGroup = ceilDiv(ceilDiv(inodes, p.groups), tableInodes) * tableInodes
		for p.perGroup > maxGroupInodes || p.groups*p.perGroup > 1<<32-1 {
			p.perGroup -= tableInodes
		}
		own := 2 + p.perGroup/tableInodes
		if hasSuper(p.groups - 1) {
			own += p.alloc.head
		}
		rest := p.blocks % blockGroup
		if rest == 0 || rest >= own+50 || p.groups == 1 {
			return
		}
		p.blocks -= rest
	}
}

func (p *plan) placeSpecial(noJournal bool) {
	p.doubleInd = p.alloc.whole(1)
	if !noJournal {
		p.journalLen = journalBlocks(p.blocks)
	}
	extents := int64(0)
	for left := p.journalLen; left > 0; {
		r := p.alloc.fresh(left)
		p.journal = append(p.journal, r)
		left -= int64(r.n)
		extents += ceilDiv(int64(r.n), extentInit)
	}
	if extents > rootExtents {
		p.tree = []run{{uint32(p.alloc.whole(1)), 1}}
	}
}

// placeTables places the bitmaps and tables of the groups from first on, those of a kind together.
func (p *plan) placeTables(first, end int64) {
	for i := first; i < end; i++ {
		at := p.alloc.whole(1)
		p.descs[i].BlockBitmapLo, p.descs[i].BlockBitmapHi = uint32(at), uint32(at>>32)
	}
	for i := first; i < end; i++ {
		at := p.alloc.whole(1)
		p.descs[i].InodeBitmapLo, p.descs[i].InodeBitmapHi = uint32(at), uint32(at>>32)
	}
	for i := first; i < end; i++ {
		at := p.alloc.whole(p.perGroup / tableInodes)
		p.descs[i].InodeTableLo, p.descs[i].InodeTableHi = uint32(at), uint32(at>>32)
	}
}

// journalBlocks is the size of the journal that mke2fs gives a file system.
func journalBlocks(blocks int64) int64 {
	for _, step := range []struct{ below, journal int64 }{
		{2048, 0},
		{128 * blocksPerMiB, 1024},
		{1 << 10 * blocksPerMiB, 4096},
		{2 << 10 * blocksPerMiB, 8192},
		{16 << 10 * blocksPerMiB, 16384},
		{32 << 10 * blocksPerMiB, 32768},
		{64 << 10 * blocksPerMiB, 65536},
		{128 << 10 * blocksPerMiB, 131072},
	} {
		if blocks < step.below {
			return step.journal
		}
	}
	return 262144
}
