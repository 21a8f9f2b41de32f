package diskimg

import (
	"cmp"
	"math/bits"
	"slices"
)

// A grainMap tells which grains of a disk are in the file. They stand there in the order of the disk, so that a
// bit a grain says where: 80 bytes for every grain table that is not empty.
type grainMap struct {
	tables []grainBits // ascending
	count  int64       // of grains
}

// grainBits is a grain table.
type grainBits struct {
	number  int64 // in the grain directory
	before  int64 // grains that stand before its own in the file
	present [vmdkGTEsPerGT / 64]uint64
}

// mappedGrains returns the grains that hold the extents of a disk's map.
func mappedGrains(extents []Extent) (grainMap, error) {
	var m grainMap
	for _, e := range extents {
		if e.Length == 0 {
			continue
		}
		first, last := e.Offset/vmdkGrainSize, (e.End()-1)/vmdkGrainSize
		if m.count+last-first >= maxVMDKExtent/vmdkGrainSize {
			return m, errVMDKTooLong
		}
		m.add(first, last-first+1)
	}
	return m, nil
}

// add adds n grains from first on. Calls ascend; they may meet in a grain.
func (m *grainMap) add(first, n int64) {
	for grain := first; grain < first+n; grain++ {
		if i := len(m.tables); i == 0 || m.tables[i-1].number != grain/vmdkGTEsPerGT {
			m.tables = append(m.tables, grainBits{number: grain / vmdkGTEsPerGT, before: m.count})
		}
		word, bit := m.tables[len(m.tables)-1].bit(grain)
		if *word&bit == 0 {
			*word |= bit
			m.count++
		}
	}
}

// bit returns where the grain is noted.
func (t *grainBits) bit(grain int64) (word *uint64, bit uint64) {
	i := grain % vmdkGTEsPerGT
	return &t.present[i/64], 1 << (i % 64)
}

// place returns how many grains stand before the n that begin with first, or false if not all of them are in
// the file.
func (m *grainMap) place(first, n int64) (int64, bool) {
	at, ok := m.placeOf(first)
	for grain := first + 1; grain < first+n && ok; grain++ {
		_, ok = m.placeOf(grain)
	}
	return at, ok
}

func (m *grainMap) placeOf(grain int64) (int64, bool) {
	i, ok := slices.BinarySearchFunc(m.tables, grain/vmdkGTEsPerGT, func(t grainBits, number int64) int {
		return cmp.Compare(t.number, number)
	})
	if !ok {
		return 0, false
	}
	table := &m.tables[i]
	word, bit := table.bit(grain)
	place := table.before + int64(bits.OnesCount64(*word&(bit-1)))
	for j := range grain % vmdkGTEsPerGT / 64 {
		place += int64(bits.OnesCount64(table.present[j]))
	}
	return place, *word&bit != 0
}

// entries returns the grain table, of a file whose first grain stands at the byte overHead.
func (t *grainBits) entries(overHead int64) *[vmdkGTEsPerGT]uint32 {
	entries := new([vmdkGTEsPerGT]uint32)
	off := overHead + t.before*vmdkGrainSize
	for i := range entries {
		if word, bit := t.bit(int64(i)); *word&bit != 0 {
			entries[i] = uint32(off / SectorSize)
			off += vmdkGrainSize
		}
	}
	return entries
}
