package diskimg

import "encoding/binary"

// planVHD returns which blocks of a disk the extents of its map touch: those that will be in the file.
func planVHD(extents []Extent) []uint32 {
	var planned []uint32
	for _, e := range extents {
		first := e.Offset / vhdBlockSize
		if n := len(planned); n > 0 {
			first = max(first, int64(planned[n-1])+1)
		}
		for block := first; e.Length > 0 && block*vhdBlockSize < e.End(); block++ {
			planned = append(planned, uint32(block))
		}
	}
	return planned
}

// vhdHead returns the length of the tables in front of a dynamic disk of size bytes: the copy of the footer, the
// header, and a BAT of exactly the entries that the disk needs, because Azure refuses more.
func vhdHead(size int64) int64 {
	table := 4 * ((size + vhdBlockSize - 1) / vhdBlockSize)
	return vhdFooterSize + vhdHeaderSize + sectorsOf(table)*SectorSize
}

// vhdHeadBytes returns the tables in front of a dynamic disk.
func vhdHeadBytes(footer *vhdFooter, bat vhdBAT) []byte {
	header := &vhdHeader{
		Cookie:      [8]byte([]byte(vhdHeaderCookie)),
		Next:        vhdNone,
		TableOffset: vhdFooterSize + vhdHeaderSize,
		Version:     vhdVersion,
		MaxEntries:  uint32(len(bat)),
		BlockSize:   vhdBlockSize,
	}
	b := append(footer.bytes(), header.bytes()...)
	for _, entry := range bat {
		b = binary.BigEndian.AppendUint32(b, entry)
	}
	for len(b)%SectorSize != 0 {
		b = append(b, 0xff) // as if there were unused entries
	}
	return b
}
