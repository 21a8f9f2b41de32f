package diskimg

import (
	"bytes"
	"io"
)

// A foundFooter is a footer in a file.
type foundFooter struct {
	vhdFooter
	raw    []byte
	off    int64
	intact bool // its checksum is right
}

// vhdFooters are the footers of one file. The one at the end counts; the other is its copy.
type vhdFooters struct {
	*foundFooter              // the one to go by
	front        *foundFooter // nil where nothing looks like one
	back         *foundFooter // likewise
	dataEnd      int64        // of what may hold data: the end of the file, but for a footer there
}

// findVHDFooters finds the footers and chooses. A footer that is damaged is replaced by its copy; footers that
// contradict each other are not believed.
func findVHDFooters(r io.ReaderAt, size int64) (*vhdFooters, error) {
	back, err := findBack(r, size)
	if err != nil {
		return nil, err
	}
	front, err := readFooter(r, size, 0, vhdFooterSize)
	if err != nil {
		return nil, err
	}
	f := &vhdFooters{front: front, back: back, dataEnd: size}
	if back != nil {
		f.dataEnd = back.off
	}
	f.foundFooter, err = choose(front, back, size)
	return f, err
}

// findBack looks for the footer at the end of the file: 512 bytes, or 511, as Virtual PC wrote it before 2004.
func findBack(r io.ReaderAt, size int64) (*foundFooter, error) {
	f, err := readFooter(r, size, size-vhdFooterSize, vhdFooterSize)
	if f != nil || err != nil {
		return f, err
	}
	return readFooter(r, size, size-vhdFooterSize+1, vhdFooterSize-1)
}

// readFooter reads n bytes at off, which end within the file, and returns nil if that is no footer.
func readFooter(r io.ReaderAt, size, off, n int64) (*foundFooter, error) {
	if off < 0 || off+n > size {
		return nil, nil
	}
	raw := make([]byte, vhdFooterSize) // the byte that an old footer lacks is a zero
	if err := readFull(r, raw[:n], off); err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(raw, []byte(vhdCookie)) {
		return nil, nil
	}
	f := &foundFooter{vhdFooter: parseVHDFooter(raw), raw: raw, off: off}
	f.intact = f.checksumIsRight()
	return f, nil
}

// checksumIsRight tells whether the footer has its checksum. Xen's first versions hid a disk without a new one.
func (f *foundFooter) checksumIsRight() bool {
	sum := vhdChecksum(f.raw, vhdChecksumAt)
	hidden := f.tap() && (f.CreatorVersion == 0x00000001 || f.CreatorVersion == 0x00010001)
	return sum == f.Checksum || hidden && sum+uint32(f.Hidden) == f.Checksum
}

// choose returns the footer to go by.
func choose(front, back *foundFooter, size int64) (*foundFooter, error) {
	frontIntact := front != nil && front.intact
	switch {
	case back != nil && back.intact && (back.Type == vhdFixed || !frontIntact):
		return back, nil // what a fixed disk begins with is its content
	case back != nil && back.intact:
		return back, back.contradicts(front)
	case frontIntact && front.Type != vhdFixed:
		return front, nil
	case back != nil:
		return nil, back.checksumError()
	case frontIntact:
		return nil, damagedf(VHD, size, "the file of a fixed disk ends without a footer")
	case front != nil:
		return nil, front.checksumError()
	}
	return nil, damagedf(VHD, size, "there is no footer, neither at the end nor at the start")
}

func (f *foundFooter) checksumError() error {
	want := vhdChecksum(f.raw, vhdChecksumAt)
	return damagedf(VHD, f.off+vhdChecksumAt, "checksum of the footer is %08x, want %08x", f.Checksum, want)
}

// contradicts tells whether two footers describe different disks.
func (f *foundFooter) contradicts(front *foundFooter) error {
	for _, field := range []struct{ at, n int64 }{{vhdVersionAt, 12}, {vhdSizeAt, 8}, {vhdTypeAt, 4}} {
		a, b := f.raw[field.at:field.at+field.n], front.raw[field.at:field.at+field.n]
		if !bytes.Equal(a, b) {
			return damagedf(VHD, f.off+field.at, "the footers at the end and the start contradict each other: %x, %x", a, b)
		}
	}
	return nil
}

// validate checks what reading depends on.
func (f *foundFooter) validate() error {
	switch {
	case f.Version>>16 != vhdVersion>>16:
		return damagedf(VHD, f.off+vhdVersionAt, "version %d.%d, want 1.0", f.Version>>16, f.Version&0xffff)
	case f.Type == vhdDifferencing:
		return &Error{VHD, f.off + vhdTypeAt, unsupportedf("this is a differencing VHD, which has only what differs from another disk " +
			"and which amiforge does not read; merge it into its parent first (Hyper-V: Merge-VHD, Xen: vhd-util coalesce)")}
	case f.Type != vhdFixed && f.Type != vhdDynamic:
		return damagedf(VHD, f.off+vhdTypeAt, "disk type %d is none: want 2 (fixed) or 3 (dynamic)", f.Type)
	case f.CurrentSize > MaxSize:
		return damagedf(VHD, f.off+vhdSizeAt, "size %d is no disk's", f.CurrentSize)
	case f.CurrentSize%SectorSize != 0:
		return damagedf(VHD, f.off+vhdSizeAt, "size %d is not a multiple of %d", f.CurrentSize, SectorSize)
	case f.Type == vhdDynamic && f.CurrentSize > vhdMaxSize:
		return damagedf(VHD, f.off+vhdSizeAt, "size %d is more than the 2040 GiB of a dynamic disk", f.CurrentSize)
	}
	return nil
}
