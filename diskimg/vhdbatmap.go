package diskimg

// A vhdBatmap is the header of a map that Xen's tools put behind the BAT: a bit for each block that has all its
// sectors. It says nothing that the bitmaps do not say, so that it is checked, not used. Big-endian [blktap,
// include/vhd.h].
type vhdBatmap struct {
	Cookie   [8]byte // tdbatmap
	Offset   uint64  // of the map, in bytes
	Sectors  uint32  // of the map
	Version  uint32  // 0x00010002
	Checksum uint32  // the complement of the sum of the map's bytes
	Rest     [484]byte
}

const (
	vhdBatmapCookie  = "tdbatmap"
	vhdBatmapVersion = 0x00010002
)

// checkBatmap checks the map, if the image is one of Xen's that have it: since version 1.2 all do.
func (d *dynamicVHD) checkBatmap(p *vhdProblems) error {
	if !d.footers.tap() || d.footers.CreatorVersion < 0x00010001 {
		return nil
	}
	off := int64(d.header.TableOffset) + sectorAlign(4*int64(d.header.MaxEntries))
	if off+SectorSize > d.footers.dataEnd {
		p.add(d.footers.CreatorVersion > 0x00010001, off, "the batmap is missing")
		return nil
	}
	sector := make([]byte, SectorSize)
	if err := readFull(d.r, sector, off); err != nil {
		return err
	}
	var m vhdBatmap
	vhdParse(sector, &m)
	if string(m.Cookie[:]) != vhdBatmapCookie {
		p.add(d.footers.CreatorVersion > 0x00010001, off, "the batmap does not begin with %q", vhdBatmapCookie)
		return nil
	}
	return d.checkMap(p, &m, off)
}

// checkMap checks the map whose header stands at off.
func (d *dynamicVHD) checkMap(p *vhdProblems, m *vhdBatmap, off int64) error {
	size := int64(m.Sectors) * SectorSize
	summed := sectorAlign((d.size >> 21) / 8) // a bit for 2 MiB, as Xen's tools count
	switch {
	case m.Version > vhdBatmapVersion:
		p.add(true, off+20, "version %#x of the batmap is not known", m.Version)
	case m.Offset%SectorSize != 0 || m.Offset > uint64(d.footers.dataEnd) || size > d.footers.dataEnd-int64(m.Offset):
		p.add(true, off+8, "the batmap of %d bytes at byte %d ends behind the end of the file", size, m.Offset)
	case size < summed:
		p.add(true, off+16, "the batmap has %d bytes, and the disk needs %d", size, summed)
	default:
		d.checkApart(p, Extent{off, SectorSize}, Extent{int64(m.Offset), size})
		return d.checkMapSum(p, m, off, summed)
	}
	return nil
}

// checkApart checks that no block lies in the batmap.
func (d *dynamicVHD) checkApart(p *vhdProblems, tables ...Extent) {
	l := d.header.layout(d.footers)
	l.tables = tables
	for i, entry := range d.bat {
		if entry == vhdUnused {
			continue
		}
		if err := l.validateEntry(i, entry); err != nil {
			*p = append(*p, err)
			return
		}
	}
}

// checkMapSum checks the checksum over the first n bytes of the map.
func (d *dynamicVHD) checkMapSum(p *vhdProblems, m *vhdBatmap, off, n int64) error {
	bits := make([]byte, n) // at most 128 KiB: the disk has 2040 GiB at most
	if err := readFull(d.r, bits, int64(m.Offset)); err != nil {
		return err
	}
	var sum uint32
	for _, b := range bits {
		if m.Version == 0x00010001 {
			sum += uint32(int8(b)) // as that version did it
		} else {
			sum += uint32(b)
		}
	}
	p.add(m.Checksum != ^sum, off+24, "checksum of the batmap is %08x, want %08x", m.Checksum, ^sum)
	return nil
}
