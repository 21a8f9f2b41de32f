package bundle

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

const (
	// maxPAX bounds an extended header, in bytes: a million extents in the longest of its dialects.
	maxPAX = 128 << 20

	// maxPAXValue bounds any one record but a sparse map, in bytes.
	maxPAXValue = 1 << 20
)

// paxRecords are the records of a PAX extended header that matter for a sparse file (GNU tar manual,
// "Storing Sparse Files"). Version 0.0 repeats GNU.sparse.offset and numbytes, 0.1 has GNU.sparse.map, 1.0
// has its map in front of the data.
type paxRecords struct {
	name         string
	size         *int64
	major, minor string
	realSize     int64
	sparse       bool // there are extents here
	extents      []Extent
	offset       *int64 // version 0.0: waits for its numbytes
}

// read reads a header of size bytes and its padding, record by record: "LENGTH KEY=VALUE\n".
func (x *paxRecords) read(r io.Reader, size int64) error {
	if size > maxPAX {
		return invalidf("an extended header of %d bytes", size)
	}
	body := &io.LimitedReader{R: r, N: size}
	br := bufio.NewReaderSize(body, 4096)
	for {
		err := x.readRecord(br)
		if err == io.EOF && body.N == 0 {
			break
		}
		if err != nil {
			return fmt.Errorf("extended header: %w", noEOF(err))
		}
	}
	if x.offset != nil {
		return invalidf("extended header: a sparse offset without its length")
	}
	_, err := io.CopyN(io.Discard, r, pad(size, tarBlock))
	return noEOF(err)
}

// readRecord reads one record. It returns io.EOF where there is none.
func (x *paxRecords) readRecord(br *bufio.Reader) error {
	length, used, err := readDecimal(br, ' ')
	if err != nil {
		return err
	}
	if length <= used || length > maxPAX {
		return errPAX
	}
	record := &countReader{r: br, left: length - used}
	key, err := record.until('=')
	if err != nil {
		return noEOF(err)
	}
	if key == "GNU.sparse.map" {
		if x.extents, err = readMap01(record); err != nil {
			return noEOF(err)
		}
		x.sparse = true
		return record.end()
	}
	if record.left < 1 || record.left > maxPAXValue {
		return errPAX
	}
	value := make([]byte, record.left)
	if _, err := io.ReadFull(br, value); err != nil {
		return noEOF(err)
	}
	if value[len(value)-1] != '\n' {
		return errPAX
	}
	return x.set(key, string(value[:len(value)-1]))
}

// set takes over a record. Keys that say nothing of the content are passed over.
func (x *paxRecords) set(key, value string) (err error) {
	var n int64
	switch key {
	case "path":
		if x.name == "" {
			x.name = value
		}
	case "GNU.sparse.name":
		x.name = value
	case "GNU.sparse.major":
		x.major = value
	case "GNU.sparse.minor":
		x.minor = value
	case "size":
		n, err = parseDecimal(value)
		x.size = &n
	case "GNU.sparse.size", "GNU.sparse.realsize":
		x.realSize, err = parseDecimal(value)
	case "GNU.sparse.offset":
		if x.offset != nil {
			return errPAX
		}
		n, err = parseDecimal(value)
		x.offset, x.sparse = &n, true
	case "GNU.sparse.numbytes":
		n, err = parseDecimal(value)
		switch {
		case x.offset == nil:
			return errPAX
		case len(x.extents) >= maxExtents:
			return errManyExtents()
		}
		x.extents = append(x.extents, Extent{*x.offset, n})
		x.offset = nil
	case "GNU.sparse.numblocks":
		x.sparse = true
	}
	return err
}

