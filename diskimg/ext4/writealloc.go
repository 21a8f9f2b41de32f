package ext4

import (
	"cmp"
	"slices"
)

// A run is of blocks of the disk that follow one another.
type run struct{ start, n uint32 }

func (r run) end() int64 { return int64(r.start) + int64(r.n) }

// appendRun adds r to runs, to the last of them if it goes on there.
func appendRun(runs []run, r run) []run {
	if k := len(runs) - 1; k >= 0 && runs[k].end() == int64(r.start) {
		runs[k].n += r.n
		return runs
	}
	return append(runs, r)
}

// An allocator hands out blocks in ascending order. What lies below next is in use, but for the free runs and the gaps;
// the heads of those groups that have a copy of the superblock are never handed out.
type allocator struct {
	head int64 // blocks for the superblock, the descriptors and what is reserved for more of these
	next int64
	stop int64 // where the next head begins
	free []run // had content that is not needed any more: to be used first
	gaps []run // never written; heads may be in them
}

// reservedSize is how many blocks there are for descriptors where the size is not known yet: for 2 TiB.
const reservedSize = 256

// headBlocks is how many blocks the superblock, the descriptors and the room for more of them take in a file system of
// so many blocks. It may grow by 1024 as with mke2fs, or as far as the 1024 blocks that inode 7 may have lead.
func headBlocks(blocks int64) int64 {
	if blocks == 0 {
		return 1 + reservedSize
	}
	now := ceilDiv(ceilDiv(blocks, blockGroup), descsPerBlock)
	later := ceilDiv(ceilDiv(min(blocks*1024, maxBlocks-1), blockGroup), descsPerBlock)
	return 1 + now + min(max(later-now, 0), maxReserved-1)
}

func ceilDiv(n, by int64) int64 { return (n + by - 1) / by }

func newAllocator(head int64) allocator {
	return allocator{head: head, next: head, stop: blockGroup}
}

// hasSuper reports whether a group has a copy of the superblock (sparse_super).
func hasSuper(group int64) bool {
	return group <= 1 || isPower(group, 3) || isPower(group, 5) || isPower(group, 7)
}

func isPower(n, of int64) bool {
	for n%of == 0 {
		n /= of
	}
	return n == 1
}

// headCopies returns the groups that have a copy of the superblock but for the first.
func headCopies(groups int64) []int64 {
	var copies []int64
	for group := int64(1); group < groups; group++ {
		if hasSuper(group) {
			copies = append(copies, group)
		}
	}
	return copies
}

// stopAt returns where the first head begins that is not before block.
func stopAt(block int64) int64 {
	group := ceilDiv(block, blockGroup)
	for !hasSuper(group) {
		group++
	}
	return group * blockGroup
}

// take returns up to n blocks, at least one.
func (a *allocator) take(n int64) run {
	k := len(a.free) - 1
	if k < 0 {
		return a.fresh(n)
	}
	got := run{a.free[k].start, uint32(min(n, int64(a.free[k].n)))}
	a.free[k].start += got.n
	a.free[k].n -= got.n
	if a.free[k].n == 0 {
		a.free = a.free[:k]
	}
	return got
}

// fresh is take, of blocks that were never written.
func (a *allocator) fresh(n int64) run {
	if a.next == a.stop {
		a.jump()
	}
	n = min(n, a.stop-a.next)
	got := run{uint32(a.next), uint32(n)}
	a.next += n
	return got
}

// jump goes over the head that next is at.
func (a *allocator) jump() {
	a.stop = stopAt(a.next + 1)
	a.next += a.head
}

// whole returns n blocks that follow one another and were never written.
func (a *allocator) whole(n int64) int64 {
	for a.next == a.stop || a.stop-a.next < n {
		a.gap(a.stop)
		a.next = a.stop
		a.jump()
	}
	return int64(a.fresh(n).start)
}

// skip goes to a block that is not below next.
func (a *allocator) skip(block int64) {
	a.gap(block)
	a.next, a.stop = block, stopAt(block)
}

func (a *allocator) gap(end int64) {
	if a.next < end {
		a.gaps = append(a.gaps, run{uint32(a.next), uint32(end - a.next)})
	}
}

// release gives back blocks that were handed out.
func (a *allocator) release(runs []run) {
	for _, r := range runs {
		a.free = appendRun(a.free, r)
	}
}

// clone returns a copy that goes its own way.
func (a *allocator) clone() allocator {
	c := *a
	c.free, c.gaps = slices.Clone(a.free), slices.Clone(a.gaps)
	return c
}

// unused returns what is not in use below next, in order.
func (a *allocator) unused() []run {
	all := slices.Concat(a.free, a.gaps)
	slices.SortFunc(all, func(x, y run) int { return cmp.Compare(x.start, y.start) })
	return all
}
