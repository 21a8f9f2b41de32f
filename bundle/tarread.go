package bundle

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"path"
	"strconv"
	"strings"

	"amiforge/internal/sparse"
)

const (
	// maxExtents is the most extents that a sparse member may have: 16 MiB of memory.
	maxExtents = 1 << 20

	// maxName bounds the long names of tar, in bytes.
	maxName = 4096

	// maxHeaders bounds the headers before the member and its own: long name, long link, global, extended.
	maxHeaders = 8

	// maxTrailer bounds the zero blocks after the member, in bytes: GNU tar's blocking factor, generously.
	maxTrailer = 1 << 20
)

// A tarMember is the header of the one member of a bundle's archive.
type tarMember struct {
	name    string
	size    int64 // of the file, holes included
	stored  int64 // of the data in the archive
	extents []Extent
}

// readTarHeader reads up to the member's data. It takes what GNU tar and Python's tarfile write: a regular
// file, plain or sparse (old GNU, PAX 0.0, 0.1 and 1.0), after long names and extended headers. Package
// archive/tar is not enough: it stops a sparse map at 1 MiB and hides the holes.
func readTarHeader(r io.Reader) (*tarMember, error) {
	var (
		long string
		pax  paxRecords
		h    [tarBlock]byte
	)
	for range maxHeaders {
		if _, err := io.ReadFull(r, h[:]); err != nil {
			return nil, noEOF(err)
		}
		size, err := checkTarHeader(h[:])
		if err != nil {
			return nil, err
		}
		switch kind := h[156]; kind {
		case 'x':
			pax = paxRecords{}
			err = pax.read(r, size)
		case 'g':
			err = readGlobal(r, size)
		case 'L':
			long, err = readLongName(r, size)
		case 'K':
			_, err = readLongName(r, size)
		case '0', 0, '7', 'S':
			return newTarMember(r, h[:], size, long, pax)
		default:
			err = invalidf("the member is a %s, not a file", tarKind(kind))
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, invalidf("more than %d headers before the member", maxHeaders)
}

// readGlobal reads a global extended header. None that is in use says anything of the content, and one that
// does would be read by some programs and not by others.
func readGlobal(r io.Reader, size int64) error {
	var global paxRecords
	if err := global.read(r, size); err != nil {
		return err
	}
	if global.size != nil || global.sparse || global.major != "" {
		return invalidf("a global extended header tells the size of a member")
	}
	return nil
}

// checkTarHeader checks the checksum and returns the size field.
func checkTarHeader(h []byte) (int64, error) {
	if sparse.IsZero(h) {
		return 0, invalidf("the archive is empty")
	}
	sum, err := tarNumber(h[148:156])
	if err != nil || sum != tarSum(h) && sum != signedTarSum(h) {
		return 0, invalidf("not a tar header (its checksum is wrong)")
	}
	return tarNumber(h[124:136])
}

// signedTarSum is the checksum as some old tars computed it, with signed bytes.
func signedTarSum(h []byte) int64 {
	sum := tarSum(h)
	for i, b := range h {
		if b >= 0x80 && (i < 148 || i >= 156) {
			sum -= 256
		}
	}
	return sum
}

func newTarMember(r io.Reader, h []byte, size int64, long string, pax paxRecords) (*tarMember, error) {
	m := &tarMember{name: cutNul(h[:100]), size: size, stored: size}
	if string(h[257:265]) == "ustar\x0000" && h[345] != 0 {
		m.name = cutNul(h[345:500]) + "/" + m.name
	}
	if long != "" {
		m.name = long
	}
	if pax.size != nil {
		m.size, m.stored = *pax.size, *pax.size
	}
	if pax.name != "" {
		m.name = pax.name
	}
	if err := m.readMap(r, h, &pax); err != nil {
		return nil, err
	}
	if !isPlainName(m.name) {
		return nil, invalidf("the member %q is not a plain file name", m.name)
	}
	return m, m.checkMap()
}

// readMap reads the sparse map of whichever dialect, if there is one.
func (m *tarMember) readMap(r io.Reader, h []byte, pax *paxRecords) (err error) {
	switch {
	case h[156] == 'S':
		if m.size, err = tarNumber(h[tarRealSize : tarRealSize+12]); err == nil {
			m.extents, err = readOldMap(r, h)
		}
	case pax.major == "1" && pax.minor == "0":
		m.size = pax.realSize
		var read int64
		m.extents, read, err = readMap10(r, m.stored)
		m.stored -= read
	case pax.major != "" && pax.major != "0":
		err = invalidf("GNU sparse format %s.%s is unknown", pax.major, pax.minor)
	case pax.sparse:
		m.size, m.extents = pax.realSize, pax.extents
	case m.size > 0:
		m.extents = []Extent{{0, m.size}}
	}
	if m.extents == nil {
		m.extents = []Extent{}
	}
	return err
}

// checkMap tells whether the extents ascend, stay inside the file and account for all stored data. It drops
// empty ones. Lengths that are no multiple of a block are refused but for the last: GNU tar looks for the next
// extent at the next block, other programs do not.
func (m *tarMember) checkMap() error {
	var end, total int64
	kept := m.extents[:0]
	for i, e := range m.extents {
		switch {
		case e.Offset < end:
			return invalidf("sparse map: extent %d at %d overlaps the one before it, or stands before it", i, e.Offset)
		case e.Length > m.size || e.Offset > m.size-e.Length:
			return invalidf("sparse map: extent %d (%d bytes at %d) goes beyond the file's %d bytes", i, e.Length, e.Offset, m.size)
		}
		if total%tarBlock != 0 && e.Length > 0 {
			return invalidf("sparse map: extent %d does not begin at a whole block of the archive", i)
		}
		end = e.End()
		total += e.Length
		if e.Length > 0 {
			kept = append(kept, e)
		}
	}
	m.extents = kept
	if total != m.stored {
		return invalidf("sparse map: extents are %d bytes together, %d are stored", total, m.stored)
	}
	return nil
}

// readOldMap reads the map of an old GNU sparse header and of the blocks that extend it.
func readOldMap(r io.Reader, h []byte) ([]Extent, error) {
	extents, err := appendEntries(nil, h[tarSparse:tarSparse+tarEntries*tarEntry])
	for more := h[tarIsExtended] != 0; err == nil && more; {
		var ext [tarBlock]byte
		if _, err := io.ReadFull(r, ext[:]); err != nil {
			return nil, noEOF(err)
		}
		more = ext[tarExtExtended] != 0
		extents, err = appendEntries(extents, ext[:tarExtEntries*tarEntry])
		if len(extents) > maxExtents {
			err = errManyExtents()
		}
	}
	return extents, err
}

func errManyExtents() error {
	return invalidf("sparse map: more than %d extents", maxExtents)
}

func appendEntries(extents []Extent, p []byte) ([]Extent, error) {
	for ; len(p) > 0; p = p[tarEntry:] {
		if p[0] == 0 && p[12] == 0 { // an entry that is not used
			continue
		}
		off, err := tarNumber(p[:12])
		if err != nil {
			return nil, err
		}
		n, err := tarNumber(p[12:24])
		if err != nil {
			return nil, err
		}
		extents = append(extents, Extent{off, n})
	}
	return extents, nil
}

// readTarEnd reads from the end of the member's data: its padding, at least two zero blocks and nothing else.
func readTarEnd(r io.Reader, stored int64) error {
	if _, err := io.CopyN(io.Discard, r, pad(stored, tarBlock)); err != nil {
		return noEOF(err)
	}
	var read int64
	buf := make([]byte, tarBlock)
	for {
		switch _, err := io.ReadFull(r, buf); {
		case err == io.EOF && read >= 2*tarBlock:
			return nil
		case err != nil:
			return noEOF(err)
		case !sparse.IsZero(buf):
			return invalidf("there is more than one member, or data after it")
		}
		if read += tarBlock; read > maxTrailer {
			return invalidf("more than %d zero bytes follow the member", maxTrailer)
		}
	}
}

// readLongName reads the body of a GNU long name header.
func readLongName(r io.Reader, size int64) (string, error) {
	if size < 1 || size > maxName {
		return "", invalidf("a long name of %d bytes", size)
	}
	p := make([]byte, size+pad(size, tarBlock))
	if _, err := io.ReadFull(r, p); err != nil {
		return "", noEOF(err)
	}
	return cutNul(p[:size]), nil
}

var errTarNumber = invalidf("a number in the tar header is not one")

// tarNumber reads a numeric field: octal, or base 256 if its first bit is set.
func tarNumber(field []byte) (int64, error) {
	if field[0] == 0x80 {
		return tarBase256(field[1:])
	}
	s := strings.Trim(cutNul(field), " ")
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(s, 8, 63)
	if err != nil {
		return 0, errTarNumber
	}
	return int64(n), nil
}

// tarBase256 reads a big-endian number. (A first byte of 0xff would make it negative, which nothing here is.)
func tarBase256(p []byte) (int64, error) {
	var n int64
	for _, b := range p {
		if n > math.MaxInt64>>8 {
			return 0, errTarNumber
		}
		n = n<<8 | int64(b)
	}
	return n, nil
}

func cutNul(p []byte) string {
	head, _, _ := bytes.Cut(p, []byte{0})
	return string(head)
}

// isPlainName tells whether a member name stays in the folder it is unpacked in. (We do not use it.)
func isPlainName(name string) bool {
	name = strings.TrimPrefix(name, "./")
	return name != "" && name != "." && name != ".." && path.Base(name) == name
}

func tarKind(kind byte) string {
	kinds := map[byte]string{
		'1': "hard link", '2': "symbolic link", '3': "character device", '4': "block device",
		'5': "directory", '6': "fifo", 'V': "volume label", 'M': "continued file", 'D': "directory dump",
	}
	if s, ok := kinds[kind]; ok {
		return s
	}
	return fmt.Sprintf("thing of type %q", kind)
}
