package diskimg

import (
	"bytes"
	"math/bits"
)

// A vhdBitmap tells which sectors of a block have data: a bit each, the highest of a byte first. A sector that
// has none is zero, whatever the file has there. nil is the bitmap of a block that has all.
type vhdBitmap []byte

// bitmap returns the bitmap of a block that stands at start of the file.
func (d *dynamicVHD) bitmap(block, start int64) (vhdBitmap, error) {
	word, bit := &d.full[block/32], uint32(1)<<(block%32)
	if word.Load()&bit != 0 {
		return nil, nil
	}
	m := make(vhdBitmap, d.header.bitmapSize())
	if err := readFull(d.r, m, start); err != nil {
		return nil, err
	}
	if d.footers.tap() && d.footers.CreatorVersion == 0x00000001 {
		m.reverse()
	}
	if m.full(min(d.blockSize, d.size-block*d.blockSize) / SectorSize) {
		word.Or(bit)
		return nil, nil
	}
	return m, nil
}

// reverse turns the bits of each byte round: the first version of Xen's tapdisk wrote the lowest first.
func (m vhdBitmap) reverse() {
	for i, b := range m {
		m[i] = bits.Reverse8(b)
	}
}

// full tells whether the first n sectors have data.
func (m vhdBitmap) full(n int64) bool {
	whole, rest := n/8, n%8
	return bytes.Count(m[:whole], []byte{0xff}) == int(whole) && m[whole:].leading() >= int(rest)
}

// leading returns how many of the first eight sectors have data, up to the first that has not.
func (m vhdBitmap) leading() int {
	if len(m) == 0 {
		return 0
	}
	return bits.LeadingZeros8(^m[0])
}

// clearAbsent makes zero what of p, which was read from in of the block, belongs to sectors without data.
func (m vhdBitmap) clearAbsent(p []byte, in int64) {
	if m == nil {
		return
	}
	for len(p) > 0 {
		n := min(int64(len(p)), SectorSize-in%SectorSize)
		sector := in / SectorSize
		if m[sector/8]&(0x80>>(sector%8)) == 0 {
			clear(p[:n])
		}
		p, in = p[n:], in+n
	}
}
