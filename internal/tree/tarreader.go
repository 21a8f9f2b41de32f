package tree

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"amiforge/diskimg"
)

const (
	// maxPax bounds an extended header, in bytes: all extended attributes that Linux lets a file have are less.
	maxPax = 4 << 20

	// maxName bounds long names, in bytes.
	maxName = 64 << 10

	// maxHeaders bounds the headers before that of a member: long name, long link, global, extended.
	maxHeaders = 16
)

// A tarReader reads the members of a tar archive: what GNU tar, bsdtar, star, Python and Go write. Package archive/tar is
// not enough: it hides the holes of files, which then take as long to read as they are.
type tarReader struct {
	r       *bufio.Reader
	left    int64 // bytes of the member's data that were not read
	padding int64 // behind them
	global  *paxRecords
	failed  func(error) error // says of an error of the data which archive it is of
}

func newTarReader(r io.Reader, failed func(error) error) *tarReader {
	return &tarReader{r: bufio.NewReaderSize(r, 256<<10), failed: failed}
}

// next goes to the next member and returns io.EOF at the zero blocks that end an archive.
func (t *tarReader) next() (*tarMember, *sparseMap, error) {
	for _, n := range []int64{t.left, t.padding} {
		if err := t.skip(n); err != nil {
			return nil, nil, err
		}
	}
	t.left, t.padding = 0, 0
	var (
		h          tarHeader
		pax        *paxRecords
		name, link string
	)
	for range maxHeaders {
		if err := t.block(&h); err != nil {
			return nil, nil, noEOF(err)
		}
		if h.isZero() {
			if pax != nil || name != "" || link != "" {
				return nil, nil, errors.New("an extended header is followed by the end of the archive")
			}
			return nil, nil, t.end()
		}
		if err := h.check(); err != nil {
			return nil, nil, err
		}
		var err error
		switch h.kind() {
		case 'x', 'X':
			pax, err = t.pax(&h, t.global)
		case 'g':
			t.global, err = t.pax(&h, t.global)
		case 'L':
			name, err = t.longName(&h)
		case 'K':
			link, err = t.longName(&h)
		case 'V', 'A': // a label; access control lists of Solaris
			_, err = t.extra(&h, maxPax)
		default:
			if pax == nil {
				pax = t.global
			}
			return t.member(&h, pax, name, link)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return nil, nil, fmt.Errorf("more than %d headers before a file", maxHeaders)
}

// block reads a block. io.EOF is that of an archive that is cut between blocks.
func (t *tarReader) block(h *tarHeader) error {
	_, err := io.ReadFull(t.r, h[:])
	return err
}

// end is called at the first zero block: another must follow, or the end of the file.
func (t *tarReader) end() error {
	var h tarHeader
	switch err := t.block(&h); {
	case err == io.EOF || err == nil && h.isZero():
		return io.EOF
	case err != nil:
		return err
	}
	return errors.New("a zero block is followed by others: the archive is damaged")
}

func (t *tarReader) member(h *tarHeader, pax *paxRecords, name, link string) (*tarMember, *sparseMap, error) {
	m, err := h.member()
	if err != nil {
		return nil, nil, err
	}
	if name != "" {
		m.name = name
	}
	if link != "" {
		m.link = link
	}
	if pax != nil {
		if err := pax.apply(m); err != nil {
			return nil, nil, err
		}
	}
	if !isRegular(m.kind) && m.kind != 'S' && m.kind != 'D' {
		m.stored = 0 // links may have the size of what they point to
	}
	s, err := t.sparse(h, m)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", m.name, err)
	}
	t.left = m.stored
	if s != nil {
		t.left = s.stored
	}
	t.padding = padding(t.left)
	return m, s, nil
}

func isRegular(kind byte) bool { return kind == '0' || kind == 0 || kind == '7' }

// padding returns how much is missing to whole blocks.
func padding(n int64) int64 { return -n & (tarBlock - 1) }

// extra reads the data of a header that is about the next one.
func (t *tarReader) extra(h *tarHeader, limit int64) ([]byte, error) {
	size, err := tarNumber(h.field(124, 12))
	if err != nil {
		return nil, err
	}
	if size < 0 || size > limit {
		return nil, fmt.Errorf("a header of kind %q has %d bytes, at most %d are read", h.kind(), size, limit)
	}
	p := make([]byte, size)
	if _, err := io.ReadFull(t.r, p); err != nil {
		return nil, noEOF(err)
	}
	return p, t.skip(padding(size))
}

func (t *tarReader) pax(h *tarHeader, base *paxRecords) (*paxRecords, error) {
	p, err := t.extra(h, maxPax)
	if err != nil {
		return nil, err
	}
	return parsePax(p, base)
}

func (t *tarReader) longName(h *tarHeader) (string, error) {
	p, err := t.extra(h, maxName)
	if err != nil {
		return "", err
	}
	for i, c := range p {
		if c == 0 {
			p = p[:i]
			break
		}
	}
	return string(p), nil
}

func (t *tarReader) skip(n int64) error {
	for n > 0 {
		done, err := t.r.Discard(int(min(n, 1<<30)))
		n -= int64(done)
		if err != nil {
			return noEOF(err)
		}
	}
	return nil
}

// Read reads the member's data.
func (t *tarReader) Read(p []byte) (int, error) {
	if t.left == 0 {
		return 0, io.EOF
	}
	n, err := t.r.Read(p[:min(int64(len(p)), t.left)])
	t.left -= int64(n)
	if err != nil {
		err = t.failed(noEOF(err))
	}
	return n, err
}

// A tarSparse is the data of a member with holes: a diskimg.Source.
type tarSparse struct {
	t       *tarReader
	extents []diskimg.Extent
	left    int64 // of the extent
}

func (s *tarSparse) Next() (diskimg.Extent, error) {
	for s.left > 0 {
		n, err := s.t.r.Discard(int(min(s.left, 1<<30)))
		s.left, s.t.left = s.left-int64(n), s.t.left-int64(n)
		if err != nil {
			return diskimg.Extent{}, s.t.failed(noEOF(err))
		}
	}
	if len(s.extents) == 0 {
		return diskimg.Extent{}, io.EOF
	}
	e := s.extents[0]
	s.extents, s.left = s.extents[1:], e.Length
	return e, nil
}

func (s *tarSparse) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	n, err := s.t.Read(p[:min(int64(len(p)), s.left)])
	s.left -= int64(n)
	return n, err
}
