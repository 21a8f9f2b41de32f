package bundle

import (
	"encoding/binary"
	"fmt"
	"io"

	"amiforge/internal/sparse"
)

const (
	tarBlock  = 512
	tarRecord = 10240 // GNU tar and Python's tarfile pad the archive to a multiple of it
	tarMagic  = "ustar  \x00"
)

// Offsets and lengths in the old GNU header (GNU tar manual, "Basic Tar Format", struct oldgnu_header).
const (
	tarSparse      = 386 // 4 entries of an offset and a length, 12 bytes each
	tarIsExtended  = 482
	tarRealSize    = 483
	tarEntry       = 24
	tarEntries     = 4
	tarExtEntries  = 21 // entries of an extension block
	tarExtExtended = 504
)

// writeTar writes the image as the one member of a tar archive. Its holes are left out: the old GNU sparse
// header (type S) tells where the data belongs. (Package archive/tar reads that form but cannot write it.)
func writeTar(w io.Writer, name string, im *Image) error {
	header, stored := tarHeader(name, im.size, im.extents), im.DataSize()
	if _, err := w.Write(header); err != nil {
		return err
	}
	n, err := io.Copy(w, io.LimitReader(im.data, stored))
	if err != nil {
		return err
	}
	if n < stored {
		return fmt.Errorf("image ends after %d of %d bytes: %w", n, stored, io.ErrUnexpectedEOF)
	}
	end := pad(stored, tarBlock) + 2*tarBlock
	end += pad(int64(len(header))+stored+end, tarRecord)
	_, err = w.Write(make([]byte, end))
	return err
}

// pad returns how many bytes are missing from n to a multiple of unit.
func pad(n, unit int64) int64 { return (unit - n%unit) % unit }

// tarHeader returns everything that precedes the data: a long name if it needs one, the header, and the
// blocks that extend its sparse map.
func tarHeader(name string, size int64, extents []Extent) []byte {
	var out []byte
	if len(name) > 100 {
		out = append(out, tarBlockFor("././@LongLink", 'L', int64(len(name)+1))...)
		out = append(out, name...)
		out = append(out, make([]byte, 1+pad(int64(len(name)+1), tarBlock))...)
	}
	if len(extents) == 1 && extents[0] == (Extent{0, size}) {
		return append(out, sealTar(tarBlockFor(name, '0', size))...)
	}
	return append(out, sparseHeader(name, size, extents)...)
}

// tarBlockFor returns a header without its checksum.
func tarBlockFor(name string, kind byte, size int64) []byte {
	h := make([]byte, tarBlock)
	copy(h[:100], name)
	copy(h[100:], "0000644\x000000000\x000000000\x00")
	putTarNumber(h[124:136], size)
	putTarNumber(h[136:148], 0)
	h[156] = kind
	copy(h[257:], tarMagic)
	if kind == 'L' {
		return sealTar(h)
	}
	return h
}

func sparseHeader(name string, size int64, extents []Extent) []byte {
	h := tarBlockFor(name, 'S', sparse.Length(extents))
	putTarNumber(h[tarRealSize:tarRealSize+12], size)
	if n := len(extents); mapEntries(extents, size) > n {
		// Without this end mark GNU tar cuts the file short after the last data.
		extents = append(extents[:n:n], Extent{size, 0})
	}
	extents = putEntries(h[tarSparse:], extents, tarEntries, &h[tarIsExtended])
	sealTar(h)
	for len(extents) > 0 {
		ext := make([]byte, tarBlock)
		extents = putEntries(ext, extents, tarExtEntries, &ext[tarExtExtended])
		h = append(h, ext...)
	}
	return h
}

// putEntries writes up to n extents to p, sets more if some are left, and returns those.
func putEntries(p []byte, extents []Extent, n int, more *byte) []Extent {
	for ; n > 0 && len(extents) > 0; n-- {
		putTarNumber(p[:12], extents[0].Offset)
		putTarNumber(p[12:24], extents[0].Length)
		p, extents = p[tarEntry:], extents[1:]
	}
	if len(extents) > 0 {
		*more = 1
	}
	return extents
}

// putTarNumber writes n to a field of 12 bytes: in octal, or from 8 GiB on in base 256.
func putTarNumber(field []byte, n int64) {
	if n < 1<<33 {
		copy(field, fmt.Sprintf("%011o\x00", n))
		return
	}
	field[0] = 0x80
	binary.BigEndian.PutUint64(field[4:], uint64(n))
}

// sealTar sets the checksum of a header and returns it.
func sealTar(h []byte) []byte {
	copy(h[148:156], fmt.Sprintf("%06o\x00 ", tarSum(h)))
	return h
}

// tarSum adds up the bytes of a header, those of the checksum itself taken as spaces.
func tarSum(h []byte) int64 {
	sum := int64(8 * ' ')
	for i, b := range h {
		if i < 148 || i >= 156 {
			sum += int64(b)
		}
	}
	return sum
}
