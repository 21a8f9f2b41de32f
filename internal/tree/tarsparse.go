package tree

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"amiforge/diskimg"
	"amiforge/internal/sparse"
)

// maxExtents is the most extents that a sparse file may have: 16 MiB of memory.
const maxExtents = 1 << 20

// A sparseMap says where the stored bytes of a file are, and how long it is with its holes.
type sparseMap struct {
	size    int64
	extents []diskimg.Extent
	stored  int64 // bytes of data that follow the map
}

// sparse returns the map of a member that has one, nil if it has none. Of PAX 1.0 it stands before the data, and of old GNU
// tar it goes on behind the header.
func (t *tarReader) sparse(h *tarHeader, m *tarMember) (*sparseMap, error) {
	s, err := t.readSparse(h, m)
	if s == nil || err != nil {
		return nil, err
	}
	return s, s.check()
}

func (t *tarReader) readSparse(h *tarHeader, m *tarMember) (*sparseMap, error) {
	if m.kind == 'S' {
		return t.oldSparse(h, m)
	}
	if m.records == nil || !isRegular(m.kind) {
		return nil, nil
	}
	values := m.records.values
	switch major, minor := values["GNU.sparse.major"], values["GNU.sparse.minor"]; {
	case major == "1" && minor == "0":
		return t.sparse10(m)
	case major != "" && major != "0":
		return nil, fmt.Errorf("its sparse map is of version %.10s.%.10s, which is not known", major, minor)
	case values["GNU.sparse.map"] != "":
		return sparse0(m, strings.Split(values["GNU.sparse.map"], ","))
	case len(m.records.sparse) > 0 || values["GNU.sparse.size"] != "":
		return sparse0(m, m.records.sparse)
	}
	return nil, nil
}

// sparse0 has the map in the extended header: offsets and lengths in turn (PAX 0.0 and 0.1).
func sparse0(m *tarMember, numbers []string) (*sparseMap, error) {
	size, err := paxNumber(m.records.values["GNU.sparse.size"])
	if err != nil {
		return nil, fmt.Errorf("GNU.sparse.size: %w", err)
	}
	s := &sparseMap{size: size, stored: m.stored}
	if len(numbers)%2 != 0 {
		return nil, errors.New("its sparse map has half an entry")
	}
	for i := 0; i < len(numbers); i += 2 {
		off, err := paxNumber(numbers[i])
		if err != nil {
			return nil, err
		}
		n, err := paxNumber(numbers[i+1])
		if err != nil {
			return nil, err
		}
		if err := s.add(off, n); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// sparse10 has the map in front of the data, in decimal lines padded to whole blocks.
func (t *tarReader) sparse10(m *tarMember) (*sparseMap, error) {
	size, err := paxNumber(m.records.values["GNU.sparse.realsize"])
	if err != nil {
		return nil, fmt.Errorf("GNU.sparse.realsize: %w", err)
	}
	s := &sparseMap{size: size}
	counted := &counter{r: io.LimitReader(t.r, m.stored)}
	lines := bufio.NewReaderSize(byteAtATime{counted}, 32)
	count, err := readLine(lines)
	if err != nil {
		return nil, err
	}
	if count > maxExtents {
		return nil, fmt.Errorf("its sparse map has %d entries, at most %d are read", count, maxExtents)
	}
	for range count {
		off, err := readLine(lines)
		if err != nil {
			return nil, err
		}
		n, err := readLine(lines)
		if err != nil {
			return nil, err
		}
		if err := s.add(off, n); err != nil {
			return nil, err
		}
	}
	if _, err := io.CopyN(io.Discard, counted, padding(counted.n)); err != nil {
		return nil, noEOF(err)
	}
	s.stored = m.stored - counted.n
	return s, nil
}

// oldSparse has four entries in the header and the others in blocks behind it.
func (t *tarReader) oldSparse(h *tarHeader, m *tarMember) (*sparseMap, error) {
	size, err := tarNumber(h.field(483, 12))
	if err != nil {
		return nil, fmt.Errorf("its real size: %w", err)
	}
	s := &sparseMap{size: size, stored: m.stored}
	if err := s.addOld(h.field(386, 4*24)); err != nil {
		return nil, err
	}
	var block tarHeader
	for more := h[482]; more != 0; more = block[504] {
		if err := t.block(&block); err != nil {
			return nil, noEOF(err)
		}
		if err := s.addOld(block.field(0, 21*24)); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *sparseMap) addOld(p []byte) error {
	for ; len(p) > 0 && p[0] != 0; p = p[24:] {
		off, err := tarNumber(p[:12])
		if err != nil {
			return err
		}
		n, err := tarNumber(p[12:24])
		if err != nil {
			return err
		}
		if err := s.add(off, n); err != nil {
			return err
		}
	}
	return nil
}

// add adds n bytes at off. Programs write an entry of no bytes where a hole ends a file.
func (s *sparseMap) add(off, n int64) error {
	end := int64(0)
	if i := len(s.extents) - 1; i >= 0 {
		end = s.extents[i].End()
	}
	switch {
	case off < end || n < 0 || off > s.size || n > s.size-off:
		return fmt.Errorf("its sparse map has %d bytes at %d of %d, after byte %d", n, off, s.size, end)
	case len(s.extents) == maxExtents:
		return fmt.Errorf("its sparse map has more than %d entries", maxExtents)
	case n > 0:
		s.extents = sparse.Append(s.extents, off, n)
	}
	return nil
}

func (s *sparseMap) check() error {
	if n := sparse.Length(s.extents); n != s.stored || s.size < 0 {
		return fmt.Errorf("its sparse map has %d bytes, the archive %d", n, s.stored)
	}
	return nil
}

// readLine reads a decimal number and the end of its line.
func readLine(r *bufio.Reader) (int64, error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		if err == bufio.ErrBufferFull {
			err = fmt.Errorf("its sparse map has %.10q, which is not a number", line)
		}
		return 0, noEOF(err)
	}
	return paxNumber(string(line[:len(line)-1]))
}

// A byteAtATime keeps a buffered reader from reading ahead.
type byteAtATime struct{ r io.Reader }

func (b byteAtATime) Read(p []byte) (int, error) { return b.r.Read(p[:min(1, len(p))]) }

// A counter counts what is read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
