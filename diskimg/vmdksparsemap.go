package diskimg

import (
	"slices"
	"sort"
)

// A fileMap says where in a sparse file there is something other than grains, in sectors.
type fileMap struct {
	fixed  []region // header, descriptor, directories, footer
	tables []uint32 // ascending
	step   int64    // the length of a table
	end    int64    // of the file
}

// A region is a run of sectors with a name.
type region struct {
	start, end int64
	name       string
}

// load reads the directories and looks at every entry of every table. See scan.
func (g *grainFile) load() error {
	var err error
	if g.directory, err = g.readDirectory(g.head.GDOffset, "grain directory", 56); err != nil {
		return err
	}
	if g.head.Flags&flagRedundant != 0 && g.head.RGDOffset != 0 {
		if g.redundant, err = g.readDirectory(g.head.RGDOffset, "redundant grain directory", 48); err != nil {
			return err
		}
	}
	if err := g.mapMetadata(); err != nil {
		return err
	}
	return g.scan()
}

// readDirectory reads a grain directory whose entries all lie in the file. Byte field of the header points to it.
func (g *grainFile) readDirectory(sector uint64, name string, field int64) ([]uint32, error) {
	n := g.directoryLength()
	if n == 0 {
		return nil, nil
	}
	if sector == 0 || sector > uint64(g.size/SectorSize) || n*4 > g.size-int64(sector)*SectorSize {
		return nil, damagedf(VMDK, g.at+field, "the %s (sector %d, %d entries) does not lie in the file", name, sector, n)
	}
	at := int64(sector) * SectorSize
	raw := make([]byte, n*4)
	if err := readFull(g.r, raw, at); err != nil {
		return nil, err
	}
	directory := decodeEntries(make([]uint32, 0, n), raw)
	for i, table := range directory {
		if table != 0 && int64(table)*SectorSize+g.tableBytes() > g.size {
			return nil, damagedf(VMDK, at+4*int64(i), "%s: table %d, at sector %d, lies beyond the end of the file", name, i, table)
		}
	}
	return directory, nil
}

// mapMetadata notes where everything is, and that nothing lies over anything else.
func (g *grainFile) mapMetadata() error {
	m := fileMap{step: g.tableBytes() / SectorSize, end: sectorsOf(g.size)}
	m.fixed = []region{{0, 1, "the header"}}
	add := func(start, length int64, name string) {
		if length > 0 {
			m.fixed = append(m.fixed, region{start, start + length, name})
		}
	}
	if g.head.DescriptorOffset != 0 {
		add(int64(g.head.DescriptorOffset), int64(g.head.DescriptorSize), "the descriptor")
	}
	add(int64(g.head.GDOffset), directorySectors(g.directory), "the grain directory")
	add(int64(g.head.RGDOffset), directorySectors(g.redundant), "the redundant grain directory")
	if g.footer {
		add(m.end-3, 3, "the footer")
	}
	m.tables = sortedEntries(g.directory, g.redundant)
	g.metadata = m
	return m.checkOverlap()
}

func directorySectors(directory []uint32) int64 {
	return sectorsOf(int64(len(directory)) * 4)
}

// sortedEntries returns the entries that are not 0, ascending.
func sortedEntries(directories ...[]uint32) []uint32 {
	all := slices.Concat(directories...)
	all = slices.DeleteFunc(all, func(e uint32) bool { return e == 0 })
	slices.Sort(all)
	return all
}

func (m *fileMap) checkOverlap() error {
	slices.SortFunc(m.fixed, func(a, b region) int { return int(a.start - b.start) })
	for i := 1; i < len(m.fixed); i++ {
		if m.fixed[i].start < m.fixed[i-1].end {
			return damagedf(VMDK, m.fixed[i].start*SectorSize, "%s lies over %s", m.fixed[i].name, m.fixed[i-1].name)
		}
	}
	for i, table := range m.tables {
		if i > 0 && int64(table-m.tables[i-1]) < m.step {
			return damagedf(VMDK, int64(table)*SectorSize, "a grain table lies over another")
		}
		if name := overlapped(m.fixed, int64(table), int64(table)+m.step); name != "" {
			return damagedf(VMDK, int64(table)*SectorSize, "a grain table lies over %s", name)
		}
	}
	return nil
}

// overlapped names the region that the sectors from start to end touch; "" if they touch none.
func overlapped(regions []region, start, end int64) string {
	for _, r := range regions {
		if start < r.end && r.start < end {
			return r.name
		}
	}
	return ""
}

// overlapped names what the sectors from start to end touch; "" if they are for grains.
func (m *fileMap) overlapped(start, end int64) string {
	if name := overlapped(m.fixed, start, end); name != "" {
		return name
	}
	if i := m.tableBehind(start - m.step); i < len(m.tables) && int64(m.tables[i]) < end {
		return "a grain table"
	}
	return ""
}

// next returns the first sector behind start that is not for grains.
func (m *fileMap) next(start int64) int64 {
	next := m.end
	for _, r := range m.fixed {
		if r.start > start {
			next = min(next, r.start)
		}
	}
	if i := m.tableBehind(start); i < len(m.tables) {
		next = min(next, int64(m.tables[i]))
	}
	return next
}

// tableBehind returns the index of the first table behind a sector.
func (m *fileMap) tableBehind(sector int64) int {
	return sort.Search(len(m.tables), func(i int) bool { return int64(m.tables[i]) > sector })
}
