package ext4

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
)

const (
	dirHead    = 24 // of the first block: "." and ".."
	dirSpace   = blockSize - dirTailSize
	leafFill   = dirSpace * 4 / 5         // so that a few more names do not split every block, as e2fsck -D has it
	rootIndex  = (blockSize - 32 - 8) / 8 // entries of the first block of an indexed directory
	nodeIndex  = (blockSize - 8 - 8) / 8  // and of the blocks on the level below
	lostBlocks = 4                        // of lost+found: room that e2fsck need not allocate
)

// A dirent is an entry of a directory that is written.
type dirent struct {
	name        string
	node        *draft
	hash, minor uint32
}

func (d *dirent) size() int { return 8 + pad4(len(d.name)) }

// writeDirs writes all directories.
func (w *Writer) writeDirs() error {
	seed := hashSeed(w.opts.UUID)
	for _, n := range w.nodes {
		if n == nil || n.dir == nil {
			continue
		}
		if err := w.writeDir(n, seed); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) writeDir(n *draft, seed [4]uint32) error {
	w.spans = w.spans[:0]
	w.dents = w.dents[:0]
	size, subs := 0, uint32(0)
	for name, child := range n.dir.entries {
		d := dirent{name: name, node: child}
		w.dents = append(w.dents, d)
		size += d.size()
		if child.dir != nil {
			subs++
		}
	}
	if n.links = 2 + subs; n.links > linkMax {
		n.links = 1
	}
	if dirHead+size > dirSpace {
		if err := w.writeIndexed(n, seed); err != nil {
			return err
		}
	} else {
		w.writeLinear(n)
	}
	n.size = n.blocks * blockSize
	w.setExtents(n)
	return nil
}

// writeLinear writes a directory of one block, in the order of names.
func (w *Writer) writeLinear(n *draft) {
	slices.SortFunc(w.dents, func(x, y dirent) int { return strings.Compare(x.name, y.name) })
	p := appendDots(w.block[:0], n)
	w.putLeaf(n, 0, p, w.dents)
	if n == w.lost {
		for block := range uint32(lostBlocks - 1) {
			w.putLeaf(n, 1+block, w.block[:0], nil)
		}
	}
}

func appendDots(p []byte, n *draft) []byte {
	p = appendDirent(p, n.ino, ".", dirDir)
	return appendDirent(p, n.dir.parent.ino, "..", dirDir)
}

func appendDirent(p []byte, ino uint32, name string, kind uint8) []byte {
	size := 8 + pad4(len(name))
	p = binary.LittleEndian.AppendUint32(p, ino)
	p = append(p, uint8(size), uint8(size>>8), uint8(len(name)), kind)
	p = append(p, name...)
	for len(p)%4 != 0 {
		p = append(p, 0)
	}
	return p
}

// putLeaf writes a block of entries, of which p, in w.block, has some already.
func (w *Writer) putLeaf(n *draft, block uint32, p []byte, dents []dirent) {
	last := 0
	if len(p) > 0 {
		last = len(p) - 12 // ".."
	}
	for _, d := range dents {
		last = len(p)
		p = appendDirent(p, d.node.ino, d.name, dirType(d.node.mode))
	}
	clear(w.block[len(p):])
	le := binary.LittleEndian
	le.PutUint16(w.block[last+4:], uint16(dirSpace-last)) // the last entry reaches to the end
	tail := w.block[dirSpace:]
	le.PutUint16(tail[4:], dirTailSize)
	tail[7] = dirTail
	le.PutUint32(tail[8:], crc32c(w.inodeSeed(n.ino), w.block[:dirSpace]))
	w.append(n, block, w.block[:])
}

func dirType(mode uint16) uint8 {
	switch mode & typeMask {
	case typeRegular:
		return dirRegular
	case typeDir:
		return dirDir
	case typeChar:
		return dirChar
	case typeBlock:
		return dirBlock
	case typeFIFO:
		return dirFIFO
	case typeSocket:
		return dirSocket
	}
	return dirSymlink
}

// A dirLeaf is a block of an indexed directory: its entries and the hash that they begin with.
type dirLeaf struct {
	hash  uint32
	dents []dirent
}

// writeIndexed writes a directory with an index by the hash of names: the first block, blocks of a second level
// if the first has not room for all, and leaves.
func (w *Writer) writeIndexed(n *draft, seed [4]uint32) error {
	leaves := w.splitLeaves(seed)
	nodes := 0
	if len(leaves) > rootIndex {
		nodes = int(ceilDiv(int64(len(leaves)), nodeIndex))
	}
	if nodes > rootIndex {
		return errors.New("ext4: a directory has more entries than an index of two levels")
	}
	n.flags |= inodeIndex
	entries := make([]indexEntry, len(leaves))
	for i, l := range leaves {
		entries[i] = indexEntry{l.hash, uint32(1 + nodes + i)}
	}
	w.putIndex(n, entries, nodes)
	for i, l := range leaves {
		w.putLeaf(n, uint32(1+nodes+i), w.block[:0], l.dents)
	}
	return nil
}

// splitLeaves sorts the entries by hash and cuts them into leaves. The hash of a leaf is odd where the entry before
// has the same.
func (w *Writer) splitLeaves(seed [4]uint32) []dirLeaf {
	for i := range w.dents {
		w.dents[i].hash, w.dents[i].minor = hashName(seed, w.dents[i].name)
	}
	slices.SortFunc(w.dents, func(x, y dirent) int {
		return cmp.Or(cmp.Compare(x.hash, y.hash), cmp.Compare(x.minor, y.minor), strings.Compare(x.name, y.name))
	})
	var leaves []dirLeaf
	first, size, hash := 0, 0, uint32(0)
	for i := range w.dents {
		d := &w.dents[i]
		if size > 0 && size+d.size() > leafFill {
			leaves = append(leaves, dirLeaf{hash, w.dents[first:i]})
			first, size, hash = i, 0, d.hash
			if d.hash == w.dents[i-1].hash {
				hash |= 1
			}
		}
		size += d.size()
	}
	return append(leaves, dirLeaf{hash, w.dents[first:]})
}

// An indexEntry leads to a block of the directory whose hashes are not below hash.
type indexEntry struct{ hash, block uint32 }

// putIndex writes the first block and those of the second level, if there are some.
func (w *Writer) putIndex(n *draft, entries []indexEntry, nodes int) {
	top := entries
	if nodes > 0 {
		top = make([]indexEntry, 0, nodes)
		for i := 0; i < len(entries); i += nodeIndex {
			top = append(top, indexEntry{entries[i].hash, uint32(1 + len(top))})
		}
	}
	p := appendDots(w.block[:0], n)
	binary.LittleEndian.PutUint16(p[16:], blockSize-12) // ".." reaches to the end
	levels := uint8(min(nodes, 1))
	p = append(p, 0, 0, 0, 0, hashHalfMD4, 8, levels, 0)
	w.putIndexBlock(n, 0, p, top, rootIndex)
	for i := range nodes {
		p := append(w.block[:0], 0, 0, 0, 0, blockSize&0xff, blockSize>>8, 0, 0) // an unused entry over all
		here := entries[i*nodeIndex : min((i+1)*nodeIndex, len(entries))]
		w.putIndexBlock(n, uint32(1+i), p, here, nodeIndex)
	}
}

// putIndexBlock writes entries behind p, which is in w.block. The first has a count in place of its hash.
func (w *Writer) putIndexBlock(n *draft, block uint32, p []byte, entries []indexEntry, limit uint16) {
	le := binary.LittleEndian
	head := len(p)
	for _, e := range entries {
		p = le.AppendUint32(p, e.hash)
		p = le.AppendUint32(p, e.block)
	}
	le.PutUint16(p[head:], limit)
	le.PutUint16(p[head+2:], uint16(len(entries)))
	clear(w.block[len(p):])
	sum := crc32c(w.inodeSeed(n.ino), p)
	sum = crc32c(sum, make([]byte, 8)) // the tail without its checksum
	le.PutUint32(w.block[head+8*int(limit)+4:], sum)
	w.append(n, block, w.block[:])
}