// readMap01 reads the map of version 0.1: "OFFSET,LENGTH,OFFSET,LENGTH…\n".
func readMap01(r *countReader) ([]Extent, error) {
	var extents []Extent
	for last := byte(','); last == ','; {
		if len(extents) >= maxExtents {
			return nil, errManyExtents()
		}
		off, end, err := r.decimal()
		if err != nil {
			return nil, err
		}
		if end != ',' {
			return nil, errPAX
		}
		var n int64
		if n, last, err = r.decimal(); err != nil {
			return nil, err
		}
		if last != ',' && last != '\n' {
			return nil, errPAX
		}
		extents = append(extents, Extent{off, n})
	}
	return extents, nil
}

// readMap10 reads the map of version 1.0: the number of extents, then their offsets and lengths, each on a
// line, padded to a block. It returns how many bytes of the member's stored ones it took.
func readMap10(r io.Reader, stored int64) ([]Extent, int64, error) {
	br := &blockReader{r: r, left: stored}
	count, err := br.line()
	if err != nil {
		return nil, 0, err
	}
	if count > maxExtents {
		return nil, 0, errManyExtents()
	}
	var extents []Extent
	for range count {
		var e Extent
		if e.Offset, err = br.line(); err != nil {
			return nil, 0, err
		}
		if e.Length, err = br.line(); err != nil {
			return nil, 0, err
		}
		extents = append(extents, e)
	}
	return extents, br.read, nil
}

// blockReader reads lines from whole tar blocks.
type blockReader struct {
	r          io.Reader
	left, read int64
	block      [tarBlock]byte
	rest       []byte
}

func (b *blockReader) line() (int64, error) {
	var digits []byte
	for {
		if len(b.rest) == 0 {
			if b.left < tarBlock {
				return 0, invalidf("sparse map: cut short")
			}
			if _, err := io.ReadFull(b.r, b.block[:]); err != nil {
				return 0, noEOF(err)
			}
			b.rest, b.left, b.read = b.block[:], b.left-tarBlock, b.read+tarBlock
		}
		c := b.rest[0]
		b.rest = b.rest[1:]
		if c == '\n' {
			return parseDecimal(string(digits))
		}
		if digits = append(digits, c); len(digits) > maxDigits {
			return 0, errTarNumber
		}
	}
}

// countReader reads a record of known length.
type countReader struct {
	r    *bufio.Reader
	left int64
}

func (c *countReader) byte() (byte, error) {
	if c.left == 0 {
		return 0, errPAX
	}
	c.left--
	b, err := c.r.ReadByte()
	return b, noEOF(err)
}

// until reads up to the byte end and returns what stands before it.
func (c *countReader) until(end byte) (string, error) {
	var s strings.Builder
	for s.Len() <= maxName {
		b, err := c.byte()
		if err != nil {
			return "", err
		}
		if b == end {
			return s.String(), nil
		}
		s.WriteByte(b)
	}
	return "", errPAX
}

// decimal reads a number and the byte that ends it.
func (c *countReader) decimal() (n int64, end byte, err error) {
	var digits []byte
	for len(digits) <= maxDigits {
		if end, err = c.byte(); err != nil {
			return 0, 0, err
		}
		if end < '0' || end > '9' {
			n, err = parseDecimal(string(digits))
			return n, end, err
		}
		digits = append(digits, end)
	}
	return 0, 0, errTarNumber
}

func (c *countReader) end() error {
	if c.left != 0 {
		return errPAX
	}
	return nil
}

// maxDigits is how long an int64 is in decimal.
const maxDigits = len("9223372036854775807")

// readDecimal reads a number that ends with end. It returns how many bytes it took.
func readDecimal(br *bufio.Reader, end byte) (n, used int64, err error) {
	c := &countReader{r: br, left: math.MaxInt64}
	if _, err := br.Peek(1); err != nil {
		return 0, 0, err
	}
	n, got, err := c.decimal()
	if err == nil && got != end {
		err = errPAX
	}
	return n, math.MaxInt64 - c.left, err
}

// parseDecimal reads a number of digits alone.
func parseDecimal(s string) (int64, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil {
		return 0, errTarNumber
	}
	return int64(n), nil
}

var errPAX = invalidf("a record is damaged")
