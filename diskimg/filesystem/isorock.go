package filesystem

import (
	"encoding/binary"
	"io/fs"
	"strings"

	"amiforge/diskimg"
)

// A rock is what Rock Ridge says of a file in the fields behind its record [IEEE P1281 and P1282, drafts 1.12]. A field
// is two letters, its length, its version and what it says.
type rock struct {
	name   string // "" if it is that of the record
	mode   uint32 // 0 if it is not said
	link   string
	linked bool   // link is said
	open   bool   // the last part of link goes on
	child  uint32 // the block of the directory that is meant
	moved  bool   // it is said elsewhere where it belongs
	odd    string // what is made of the content

	next continuation
}

// A continuation is where there are more fields.
type continuation struct{ block, offset, size uint32 }

func (c continuation) place() diskimg.Extent {
	return diskimg.Extent{Offset: int64(c.block)*isoSector + int64(c.offset), Length: int64(c.size)}
}

const (
	maxContinuations = 32
	maxContinuation  = 4096                // bytes of a block; as in Linux
	maxContinued     = 2 * maxContinuation // in all
	maxName          = 255                 // bytes
)

// findRock looks whether there is Rock Ridge, which the first record of the root directory says.
func (i *iso) findRock(root *isoDir) error {
	e, err := root.first()
	if err != nil {
		return err
	}
	for _, before := range []int{0, 14} { // CD-ROM XA takes the first ones
		if before+7 <= len(e.use) && string(e.use[before:][:6]) == "SP\x07\x01\xbe\xef" {
			i.rock, i.skip = true, int(e.use[before+6])
			return nil
		}
	}
	return nil
}

// readRock reads the fields in use, and where they go on.
func (i *iso) readRock(use []byte) (*rock, error) {
	var r rock
	use = use[min(i.skip, len(use)):]
	left := maxContinued
	for n := 0; ; n++ {
		if err := r.fields(use); err != nil {
			return nil, err
		}
		next := r.next
		r.next = continuation{}
		switch {
		case next.size == 0:
			return &r, nil
		case n == maxContinuations:
			return nil, damagedf("the fields of a directory record go on more than %d times", n)
		case uint64(next.offset)+uint64(next.size) > maxContinuation:
			return nil, damagedf("%d bytes of fields at byte %d of a block", next.size, next.offset)
		}
		if left -= int(next.size); left < 0 {
			return nil, damagedf("the fields of a directory record are of more than %d bytes", maxContinued)
		}
		var err error
		if use, err = i.dirs.whole(next.place()); err != nil {
			return nil, err
		}
	}
}

func (r *rock) fields(use []byte) error {
	for len(use) >= 4 && use[2] != 0 {
		n := int(use[2])
		if n < 4 || n > len(use) {
			return damagedf("a field of %d bytes in %d of a directory record", n, len(use))
		}
		if string(use[:2]) == "ST" {
			return nil
		}
		if err := r.field(string(use[:2]), use[4:n]); err != nil {
			return err
		}
		use = use[n:]
	}
	return nil
}

func (r *rock) field(kind string, b []byte) error {
	if len(b) < needOf(kind) {
		return damagedf("a field %s of %d bytes", kind, len(b))
	}
	order := binary.LittleEndian
	switch kind {
	case "CE":
		r.next = continuation{order.Uint32(b), order.Uint32(b[8:]), order.Uint32(b[16:])}
	case "PX":
		r.mode = order.Uint32(b)
	case "NM":
		if r.name += string(b[1:]); len(r.name) > maxName {
			return damagedf("a name of %d bytes", len(r.name))
		}
	case "SL":
		r.linked = true
		return r.components(b[1:])
	case "CL":
		r.child = order.Uint32(b)
	case "RE":
		r.moved = true
	case "ZF":
		r.odd = "zisofs compression"
	case "SF":
		r.odd = "a sparse file of Rock Ridge"
	}
	return nil
}

// needOf is how much a field must say.
func needOf(kind string) int {
	switch kind {
	case "CE":
		return 24
	case "PX", "CL":
		return 4
	case "NM", "SL":
		return 1
	}
	return 0
}

// components adds parts of the target of a symbolic link.
func (r *rock) components(b []byte) error {
	const goesOn, here, above, root = 1, 2, 4, 8
	for len(b) >= 2 {
		flags, n := b[0], 2+int(b[1])
		if n > len(b) {
			return damagedf("a part of %d bytes in %d of a symbolic link", n, len(b))
		}
		if r.link != "" && !r.open && !strings.HasSuffix(r.link, "/") {
			r.link += "/"
		}
		switch {
		case flags&root != 0:
			r.link += "/" // first, or an empty part as xorriso writes it
		case flags&above != 0:
			r.link += ".."
		case flags&here != 0:
			r.link += "."
		default:
			r.link += string(b[2:n])
		}
		if len(r.link) > maxTarget {
			return damagedf("a symbolic link of %d bytes", len(r.link))
		}
		r.open, b = flags&goesOn != 0, b[n:]
	}
	return nil
}

// describe puts what is said into f.
func (r *rock) describe(f *file, content *isoFile) error {
	if r.name != "" {
		f.name = r.name
	}
	if r.mode != 0 {
		f.mode = unixMode(r.mode)
	}
	if f.mode&fs.ModeSymlink != 0 {
		if r.link == "" {
			return damagedf("%s: the symbolic link has no target", f.name)
		}
		f.link, f.size = r.link, int64(len(r.link))
	}
	if r.odd != "" {
		content.odd = unsupportedf("%s is not supported", r.odd)
	}
	return nil
}
