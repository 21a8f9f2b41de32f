package ext4

import (
	"encoding/binary"
	"fmt"
	"math"
)

const (
	directBlocks = 12 // that the inode itself has
	mapLevels    = 3  // of tables: what the words behind the direct blocks lead to
)

// mapLeaf goes down ext2's block map to the table that block is in. Each level is where it must be, so there are no
// loops; but a table may be there twice.
func (n *readNode) mapLeaf(block int64) (blockLeaf, error) {
	if block < directBlocks {
		return n.tableLeaf(n.Block[:4*directBlocks], 0)
	}
	perTable := n.where.blockSize / 4
	first, span := int64(directBlocks), perTable
	for level := range mapLevels {
		if block < first+span {
			place := binary.LittleEndian.Uint32(n.Block[4*(directBlocks+level):])
			return n.descend(block, int64(place), first, span)
		}
		first += span
		span *= perTable
	}
	return blockLeaf{first: first, end: math.MaxInt64}, nil // behind all that there can be
}

// descend goes down from the table at place, which is about span blocks from first on.
func (n *readNode) descend(block, place, first, span int64) (blockLeaf, error) {
	perTable := n.where.blockSize / 4
	if place == 0 {
		return blockLeaf{first: first, end: first + span}, nil
	}
	for {
		if err := n.where.checkRun(place, 1); err != nil {
			return blockLeaf{}, fmt.Errorf("block map: %w", err)
		}
		table, err := n.where.block(place)
		if err != nil {
			return blockLeaf{}, fmt.Errorf("block map: %w", err)
		}
		if span == perTable {
			return n.tableLeaf(table, first)
		}
		span /= perTable
		i := (block - first) / span
		first += i * span
		if place = int64(binary.LittleEndian.Uint32(table[4*i:])); place == 0 {
			return blockLeaf{first: first, end: first + nulls(table[4*i:])*span}, nil
		}
	}
}

// nulls counts the words at the beginning of table that are 0.
func nulls(table []byte) int64 {
	n := 0
	for 4*n < len(table) && binary.LittleEndian.Uint32(table[4*n:]) == 0 {
		n++
	}
	return int64(n)
}

// tableLeaf takes the blocks of a table, those that lie together at once.
func (n *readNode) tableLeaf(table []byte, first int64) (blockLeaf, error) {
	l := blockLeaf{first: first, end: first + int64(len(table)/4)}
	for i := range len(table) / 4 {
		place := int64(binary.LittleEndian.Uint32(table[4*i:]))
		if place == 0 {
			continue
		}
		l.add(blockRun{block: first + int64(i), n: 1, place: place})
	}
	for _, r := range l.runs {
		if err := n.where.checkRun(r.place, r.n); err != nil {
			return l, fmt.Errorf("block map: %w", err)
		}
	}
	return l, nil
}

// add puts r behind the others, or makes the last one longer.
func (l *blockLeaf) add(r blockRun) {
	if i := len(l.runs) - 1; i >= 0 && l.runs[i].end() == r.block && l.runs[i].place+l.runs[i].n == r.place {
		l.runs[i].n += r.n
		return
	}
	l.runs = append(l.runs, r)
}
