package ext4

import "encoding/binary"

const (
	dirTailSize = 12 // of the entry at the end of a block that has its checksum
	hashRoot    = 32 // where the hashes begin in the first block
	hashNode    = 8  // and in the other blocks of the tree
)

// checkDirSum compares the checksum at the end of a directory's block, which is that of names or of hashes.
func (f *FS) checkDirSum(n *node, b []byte) error {
	if !f.sums {
		return nil
	}
	if n.has(inodeIndex) {
		if at := hashesAt(b); at != 0 {
			return f.checkHashSum(n, b, at)
		}
	}
	tail := b[len(b)-dirTailSize:]
	order := binary.LittleEndian
	if order.Uint32(tail) != 0 || order.Uint16(tail[4:]) != dirTailSize || tail[6] != 0 || tail[7] != dirTail {
		return damagedf("has no checksum")
	}
	return f.checkSum(order.Uint32(tail[8:]), crc32c(n.seed, b[:len(b)-dirTailSize]), "names")
}

// hashesAt tells where the hashes begin in a block, or 0 if it has names.
func hashesAt(b []byte) int {
	whole := func(n uint16, left int) bool { return int(n) == left || left == 1<<16 && (n == 0 || n == 1<<16-1) }
	order := binary.LittleEndian
	switch first := order.Uint16(b[4:]); {
	case order.Uint32(b) == 0 && whole(first, len(b)):
		return hashNode
	case first == dirTailSize && whole(order.Uint16(b[dirTailSize+4:]), len(b)-dirTailSize) && order.Uint32(b[24:]) == 0 && b[29] == hashNode:
		return hashRoot
	}
	return 0
}

// checkHashSum compares the checksum behind the hashes, which is over those that are in use.
func (f *FS) checkHashSum(n *node, b []byte, at int) error {
	order := binary.LittleEndian
	limit, count := int(order.Uint16(b[at:])), int(order.Uint16(b[at+2:]))
	tail := at + 8*limit
	if count > limit || tail+8 > len(b) {
		return damagedf("%d of %d hashes", count, limit)
	}
	sum := crc32c(crc32c(n.seed, b[:at+8*count]), b[tail:][:4])
	return f.checkSum(order.Uint32(b[tail+4:]), crc32c(sum, make([]byte, 4)), "hashes")
}
