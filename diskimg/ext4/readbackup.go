package ext4

// superPlace is the block that the primary superblock is in.
func (g *geometry) superPlace() int64 { return superblockOffset / g.blockSize }

// descBlock is where the n-th block of group descriptors is.
func (f *FS) descBlock(n int64) int64 {
	if !f.super.incompat(incompatMetaBG) || n < int64(f.super.FirstMetaBg) {
		return f.superPlace() + 1 + n
	}
	group := n * (f.blockSize / f.descSize)
	block := f.groupStart(group)
	if f.hasSuper(group) {
		block++
	}
	if n == 0 && f.first == 0 && f.superPlace() == 1 {
		block++
	}
	return block
}

// hasSuper tells whether group n has a superblock.
func (f *FS) hasSuper(n int64) bool {
	switch {
	case n == 0:
		return true
	case f.super.compat(compatSparseSuper2):
		return n == int64(f.super.BackupBgs[0]) || n == int64(f.super.BackupBgs[1])
	case !f.super.roCompat(roCompatSparseSuper):
		return true
	}
	return hasSuper(n)
}

// descBlocks is how many blocks of descriptors group n has.
func (f *FS) descBlocks(n int64) int64 {
	perBlock := f.blockSize / f.descSize
	all := (f.groups + perBlock - 1) / perBlock
	metaFirst := int64(f.super.FirstMetaBg)
	switch {
	case !f.super.incompat(incompatMetaBG):
		metaFirst = all
	case n/perBlock >= metaFirst:
		if in := n % perBlock; in == 0 || in == 1 || in == perBlock-1 {
			return 1
		}
		return 0
	}
	if f.hasSuper(n) {
		return min(metaFirst, all)
	}
	return 0
}

// backup is the run of blocks at the beginning of group n that its superblock and descriptors take.
func (f *FS) backup(n int64) (start, end int64) {
	start = f.groupStart(n)
	end = start + f.descBlocks(n)
	if f.hasSuper(n) {
		end++
	}
	if n == 0 && f.first == 0 {
		end += f.superPlace()
	}
	return start, min(end, f.blocks)
}

// reserved is where backup ends, and behind it the blocks that wait for more descriptors.
func (f *FS) reserved(n int64) int64 {
	_, end := f.backup(n)
	perBlock := f.blockSize / f.descSize
	if f.hasSuper(n) && (!f.super.incompat(incompatMetaBG) || n/perBlock < int64(f.super.FirstMetaBg)) {
		end += int64(f.super.ReservedGDTBlocks)
	}
	return min(end, f.groupEnd(n))
}
