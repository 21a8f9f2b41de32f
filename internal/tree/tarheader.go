package tree

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// tarBlock is the unit of a tar archive, in bytes.
const tarBlock = 512

// A tarHeader is a block in front of a member [POSIX pax, "ustar Interchange Format"; GNU tar, "Basic Tar Format"].
type tarHeader [tarBlock]byte

func (h *tarHeader) field(off, n int) []byte { return h[off : off+n] }

// text returns the field up to its first NUL.
func (h *tarHeader) text(off, n int) string {
	p := h.field(off, n)
	if i := bytes.IndexByte(p, 0); i >= 0 {
		p = p[:i]
	}
	return string(p)
}

func (h *tarHeader) kind() byte { return h[156] }

// isZero tells whether the block is of those that end an archive.
func (h *tarHeader) isZero() bool { return *h == tarHeader{} }

// check compares the checksum: that of bytes, or of signed chars as some old programs have it.
func (h *tarHeader) check() error {
	want, err := tarNumber(h.field(148, 8))
	if err != nil {
		return fmt.Errorf("checksum: %w", err)
	}
	var sum, signed int64
	for i, c := range h {
		if i >= 148 && i < 156 {
			c = ' '
		}
		sum += int64(c)
		signed += int64(int8(c))
	}
	if want != sum && want != signed {
		return fmt.Errorf("checksum is %d, its header says %d", sum, want)
	}
	return nil
}

// A dialect is what the fields behind the link's name are.
type dialect int

const (
	v7 dialect = iota
	ustar
	gnu
	star
)

func (h *tarHeader) dialect() dialect {
	switch magic := string(h.field(257, 8)); {
	case magic == "ustar  \x00":
		return gnu
	case !strings.HasPrefix(magic, "ustar\x00"):
		return v7
	case string(h.field(508, 4)) == "tar\x00":
		return star
	}
	return ustar
}

// name returns the member's name with the prefix in front that POSIX has.
func (h *tarHeader) name() string {
	name, prefix := h.text(0, 100), ""
	switch h.dialect() {
	case ustar:
		prefix = h.text(345, 155)
	case star:
		prefix = h.text(345, 131)
	}
	if prefix != "" {
		return prefix + "/" + name
	}
	return name
}

// member returns what the header itself says of the member.
func (h *tarHeader) member() (*tarMember, error) {
	m := &tarMember{kind: h.kind(), name: h.name(), link: h.text(157, 100)}
	var mode, uid, gid, mtime, major, minor int64
	type field struct {
		name   string
		off, n int
		to     *int64
	}
	fields := []field{
		{"mode", 100, 8, &mode},
		{"uid", 108, 8, &uid},
		{"gid", 116, 8, &gid},
		{"size", 124, 12, &m.stored},
		{"mtime", 136, 12, &mtime},
	}
	if h.kind() == '3' || h.kind() == '4' {
		fields = append(fields, field{"device", 329, 8, &major}, field{"device", 337, 8, &minor})
	}
	for _, f := range fields {
		var err error
		if *f.to, err = tarNumber(h.field(f.off, f.n)); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", m.name, f.name, err)
		}
	}
	m.mode = fileMode(uint32(mode & 0o7777))
	m.mtime = time.Unix(mtime, 0)
	m.major, m.minor = uint32(major), uint32(minor)
	if m.uid, m.gid = uint32(uid), uint32(gid); uid < 0 || gid < 0 || int64(m.uid) != uid || int64(m.gid) != gid {
		return nil, fmt.Errorf("%s: its owner is %d:%d", m.name, uid, gid)
	}
	if m.stored < 0 {
		return nil, fmt.Errorf("%s: its size is %d", m.name, m.stored)
	}
	return m, nil
}

// tarNumber parses octal digits, or a number in base 256 where GNU tar needs more.
func tarNumber(p []byte) (int64, error) {
	if p[0]&0x80 != 0 {
		return tarBinary(p)
	}
	digits := bytes.Trim(p, " \x00")
	if i := bytes.IndexByte(digits, 0); i >= 0 {
		digits = digits[:i]
	}
	var n int64
	for _, c := range digits { // 12 at most, so that n is never too large
		if c < '0' || c > '7' {
			return 0, fmt.Errorf("%q is not an octal number", digits)
		}
		n = n<<3 | int64(c-'0')
	}
	return n, nil
}

// tarBinary parses a big-endian two's complement number whose first bit is its mark.
func tarBinary(p []byte) (int64, error) {
	n := int64(int8(p[0]<<1) >> 1)
	for _, c := range p[1:] {
		if n != n<<8>>8 {
			return 0, fmt.Errorf("%x is too large a number", p)
		}
		n = n<<8 | int64(c)
	}
	return n, nil
}

// A tarMember is what the headers in front of a file say of it.
type tarMember struct {
	kind                byte
	name, link          string
	mode                fs.FileMode
	uid, gid            uint32
	major, minor        uint32
	mtime, atime, ctime time.Time
	birth               time.Time
	stored              int64 // bytes in the archive
	records             *paxRecords
}
