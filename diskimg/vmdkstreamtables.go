package diskimg

import "encoding/binary"

// streamTables are the tables of a streamOptimized file while it is written.
type streamTables struct {
	table     int64                 // the number of the current grain table, -1 before the first
	entries   [vmdkGTEsPerGT]uint32 // of it
	directory []directoryEntry      // of those before it
}

// A directoryEntry says where a grain table stands.
type directoryEntry struct {
	table  int64
	sector uint32
}

// write writes the grains of a job and notes where they are, after the table of the grains before them if it is
// another.
func (s *streamTables) write(out *appender, j *streamJob) error {
	if j.table() != s.table {
		if err := s.endTable(out); err != nil {
			return err
		}
		s.table = j.table()
	}
	for i, grain := range j.grains {
		s.entries[grain%vmdkGTEsPerGT] = uint32((out.offset() + j.starts[i]) / SectorSize)
	}
	return out.write(j.out)
}

// endTable writes the current grain table, if there is one. Tables without a grain are not written.
func (s *streamTables) endTable(out *appender) error {
	if s.table < 0 {
		return nil
	}
	if err := writeMarker(out, markerGT, vmdkGTEsPerGT*4); err != nil {
		return err
	}
	s.directory = append(s.directory, directoryEntry{s.table, uint32(out.offset() / SectorSize)})
	err := out.write(packed(&s.entries))
	clear(s.entries[:])
	return err
}

// finish writes the last grain table, the grain directory and what ends the file.
func (s *streamTables) finish(out *appender, h vmdkHeader) error {
	if err := s.endTable(out); err != nil {
		return err
	}
	tables := grainTables(int64(h.Capacity) * SectorSize)
	if err := writeMarker(out, markerGD, tables*4); err != nil {
		return err
	}
	h.GDOffset = uint64(out.offset() / SectorSize)
	if err := s.writeDirectory(out, tables); err != nil {
		return err
	}
	if err := writeMarker(out, markerFooter, SectorSize); err != nil {
		return err
	}
	if err := out.write(h.bytes()); err != nil {
		return err
	}
	return writeMarker(out, markerEOS, 0)
}

// writeDirectory writes the grain directory, up to the end of its last sector. Most of it may be a hole.
func (s *streamTables) writeDirectory(out *appender, tables int64) error {
	start := out.offset()
	for _, e := range s.directory {
		if err := out.zeroTo(start + 4*e.table); err != nil {
			return err
		}
		if err := out.write(binary.LittleEndian.AppendUint32(nil, e.sector)); err != nil {
			return err
		}
	}
	return out.zeroTo(start + sectorsOf(4*tables)*SectorSize)
}

// writeMarker writes a marker before n bytes.
func writeMarker(out *appender, kind uint32, n int64) error {
	return out.write((&vmdkMarker{Sectors: uint64(sectorsOf(n)), Type: kind}).bytes())
}
