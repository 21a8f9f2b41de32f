package diskimg

// A vhdGeometry is a disk's geometry as a footer has it. It is what old machines booted by; the size is not
// to be taken from it.
type vhdGeometry struct {
	Cylinders uint16
	Heads     uint8
	Sectors   uint8
}

// vhdMaxGeometry stands for every disk that is longer.
const vhdMaxGeometry = 65535 * 16 * 255 // sectors

// geometryOf returns the geometry of a disk of size bytes, rounded down to whole cylinders [Virtual Hard Disk
// Image Format Specification 1.0, "CHS Calculation"].
func geometryOf(size int64) vhdGeometry {
	total := min(size/SectorSize, vhdMaxGeometry)
	heads, sectors := int64(16), int64(255)
	if total < 65535*16*63 {
		sectors = 17
		heads = max(4, (total/sectors+1023)/1024)
		if total/sectors >= heads*1024 || heads > 16 {
			heads, sectors = 16, 31
		}
		if total/sectors >= heads*1024 {
			heads, sectors = 16, 63
		}
	}
	return vhdGeometry{uint16(total / sectors / heads), uint8(heads), uint8(sectors)}
}

func (g vhdGeometry) chs() CHS { return CHS{int(g.Cylinders), int(g.Heads), int(g.Sectors)} }

// above tells whether Xen calls g too large for a disk of which other is the geometry.
func (g vhdGeometry) above(other vhdGeometry) bool { return g.word() > other.word() }

// word returns g as the one number that a footer has.
func (g vhdGeometry) word() uint32 {
	return uint32(g.Cylinders)<<16 | uint32(g.Heads)<<8 | uint32(g.Sectors)
}
