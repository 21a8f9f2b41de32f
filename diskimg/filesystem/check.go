package filesystem

import (
	"encoding/binary"
	"io"

	"amiforge/diskimg/inspect"
)

const (
	maxTable = 64 << 20 // bytes of an ISO image's path table
	maxBlock = 1 << 20  // bytes of a block of squashfs
)

// check looks at what go-diskfs would make memory for, or go in circles over, without a look.
func check(found *inspect.FileSystem, r io.ReaderAt, size int64) error {
	if found.Type == "iso9660" {
		return checkISO(r, size)
	}
	return checkSquashfs(r, size)
}

// checkISO looks at the sizes in the volume descriptors.
func checkISO(r io.ReaderAt, size int64) error {
	const first, sector, most, end = 16, 2048, 64, 255
	b := make([]byte, sector)
	for i := range int64(most) {
		if n, err := r.ReadAt(b, (first+i)*sector); n < len(b) {
			return notEOF(err)
		}
		kind := b[0]
		if kind == end {
			return nil
		}
		if kind != 1 && kind != 2 {
			continue
		}
		if n := binary.LittleEndian.Uint16(b[128:]); n != sector {
			return unsupportedf("blocks of %d bytes are not supported", n)
		}
		if n := int64(binary.LittleEndian.Uint32(b[132:])); n > min(maxTable, size) {
			return damagedf("a path table of %d bytes", n)
		}
	}
	return damagedf("more than %d volume descriptors", most)
}

func checkSquashfs(r io.ReaderAt, size int64) error {
	b := make([]byte, 96)
	if n, err := r.ReadAt(b, 0); n < len(b) {
		return notEOF(err)
	}
	order := binary.LittleEndian
	if n := order.Uint32(b[12:]); n < 4096 || n > maxBlock || n&(n-1) != 0 {
		return damagedf("blocks of %d bytes", n)
	}
	if n := int64(order.Uint32(b[16:])); n > size {
		return damagedf("%d fragments in %d bytes", n, size)
	}
	return nil
}
