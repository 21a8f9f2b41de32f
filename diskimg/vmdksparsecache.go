package diskimg

import (
	"encoding/binary"
	"slices"
	"sync"
)

// cachedTables is how many grain tables are kept: reading ahead touches a few at a time.
const cachedTables = 16

// A tableCache keeps the grain tables that were used last. Its zero value is ready.
type tableCache struct {
	mu     sync.Mutex
	recent []cachedTable // the last used one first
}

type cachedTable struct {
	index   int
	entries []uint32 // never changed
}

// table returns grain table i; nil if there is none.
func (g *grainFile) table(i int) ([]uint32, error) {
	if g.directory[i] == 0 {
		return nil, nil
	}
	c := &g.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	k := slices.IndexFunc(c.recent, func(t cachedTable) bool { return t.index == i })
	if k < 0 {
		raw := make([]byte, g.tableBytes())
		if err := readFull(g.r, raw, int64(g.directory[i])*SectorSize); err != nil {
			return nil, err
		}
		entries := decodeEntries(nil, raw)
		if err := g.checkWithin(g.newTable(i, g.directory[i], entries)); err != nil {
			return nil, err
		}
		c.recent = slices.Insert(c.recent, 0, cachedTable{i, entries})
		c.recent = c.recent[:min(cachedTables, len(c.recent))]
		return c.recent[0].entries, nil
	}
	found := c.recent[k]
	copy(c.recent[1:k+1], c.recent[:k])
	c.recent[0] = found
	return found.entries, nil
}

// checkWithin checks that all grains of a table begin within the file. They did when the file was opened, but who
// writes to a file that is read may change that.
func (g *grainFile) checkWithin(t grainTable) error {
	for i, entry := range t.entries {
		if !g.isHole(entry) && int64(entry)*SectorSize+grainHeaderSize > g.size {
			return damagedf(VMDK, t.offset+4*int64(i), "grain %d, at sector %d, lies beyond the end of the file", t.first+int64(i), entry)
		}
	}
	return nil
}

// decodeEntries appends the entries of a table or directory.
func decodeEntries(entries []uint32, raw []byte) []uint32 {
	entries = slices.Grow(entries, len(raw)/4)
	for ; len(raw) >= 4; raw = raw[4:] {
		entries = append(entries, binary.LittleEndian.Uint32(raw))
	}
	return entries
}

// resize returns b with the length n, its content lost where it must grow.
func resize(b []byte, n int64) []byte {
	if int64(cap(b)) < n {
		return make([]byte, n)
	}
	return b[:n]
}
