package ext4

import "encoding/binary"

const (
	flagUnsignedHash = 0x2
	mountXattrACL    = 0xc // the default mount options user_xattr and acl
	neverChecked     = 0xffff
)

// writeHeads writes the superblock and the descriptors of groups, and their copies.
func (w *Writer) writeHeads(p *plan, free freeCounts) {
	table := w.descTable(p)
	sb := w.superblock(p, free)
	for _, group := range p.copies {
		w.writeHead(sb, group, 0, table)
	}
	w.writeHead(sb, 0, superblockOffset, table)
}

func (w *Writer) writeHead(sb superblock, group int64, off int, table []byte) {
	sb.BlockGroupNr = uint16(group)
	clear(w.block[:])
	p := w.block[off : off+superblockSize]
	if _, err := binary.Encode(p, binary.LittleEndian, &sb); err != nil {
		panic(err) // the struct has fixed sizes
	}
	binary.LittleEndian.PutUint32(p[superblockSize-4:], crc32c(^uint32(0), p[:superblockSize-4]))
	w.out.put(group*blockGroup, w.block[:])
	for i := 0; i < len(table); i += blockSize {
		w.out.put(group*blockGroup+1+int64(i/blockSize), table[i:i+blockSize])
	}
}

func (w *Writer) descTable(p *plan) []byte {
	table := make([]byte, 0, ceilDiv(p.groups, descsPerBlock)*blockSize)
	for i := range p.descs {
		at := len(table)
		table, _ = binary.Append(table, binary.LittleEndian, &p.descs[i])
		sum := crc32c(w.seed, binary.LittleEndian.AppendUint32(nil, uint32(i)))
		binary.LittleEndian.PutUint16(table[at+30:], uint16(crc32c(sum, table[at:])))
	}
	return table[:cap(table)]
}

func (w *Writer) superblock(p *plan, free freeCounts) superblock {
	reserved := p.blocks * int64(max(w.opts.Reserved, 0)) / 100
	inodes := p.groups * p.perGroup
	sb := superblock{
		InodesCount: uint32(inodes), FreeInodesCount: uint32(free.inodes),
		BlocksCountLo: uint32(p.blocks), BlocksCountHi: uint32(p.blocks >> 32),
		RBlocksCountLo: uint32(reserved), RBlocksCountHi: uint32(reserved >> 32),
		FreeBlocksCountLo: uint32(free.blocks), FreeBlocksCountHi: uint32(free.blocks >> 32),
		LogBlockSize: 2, LogClusterSize: 2, BlocksPerGroup: blockGroup, ClustersPerGroup: blockGroup,
		InodesPerGroup: uint32(p.perGroup),
		Wtime:          w.time.sec, WtimeHi: w.time.high(),
		MkfsTime: w.time.sec, MkfsTimeHi: w.time.high(),
		Lastcheck: w.time.sec, LastcheckHi: w.time.high(),
		MaxMntCount: neverChecked, Magic: magic, State: 1, Errors: 1, RevLevel: 1,
		FirstIno: firstInode, InodeSize: writtenInode, UUID: w.opts.UUID,
		FeatureCompat:   compatExtAttr | compatResizeInode | compatDirIndex,
		FeatureIncompat: incompatFiletype | incompatExtents | incompat64Bit | incompatFlexBG,
		FeatureROCompat: roCompatSparseSuper | roCompatLargeFile | roCompatHugeFile | roCompatDirNlink |
			roCompatExtraIsize | roCompatMetadataCsum,
		ReservedGDTBlocks: uint16(p.alloc.head - 1 - ceilDiv(p.groups, descsPerBlock)),
		HashSeed:          hashSeed(w.opts.UUID), DefHashVersion: hashHalfMD4, Flags: flagUnsignedHash,
		DescSize: blockSize / descsPerBlock, DefaultMountOpts: mountXattrACL,
		MinExtraIsize: inodeMinimum - inodeOldSize, WantExtraIsize: inodeMinimum - inodeOldSize,
		LogGroupsPerFlex: flexShift, ChecksumType: 1,
	}
	copy(sb.VolumeName[:], w.opts.Label)
	if p.journalLen > 0 {
		w.setJournal(&sb)
	}
	return sb
}

// setJournal names the journal, with a copy of where it lies.
func (w *Writer) setJournal(sb *superblock) {
	n := w.nodes[journalInode-1]
	sb.FeatureCompat |= compatHasJournal
	sb.JournalInum = journalInode
	sb.JnlBackupType = 1
	for i := range 15 {
		sb.JnlBlocks[i] = binary.LittleEndian.Uint32(n.body[4*i:])
	}
	sb.JnlBlocks[15], sb.JnlBlocks[16] = uint32(n.size>>32), uint32(n.size)
}
