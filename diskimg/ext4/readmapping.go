package ext4

import (
	"fmt"
	"sort"
	"sync"
)

// A blockRun is a run of n blocks of a file, from block on, that lie together at place.
type blockRun struct {
	block, n  int64
	place     int64 // 0: a hole
	unwritten bool  // allocated, but zeros to the reader
}

func (r blockRun) end() int64 { return r.block + r.n }

// A blockLeaf is all that is known of a file's blocks from first on and before end. What is in no run is a hole.
type blockLeaf struct {
	first, end int64
	runs       []blockRun
}

// A mapping finds the blocks of a file. It may be used concurrently.
type mapping struct {
	n     *readNode
	mu    sync.Mutex
	leaf  blockLeaf // the last one
	loads int64
}

// at returns the run that block is in, from block on. It may be cut short where a leaf ends.
func (m *mapping) at(block int64) (blockRun, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if block < m.leaf.first || block >= m.leaf.end {
		l, err := m.n.leaf(block)
		if err != nil {
			return blockRun{}, fmt.Errorf("inode %d: %w", m.n.number, err)
		}
		m.leaf = l
		m.loads++
	}
	return m.leaf.at(block), nil
}

func (l *blockLeaf) at(block int64) blockRun {
	i := sort.Search(len(l.runs), func(i int) bool { return l.runs[i].end() > block })
	if i == len(l.runs) {
		return blockRun{block: block, n: l.end - block}
	}
	r := l.runs[i]
	if r.block > block {
		return blockRun{block: block, n: r.block - block}
	}
	skip := block - r.block
	return blockRun{block, r.n - skip, r.place + skip, r.unwritten}
}

// leaf returns the one that block is in.
func (n *readNode) leaf(block int64) (blockLeaf, error) {
	if n.has(inodeExtents) {
		return n.extentLeaf(block)
	}
	return n.mapLeaf(block)
}

// maxHoleLoads is how many leaves are holes that the inode itself leads to, at most. Each other has a block, or lies
// behind one that has.
const maxHoleLoads = 16

// A mapWalk goes over the mapping of a file from its beginning, and ends in an error where it has more blocks, or more
// tables, than the file system: where they refer to the same ones again and again.
type mapWalk struct {
	m    mapping
	next int64 // block
	used int64 // blocks
}

// run returns the next run that is no hole and lies before the block end, and false if there is none.
func (w *mapWalk) run(end int64) (blockRun, bool, error) {
	for w.next < end {
		r, err := w.m.at(w.next)
		if err != nil {
			return r, false, err
		}
		if w.m.loads > 2*w.m.n.where.blocks+maxHoleLoads {
			return r, false, damagedf("inode %d: its tables refer to each other", w.m.n.number)
		}
		r.n = min(r.n, end-r.block)
		w.next = r.end()
		if r.place == 0 {
			continue
		}
		if w.used += r.n; w.used > w.m.n.where.blocks {
			return r, false, damagedf("inode %d: has more blocks than the file system", w.m.n.number)
		}
		return r, true, nil
	}
	return blockRun{}, false, nil
}

func (n *readNode) walkBlocks() *mapWalk { return &mapWalk{m: mapping{n: n}} }
