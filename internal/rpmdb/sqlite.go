package rpmdb

import "encoding/binary"

// The header of a database, and the pages of its tables [sqlite.org, fileformat2, 1.3, 1.6].
const (
	magic      = "SQLite format 3\x00"
	headerSize = 100

	pageSizeAt     = 16 // two bytes; 1 is 65536
	reservedAt     = 20 // bytes at the end of each page
	leafPage       = 0x0d
	interiorPage   = 0x05
	schemaRoot     = 1
	leafHead       = 8
	interiorHead   = 12
	cellCountAt    = 3
	rightMostAt    = 8
	deepest        = 32       // pages from the root of a table to a leaf
	largestPayload = 64 << 20 // of one row: the largest header of a package that rpm takes is 256 MiB, and a large one 4 MiB
)

// A database is one of SQLite, in memory.
type database struct {
	b        []byte
	pageSize int
	usable   int // bytes of a page
	left     int // pages that may still be visited: none is in a table twice
	unread   int // bytes that rows may still have: each lies somewhere
}

func openDatabase(b []byte) (*database, error) {
	if !IsDatabase(b) {
		return nil, damagedf("is no database of SQLite")
	}
	size := int(binary.BigEndian.Uint16(b[pageSizeAt:]))
	if size == 1 {
		size = 1 << 16
	}
	usable := size - int(b[reservedAt])
	if size < 512 || size&(size-1) != 0 || usable < 480 || len(b) < size {
		return nil, damagedf("pages of %d bytes", size)
	}
	return &database{b: b, pageSize: size, usable: usable, left: len(b) / size, unread: len(b)}, nil
}

// page returns the page n, from 1 on, without what is reserved.
func (d *database) page(n uint32) ([]byte, error) {
	if d.left--; d.left < 0 {
		return nil, damagedf("pages refer to one another")
	}
	if n == 0 || int64(n)*int64(d.pageSize) > int64(len(d.b)) {
		return nil, damagedf("there is no page %d", n)
	}
	return d.b[(int(n)-1)*d.pageSize:][:d.usable], nil
}

// table returns the root page of a table.
func (d *database) table(name string) (root uint32, err error) {
	const typeColumn, nameColumn, rootColumn, columns = 0, 1, 3, 4
	err = d.rows(schemaRoot, func(payload []byte) error {
		values, err := record(payload, columns)
		if err == nil && string(values[typeColumn]) == "table" && string(values[nameColumn]) == name {
			root = uint32(number(values[rootColumn]))
		}
		return err
	})
	if err == nil && root == 0 {
		err = damagedf("there is no table %s", name)
	}
	d.left, d.unread = len(d.b)/d.pageSize, len(d.b)
	return root, err
}

// number reads an integer of one to eight bytes; none are 0.
func number(b []byte) int64 {
	n := int64(0)
	for _, c := range b {
		n = n<<8 | int64(c)
	}
	return n
}

// rows calls row with each row of the table at root.
func (d *database) rows(root uint32, row func(payload []byte) error) error {
	return d.walk(root, 0, row)
}

func (d *database) walk(n uint32, depth int, row func([]byte) error) error {
	whole, err := d.page(n)
	if err != nil {
		return err
	}
	if depth == deepest {
		return damagedf("page %d lies too deep", n)
	}
	head := whole
	if n == schemaRoot {
		head = whole[headerSize:]
	}
	size := leafHead
	if head[0] == interiorPage {
		size = interiorHead
	} else if head[0] != leafPage {
		return damagedf("page %d is none of a table", n)
	}
	count := int(binary.BigEndian.Uint16(head[cellCountAt:]))
	if size+2*count > len(head) {
		return damagedf("page %d has %d cells", n, count)
	}
	for i := range count {
		at := int(binary.BigEndian.Uint16(head[size+2*i:]))
		if at > len(whole)-4 {
			return damagedf("page %d has a cell at %d", n, at)
		}
		if err := d.cell(whole[at:], size == interiorHead, depth, row); err != nil {
			return err
		}
	}
	if size == leafHead {
		return nil
	}
	return d.walk(binary.BigEndian.Uint32(head[rightMostAt:]), depth+1, row)
}

func (d *database) cell(cell []byte, interior bool, depth int, row func([]byte) error) error {
	if interior {
		return d.walk(binary.BigEndian.Uint32(cell), depth+1, row)
	}
	payload, err := d.payload(cell)
	if err != nil {
		return err
	}
	return row(payload)
}

// payload returns what the cell of a leaf has: a part is in the cell, and the rest in a chain of pages.
func (d *database) payload(cell []byte) ([]byte, error) {
	size, rest, ok := varint(cell)
	if ok {
		_, rest, ok = varint(rest) // the number of the row
	}
	if !ok || size > largestPayload || size > uint64(d.unread) {
		return nil, damagedf("a row of %d bytes", size)
	}
	d.unread -= int(size)
	local := d.local(int(size))
	if local == int(size) {
		if local > len(rest) {
			return nil, damagedf("a row ends behind its page")
		}
		return rest[:local], nil
	}
	if local+4 > len(rest) {
		return nil, damagedf("a row ends behind its page")
	}
	return d.overflow(append([]byte(nil), rest[:local]...), int(size), binary.BigEndian.Uint32(rest[local:]))
}

// local is how much of a payload is in the cell [1.6, "The initial portion of the payload"].
func (d *database) local(size int) int {
	most, least := d.usable-35, (d.usable-12)*32/255-23
	if size <= most {
		return size
	}
	if k := least + (size-least)%(d.usable-4); k <= most {
		return k
	}
	return least
}

func (d *database) overflow(payload []byte, size int, next uint32) ([]byte, error) {
	for len(payload) < size {
		page, err := d.page(next)
		if err != nil {
			return nil, err
		}
		next = binary.BigEndian.Uint32(page)
		payload = append(payload, page[4:min(len(page), 4+size-len(payload))]...)
	}
	return payload, nil
}

// record returns the first n values of a row. That of a constant has no bytes.
func record(payload []byte, n int) ([][]byte, error) {
	size, types, ok := varint(payload)
	if !ok || size > uint64(len(payload)) || size < uint64(len(payload)-len(types)) {
		return nil, damagedf("a row without types")
	}
	body := payload[size:]
	types = types[:int(size)-(len(payload)-len(types))]
	var values [][]byte
	for len(values) < n {
		kind, rest, ok := varint(types)
		length := valueLength(kind)
		if !ok || length > uint64(len(body)) {
			return nil, damagedf("a row of %d values, not %d", len(values), n)
		}
		values, body, types = append(values, body[:length]), body[length:], rest
	}
	return values, nil
}

// valueLength is how many bytes a value of a serial type has [2.1].
func valueLength(kind uint64) uint64 {
	switch {
	case kind <= 4:
		return kind
	case kind == 5:
		return 6
	case kind <= 7:
		return 8
	case kind < 12:
		return 0
	}
	return (kind - 12) / 2
}

// varint reads a number of up to nine bytes, seven bits each, of the last one eight.
func varint(b []byte) (n uint64, rest []byte, ok bool) {
	for i := range min(len(b), 9) {
		if i == 8 {
			return n<<8 | uint64(b[i]), b[9:], true
		}
		n = n<<7 | uint64(b[i]&0x7f)
		if b[i] < 0x80 {
			return n, b[i+1:], true
		}
	}
	return 0, nil, false
}
