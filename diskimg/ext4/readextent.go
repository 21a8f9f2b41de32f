package ext4

import (
	"encoding/binary"
	"fmt"
)

const (
	extentSize = 12      // of a header, an extent and an index alike
	fileBlocks = 1 << 32 // that a tree can tell of
)

// An extentNode is one that was read. All in it is about the file's blocks from first on and before end.
type extentNode struct {
	b          []byte
	h          extentHeader
	first, end int64
}

// extentLeaf goes down the extent tree to the leaf that block is in.
func (n *node) extentLeaf(block int64) (leaf, error) {
	t := extentNode{b: n.Block[:], end: fileBlocks}
	if err := t.parse(); err != nil {
		return leaf{}, fmt.Errorf("extents: %w", err)
	}
	for t.h.Depth > 0 {
		child, hole, err := t.step(block)
		if err != nil || hole != nil {
			return *hole, err
		}
		if t, err = n.child(child, t.h.Depth-1); err != nil {
			return leaf{}, err
		}
	}
	return t.leaf(n.where)
}

func (t *extentNode) parse() error {
	decode(t.b, &t.h)
	switch most := len(t.b)/extentSize - 1; {
	case t.h.Magic != extentMagic:
		return damagedf("magic is %04x", t.h.Magic)
	case t.h.Depth > extentMaxTree:
		return damagedf("depth is %d", t.h.Depth)
	case int(t.h.Max) > most || t.h.Entries > t.h.Max || t.h.Depth > 0 && t.h.Entries == 0:
		return damagedf("%d of %d entries, where %d fit", t.h.Entries, t.h.Max, most)
	}
	return nil
}

// A childPlace is where an index leads.
type childPlace struct{ place, first, end int64 }

// step finds the child that block is in, or the hole in front of the first.
func (t *extentNode) step(block int64) (childPlace, *leaf, error) {
	var found childPlace
	last := t.first - 1
	for i := range int(t.h.Entries) {
		e := t.b[extentSize*(i+1):]
		first := int64(binary.LittleEndian.Uint32(e))
		if first <= last || first >= t.end {
			return found, &leaf{}, damagedf("extents: index of block %d is not after %d and before %d", first, last, t.end)
		}
		last = first
		if first <= block {
			found = childPlace{int64(binary.LittleEndian.Uint32(e[4:])) | int64(binary.LittleEndian.Uint16(e[8:]))<<32, first, t.end}
			continue
		}
		if i == 0 {
			return found, &leaf{first: t.first, end: first}, nil
		}
		found.end = min(found.end, first)
	}
	return found, nil, nil
}

// child reads a node below the inode, whose depth is known.
func (n *node) child(c childPlace, depth uint16) (t extentNode, err error) {
	if err := n.where.checkRun(c.place, 1); err != nil {
		return t, fmt.Errorf("extents: %w", err)
	}
	b, err := n.where.block(c.place)
	if err != nil {
		return t, fmt.Errorf("extents: %w", err)
	}
	t = extentNode{b: b, first: c.first, end: c.end}
	if err := t.parse(); err != nil {
		return t, fmt.Errorf("extents in block %d: %w", c.place, err)
	}
	if t.h.Depth != depth {
		return t, damagedf("extents in block %d: depth is %d below %d", c.place, t.h.Depth, depth+1)
	}
	return t, n.checkExtentSum(t, c.place)
}

func (n *node) checkExtentSum(t extentNode, place int64) error {
	at := extentSize * (int(t.h.Max) + 1)
	if !n.where.sums || at+4 > len(t.b) {
		return nil
	}
	return n.where.checkSum(binary.LittleEndian.Uint32(t.b[at:]), crc32c(n.seed, t.b[:at]), "extents in block %d", place)
}

// leaf takes the extents of a node of depth 0.
func (t *extentNode) leaf(f *FS) (leaf, error) {
	l := leaf{first: t.first, end: t.end, runs: make([]blockRun, 0, t.h.Entries)}
	last := t.first
	for i := range int(t.h.Entries) {
		r := decodeExtent(t.b[extentSize*(i+1):])
		if r.n == 0 || r.block < last || r.end() > t.end {
			return l, damagedf("extents: %d blocks from %d on are not after %d and before %d", r.n, r.block, last, t.end)
		}
		if err := f.checkRun(r.place, r.n); err != nil {
			return l, fmt.Errorf("extents: %w", err)
		}
		last = r.end()
		l.runs = append(l.runs, r)
	}
	return l, nil
}

func decodeExtent(b []byte) blockRun {
	order := binary.LittleEndian
	r := blockRun{block: int64(order.Uint32(b)), n: int64(order.Uint16(b[4:]))}
	r.place = int64(order.Uint16(b[6:]))<<32 | int64(order.Uint32(b[8:]))
	if r.n > extentInit {
		r.n, r.unwritten = r.n-extentInit, true
	}
	return r
}
