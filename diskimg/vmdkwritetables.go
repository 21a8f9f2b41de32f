package diskimg

import "encoding/binary"

// A sparseLayout is where the tables of a monolithicSparse file stand. All in bytes.
type sparseLayout struct {
	size     int64 // of the disk
	tables   int64 // how many grain tables there are
	redund   int64 // the redundant grain directory, and behind it its grain tables
	primary  int64 // the grain directory, likewise
	overHead int64 // the first grain
}

func newSparseLayout(size int64) sparseLayout {
	s := sparseLayout{size: size, tables: grainTables(size), redund: vmdkFront * SectorSize}
	length := s.directory() + s.tables*vmdkGTEsPerGT*4
	s.primary = s.redund + length
	s.overHead = (s.primary + length + vmdkGrainSize - 1) / vmdkGrainSize * vmdkGrainSize
	return s
}

// directory returns the length of a grain directory.
func (s sparseLayout) directory() int64 { return sectorsOf(s.tables*4) * SectorSize }

func (s sparseLayout) header() vmdkHeader {
	h := newVMDKHeader(s.size)
	h.Flags |= flagRedundant
	h.RGDOffset = uint64(s.redund / SectorSize)
	h.GDOffset = uint64(s.primary / SectorSize)
	h.OverHead = uint64(s.overHead / SectorSize)
	return h
}

// writeTables writes everything between the descriptor and the first grain.
func (s sparseLayout) writeTables(out *appender, grains *grainMap) error {
	for _, start := range []int64{s.redund, s.primary} {
		if err := s.writeDirectory(out, start+s.directory()); err != nil {
			return err
		}
		if err := s.writeGrainTables(out, grains); err != nil {
			return err
		}
	}
	return out.zeroTo(s.overHead)
}

// writeDirectory writes a grain directory: all grain tables exist, one behind the other from off on.
func (s sparseLayout) writeDirectory(out *appender, off int64) error {
	end := out.offset() + s.directory()
	for range s.tables {
		entry := [4]byte{}
		binary.LittleEndian.PutUint32(entry[:], uint32(off/SectorSize))
		if err := out.write(entry[:]); err != nil {
			return err
		}
		off += vmdkGTEsPerGT * 4
	}
	return out.zeroTo(end)
}

// writeGrainTables writes the grain tables. Those without a grain, which may be most, are holes.
func (s sparseLayout) writeGrainTables(out *appender, grains *grainMap) error {
	start := out.offset()
	for i := range grains.tables {
		table := &grains.tables[i]
		if err := out.zeroTo(start + table.number*vmdkGTEsPerGT*4); err != nil {
			return err
		}
		if err := out.write(packed(table.entries(s.overHead))); err != nil {
			return err
		}
	}
	return out.zeroTo(start + s.tables*vmdkGTEsPerGT*4)
}
