package ext4

import "encoding/binary"

// crc16 goes on with sum over p by the polynomial of uninit_bg's checksums, x^16 + x^15 + x^2 + 1.
func crc16(sum uint16, p []byte) uint16 {
	for _, b := range p {
		sum ^= uint16(b)
		for range 8 {
			sum = sum>>1 ^ 0xa001*(sum&1)
		}
	}
	return sum
}

// sumSeed is what all checksums of a file system begin with.
func (s *superblock) sumSeed() uint32 {
	if s.incompat(incompatCsumSeed) {
		return s.ChecksumSeed
	}
	return crc32c(^uint32(0), s.UUID[:])
}

// summed goes on with sum over the numbers.
func summed(sum uint32, numbers ...uint32) uint32 {
	for _, n := range numbers {
		sum = crc32c(sum, binary.LittleEndian.AppendUint32(nil, n))
	}
	return sum
}

// checkSum compares the checksum of what it is called, if there are any.
func (f *FS) checkSum(got, want uint32, format string, args ...any) error {
	if got == want || !f.sums {
		return nil
	}
	return damagedf(format+": checksum is %08x, should be %08x", append(args, got, want)...)
}

// descSum is the checksum of group n's descriptor, and false if there is none.
func (f *FS) descSum(n int64, b []byte) (uint16, bool) {
	const at = 0x1e
	number := binary.LittleEndian.AppendUint32(nil, uint32(n))
	switch {
	case f.sums:
		sum := crc32c(crc32c(f.seed, number), b[:at])
		return uint16(crc32c(crc32c(sum, []byte{0, 0}), b[at+2:])), true
	case f.super.roCompat(roCompatGDTCsum) && !f.ignoreSums:
		sum := crc16(crc16(crc16(^uint16(0), f.super.UUID[:]), number), b[:at])
		return crc16(sum, b[at+2:]), true
	}
	return 0, false
}
