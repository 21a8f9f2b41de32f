package inspect

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"math/bits"
)

const (
	// headSize is what is read at once of an area: nearly all superblocks are in it, up to that of btrfs.
	headSize = 72 << 10

	// maxRead is the most that is read at a time, in bytes, whatever a superblock says.
	maxRead = 256 << 10
)

// An area is a partition, or a bare disk, in which superblocks are looked for. The first error of reading stays.
type area struct {
	r           io.ReaderAt
	start, size int64
	head        []byte
	err         error
}

func newArea(r io.ReaderAt, start, size int64) *area {
	a := &area{r: r, start: start, size: size}
	a.head = a.read(0, min(size, headSize))
	return a
}

// bytes returns the n bytes at off, or nil if they are not all in the area.
func (a *area) bytes(off, n int64) []byte {
	if off < 0 || n < 0 || n > maxRead || off > a.size || n > a.size-off {
		return nil
	}
	if off+n <= int64(len(a.head)) {
		return a.head[off:][:n]
	}
	return a.read(off, n)
}

func (a *area) read(off, n int64) []byte {
	if a.err != nil {
		return nil
	}
	p := make([]byte, n)
	got, err := a.r.ReadAt(p, a.start+off)
	if got == len(p) {
		return p
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	a.err = err
	return nil
}

// decode reads the structure v at off, and tells whether it is in the area.
func (a *area) decode(off int64, order binary.ByteOrder, v any) bool {
	p := a.bytes(off, int64(binary.Size(v)))
	if p == nil {
		return false
	}
	if _, err := binary.Decode(p, order, v); err != nil {
		panic(err) // only if v has no fixed size
	}
	return true
}

// has tells whether magic stands at off.
func (a *area) has(off int64, magic string) bool {
	return bytes.Equal(a.bytes(off, int64(len(magic))), []byte(magic))
}

// product returns the bytes of n blocks, or 0 if they are too many to be true.
func product(n, blockSize uint64) int64 {
	high, low := bits.Mul64(n, blockSize)
	if high != 0 || low > math.MaxInt64 {
		return 0
	}
	return int64(low)
}

// isPower tells whether n is a power of two from low to high.
func isPower(n, low, high uint64) bool {
	return bits.OnesCount64(n) == 1 && n >= low && n <= high
}
