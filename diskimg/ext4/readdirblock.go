package ext4

import (
	"encoding/binary"
	"fmt"
	"strings"
)

const dirHeader = 8 // bytes of an entry in front of its name

// A dirParser takes a directory apart. The tree of hashes that large ones have is passed over: to who does not know
// it, its blocks look empty.
type dirParser struct {
	f   *FS
	dir *readDir
}

// blocks reads a directory that lies in blocks.
func (p *dirParser) blocks(n *readNode) error {
	size := p.f.blockSize
	if n.size == 0 || n.size%size != 0 || n.size/size > p.f.blocks {
		return damagedf("size is %d", n.size)
	}
	w := n.walkBlocks()
	for want := int64(0); want < n.size/size; {
		r, ok, err := w.run(n.size / size)
		if err != nil {
			return err
		}
		if !ok || r.block != want || r.unwritten {
			return damagedf("has a hole in block %d", want)
		}
		for i := range r.n {
			if err := p.blockAt(n, r.place+i, r.block+i); err != nil {
				return fmt.Errorf("block %d: %w", r.block+i, err)
			}
		}
		want = r.end()
	}
	return nil
}

func (p *dirParser) blockAt(n *readNode, place, index int64) error {
	if err := p.f.claims.claim(place, dirPlace{n.number, index}); err != nil {
		return err
	}
	b, err := p.f.block(place)
	if err != nil {
		return err
	}
	if err := p.f.checkDirSum(n, b); err != nil {
		return err
	}
	return p.parse(b, index == 0)
}

// parse takes all entries of b, which in the first block begin with "." and "..".
func (p *dirParser) parse(b []byte, first bool) error {
	for off, i := 0, 0; off < len(b); i++ {
		e, n, err := p.entry(b[off:])
		if err != nil {
			return fmt.Errorf("byte %d: %w", off, err)
		}
		off += n
		if first && i < 2 {
			err = p.dots(e, i)
		} else if e.number != 0 {
			err = p.add(e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// dots takes "." or "..".
func (p *dirParser) dots(e dirEntry, i int) error {
	if e.name != ".."[:i+1] {
		return damagedf("%q is where %q should be", e.name, ".."[:i+1])
	}
	if i == 0 {
		if e.number != p.dir.number {
			return damagedf(`"." is inode %d`, e.number)
		}
		return nil
	}
	p.dir.parent = e.number
	return nil
}

// entry takes the entry that b begins with, and its length.
func (p *dirParser) entry(b []byte) (e dirEntry, n int, err error) {
	if len(b) < dirHeader {
		return e, 0, damagedf("%d bytes are left over", len(b))
	}
	e.number = binary.LittleEndian.Uint32(b)
	n = p.entryLength(b)
	nameLen := int(b[6])
	if p.f.super.incompat(incompatFiletype) {
		e.kind = b[7] & 0xf
		if b[7] == dirTail && e.number == 0 {
			e.kind = dirUnknown
		}
	}
	switch {
	case n < dirHeader || n%4 != 0 || n > len(b):
		return e, 0, damagedf("an entry of %d bytes, where %d are left", n, len(b))
	case e.number == 0:
		return dirEntry{}, n, nil
	case dirHeader+nameLen > n:
		return e, 0, damagedf("a name of %d bytes in an entry of %d", nameLen, n)
	}
	e.name = string(b[dirHeader:][:nameLen])
	return e, n, nil
}

// entryLength is that of the entry. In blocks of 64 KiB one that fills all is said to be of 0 or 65535 bytes.
func (p *dirParser) entryLength(b []byte) int {
	n := int(binary.LittleEndian.Uint16(b[4:]))
	if p.f.blockSize == 1<<16 && (n == 0 || n == 1<<16-1) {
		return 1 << 16
	}
	if p.f.blockSize == 1<<16 {
		return n&^3 | n&3<<16
	}
	return n
}

func (p *dirParser) add(e dirEntry) error {
	switch {
	case e.name == "" || e.name == "." || e.name == ".." || strings.ContainsAny(e.name, "/\x00"):
		return damagedf("%q is not a name", e.name)
	case e.number != rootInode && e.number < p.f.super.FirstIno || e.number > p.f.super.InodesCount:
		return damagedf("%q is inode %d, which is no file's", e.name, e.number)
	case e.number == rootInode || e.number == p.dir.number:
		return damagedf("%q is the root directory, or the one that it is in", e.name)
	case e.kind > dirSymlink:
		return damagedf("%q is of type %d", e.name, e.kind)
	case len(p.dir.entries) == maxDirEntries:
		return unsupportedf("has more than %d names", maxDirEntries)
	}
	p.dir.entries = append(p.dir.entries, e)
	return nil
}
