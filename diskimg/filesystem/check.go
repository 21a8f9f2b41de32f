package filesystem

import (
	"encoding/binary"
	"io"

	"amiforge/diskimg/inspect"
)

const (
	maxTable = 64 << 20 // bytes of one FAT, or of an ISO image's path table
	maxBlock = 1 << 20  // bytes of a block of squashfs
)

// check looks at what go-diskfs would make memory for, or go in circles over, without a look.
func check(found *inspect.FileSystem, r io.ReaderAt, size int64) error {
	if found.Size > size {
		return damagedf("is of %d bytes, there are %d", found.Size, size)
	}
	switch found.Type {
	case "vfat":
		return checkFAT(found, r)
	case "iso9660":
		return checkISO(r, size)
	}
	return checkSquashfs(r, size)
}

// checkFAT reads the first table and refuses one in which a chain of clusters has no end.
func checkFAT(found *inspect.FileSystem, r io.ReaderAt) error {
	head := make([]byte, 512)
	if _, err := r.ReadAt(head, 0); err != nil {
		return notEOF(err)
	}
	order := binary.LittleEndian
	sector, sectors := int64(order.Uint16(head[11:])), int64(order.Uint16(head[22:]))
	if sectors == 0 {
		sectors = int64(order.Uint32(head[36:]))
	}
	if n := head[16]; n != 2 {
		return unsupportedf("%d allocation tables are not supported", n)
	}
	if sector*sectors > maxTable {
		return unsupportedf("an allocation table of %d bytes is too large", sector*sectors)
	}
	table := make([]byte, sector*sectors)
	if n, err := r.ReadAt(table, int64(order.Uint16(head[14:]))*sector); n < len(table) {
		return notEOF(err)
	}
	return checkChains(fatLinks(found.Version, table))
}

// fatLinks returns the cluster behind each one.
func fatLinks(version string, table []byte) []uint32 {
	order := binary.LittleEndian
	bits := map[string]int{"FAT12": 12, "FAT16": 16, "FAT32": 32}[version]
	next := make([]uint32, len(table)*8/bits)
	for i := range next {
		switch bits {
		case 12:
			if i*3/2+1 < len(table) {
				next[i] = uint32(order.Uint16(table[i*3/2:])) >> (i % 2 * 4) & 0xfff
			}
		case 16:
			next[i] = uint32(order.Uint16(table[i*2:]))
		default:
			next[i] = order.Uint32(table[i*4:]) & 0x0fffffff
		}
	}
	return next
}

// checkChains follows every chain once, until it leaves the table or comes to one that was followed before.
func checkChains(next []uint32) error {
	seen := make([]uint32, len(next)) // the chain that it was seen in
	for start := 2; start < len(next); start++ {
		chain := uint32(start)
		for i := chain; i >= 2 && int64(i) < int64(len(next)) && seen[i] != chain; i = next[i] {
			if seen[i] != 0 {
				break
			}
			seen[i] = chain
			if n := next[i]; int64(n) < int64(len(next)) && n >= 2 && seen[n] == chain {
				return damagedf("the chain of cluster %d goes round in a circle", start)
			}
		}
	}
	return nil
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
