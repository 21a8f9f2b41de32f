package diskimg

import "slices"

// scan looks at every entry of every grain table: that its grain lies in the file, and over nothing else. Nothing
// is kept where the grains ascend in the file, as they do in all that was written at once; else 4 bytes a grain.
// How long compressed grains are is known, and looked at, when they are read.
func (g *grainFile) scan() error {
	var end int64 // of the grain before, in sectors, as far as it is known
	ascending := true
	for t, err := range g.tables(g.directory) {
		if err != nil {
			return err
		}
		for i, entry := range t.entries {
			if g.isHole(entry) {
				continue
			}
			start := int64(entry)
			if err := g.checkGrain(t, i, start); err != nil {
				return err
			}
			ascending = ascending && start >= end
			end = start + g.leastSectors()
			g.grains++
			g.allocated += g.grainLength(t.first + int64(i))
		}
		if (g.grains-1)*g.leastSectors() > g.metadata.end {
			return damagedf(VMDK, t.offset, "the tables have more grains than the file has room for")
		}
	}
	if ascending {
		return nil
	}
	return g.checkApart()
}

// leastSectors returns how much of the file a grain takes at least.
func (g *grainFile) leastSectors() int64 {
	if g.compressed {
		return 1
	}
	return g.grain / SectorSize
}

// checkGrain looks at entry i of a table.
func (g *grainFile) checkGrain(t grainTable, i int, start int64) error {
	at, index := t.offset+4*int64(i), t.first+int64(i)
	need := int64(grainHeaderSize)
	if !g.compressed {
		need = g.grainLength(index)
	}
	if start*SectorSize+need > g.size {
		return damagedf(VMDK, at, "grain %d, at sector %d, lies beyond the end of the file", index, start)
	}
	if name := g.metadata.overlapped(start, start+sectorsOf(need)); name != "" {
		return damagedf(VMDK, at, "grain %d, at sector %d, lies over %s", index, start, name)
	}
	return nil
}

// checkApart finds grains that lie over each other where they do not ascend.
func (g *grainFile) checkApart() error {
	starts, err := g.sortedGrains()
	if err != nil {
		return err
	}
	for i := 1; i < len(starts); i++ {
		if int64(starts[i]-starts[i-1]) < g.leastSectors() {
			return damagedf(VMDK, int64(starts[i])*SectorSize, "two grains lie over each other")
		}
	}
	return nil
}

// sortedGrains returns the sectors of all grains, ascending.
func (g *grainFile) sortedGrains() ([]uint32, error) {
	starts := make([]uint32, 0, g.grains)
	for t, err := range g.tables(g.directory) {
		if err != nil {
			return nil, err
		}
		for _, entry := range t.entries {
			if !g.isHole(entry) {
				starts = append(starts, entry)
			}
		}
	}
	slices.Sort(starts)
	return starts, nil
}
