package ext4

import "encoding/binary"

// writeJournal writes the journal, which is empty: only its superblock is there, big-endian [ext4, "Journal (jbd2)"].
func (w *Writer) writeJournal(p *plan) {
	if p.journalLen == 0 {
		return
	}
	n := w.special(journalInode, p.journalLen*blockSize)
	w.spans = w.spans[:0]
	block := uint32(0)
	for _, r := range p.journal {
		w.addRun(n, block, r)
		block += r.n
	}
	w.alloc.free = p.tree // for setExtents
	w.setExtents(n)
	clear(w.block[:])
	be := binary.BigEndian
	for off, v := range map[int]uint32{
		0:  0xc03b3998,
		4:  4, // a superblock of version 2
		12: blockSize,
		16: uint32(p.journalLen),
		20: 1, // the first block of the log
		24: 1, // the first transaction
		64: 1, // file systems that use it
	} {
		be.PutUint32(w.block[off:], v)
	}
	copy(w.block[48:], w.opts.UUID[:])
	w.out.put(int64(p.journal[0].start), w.block[:])
}

// special makes a file of the system's.
func (w *Writer) special(ino uint32, size int64) *draft {
	n := w.newNode(ino, typeRegular|0o600)
	n.size = size
	w.nodes[ino-1] = n
	return n
}

// writeResize writes the inode that has the blocks reserved for descriptors: a double indirect block leads to those of
// the first group, each of which has the numbers of its copies in the other groups.
func (w *Writer) writeResize(p *plan) {
	const perBlock = blockSize / 4
	le := binary.LittleEndian
	n := w.special(resizeInode, (perBlock*perBlock+perBlock+12)*blockSize)
	le.PutUint32(n.body[13*4:], uint32(p.doubleInd))
	n.blocks = 1
	first := ceilDiv(p.groups, descsPerBlock)
	var double [blockSize]byte
	for i := first; i < p.alloc.head-1; i++ {
		le.PutUint32(double[i%perBlock*4:], uint32(1+i))
		w.writeReserved(n, p, 1+i)
	}
	w.out.put(p.doubleInd, double[:])
}

func (w *Writer) writeReserved(n *draft, p *plan, block int64) {
	clear(w.block[:])
	for i, group := range p.copies {
		binary.LittleEndian.PutUint32(w.block[4*i:], uint32(group*blockGroup+block))
	}
	w.out.put(block, w.block[:])
	n.blocks += int64(1 + len(p.copies))
}
