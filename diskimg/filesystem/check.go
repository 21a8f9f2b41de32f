package filesystem

import (
	"encoding/binary"
	"io"
)

const maxBlock = 1 << 20 // bytes of a block of squashfs

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
