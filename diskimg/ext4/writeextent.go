package ext4

import "encoding/binary"

// A span is a run of blocks of a file that lie side by side on the disk.
type span struct{ block, start, n uint32 }

const (
	rootExtents  = 4                     // that the inode has room for
	blockExtents = (blockSize - 12) / 12 // that a block has room for, before its checksum
)

// addRun says that the file's blocks from block on are at r.
func (w *Writer) addRun(n *draft, block uint32, r run) {
	n.blocks += int64(r.n)
	n.runs = appendRun(n.runs, r)
	for r.n > 0 {
		part := w.addSpan(block, r)
		block, r.start, r.n = block+part, r.start+part, r.n-part
	}
}

// addSpan adds what the last extent, or else a new one, can have of r.
func (w *Writer) addSpan(block uint32, r run) uint32 {
	if k := len(w.spans) - 1; k >= 0 {
		last := &w.spans[k]
		if last.block+last.n == block && last.start+last.n == r.start && last.n < extentInit {
			part := min(r.n, extentInit-last.n)
			last.n += part
			return part
		}
	}
	part := min(r.n, extentInit)
	w.spans = append(w.spans, span{block, r.start, part})
	return part
}

// setExtents makes the spans the content of n: in the inode, or as a tree whose blocks are as full as can be.
func (w *Writer) setExtents(n *draft) {
	n.flags |= inodeExtents
	level, depth := w.spans, uint16(0)
	for len(level) > rootExtents {
		level = w.putTree(n, level, depth)
		depth++
	}
	appendExtents(n.body[:0], level, rootExtents, depth)
	w.spans = w.spans[:0]
}

// putTree writes the blocks of a level and returns what leads to them.
func (w *Writer) putTree(n *draft, level []span, depth uint16) []span {
	var above []span
	seed := w.inodeSeed(n.ino)
	for len(level) > 0 {
		here := level[:min(len(level), blockExtents)]
		level = level[len(here):]
		r := w.alloc.take(1)
		n.blocks++
		n.runs = appendRun(n.runs, r)
		clear(w.block[:])
		appendExtents(w.block[:0], here, blockExtents, depth)
		tail := 12 + 12*blockExtents
		binary.LittleEndian.PutUint32(w.block[tail:], crc32c(seed, w.block[:tail]))
		w.out.put(int64(r.start), w.block[:])
		above = append(above, span{block: here[0].block, start: r.start})
	}
	return above
}

// appendExtents writes a node of the tree: extents at depth 0, else indexes.
func appendExtents(p []byte, spans []span, room, depth uint16) {
	le := binary.LittleEndian
	for _, v := range []uint16{extentMagic, uint16(len(spans)), room, depth, 0, 0} {
		p = le.AppendUint16(p, v)
	}
	for _, s := range spans {
		p = le.AppendUint32(p, s.block)
		if depth == 0 {
			p = le.AppendUint32(p, s.n) // and no upper half of start
			p = le.AppendUint32(p, s.start)
		} else {
			p = le.AppendUint32(p, s.start)
			p = le.AppendUint32(p, 0)
		}
	}
}
