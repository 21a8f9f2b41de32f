package sparse

import "bytes"

// MaxZero is the longest run that IsZero takes, in bytes.
const MaxZero = 64 << 10

// zeros is compared against, never written to.
var zeros [MaxZero]byte

// IsZero tells whether p, of at most MaxZero bytes, holds zeros only.
func IsZero(p []byte) bool { return bytes.Equal(p, zeros[:len(p)]) }

// Run returns the length of what p begins with: units that are all zero, or that are not. p stands at off of
// its image; units, of at most MaxZero bytes, begin at multiples of their length there.
func Run(p []byte, off int64, unit int) (n int, zero bool) {
	next := func(i int) []byte {
		end := i + unit - int((off+int64(i))%int64(unit))
		return p[i:min(end, len(p))]
	}
	zero = IsZero(next(0))
	for n = len(next(0)); n < len(p) && IsZero(next(n)) == zero; {
		n += len(next(n))
	}
	return n, zero
}
