package filesystem

import (
	"io"
	"io/fs"
)

// A squashDir is a directory. It is a list of groups, of at most 256 entries each, whose inodes are in one block.
type squashDir struct {
	s    *squash
	ref  uint64 // into the table of directories
	size int64
}

type squashGroup struct {
	Count uint32 // of entries, less one
	Block uint32 // of the table of inodes
	_     uint32
}

type squashEntry struct {
	Offset uint16 // in the block
	_      uint16
	Kind   uint16
	Name   uint16 // bytes of it, less one; it follows
}

const (
	maxSquashGroup = 256
	maxSquashName  = 256 // bytes
)

func (d *squashDir) content(int64) (io.ReaderAt, error) { return nil, fs.ErrInvalid }

func (d *squashDir) list(add func(*file) error) error {
	left := d.size - 3
	if left <= 0 {
		return nil
	}
	m, err := d.s.read(d.s.DirectoryTable, d.ref)
	if err != nil {
		return err
	}
	for left > 0 {
		var g squashGroup
		if err := m.decode(&g); err != nil {
			return err
		}
		if g.Count >= maxSquashGroup {
			return damagedf("%d entries of a directory in one group", uint64(g.Count)+1)
		}
		left -= 12
		for range g.Count + 1 {
			f, n, err := d.entry(m, g.Block)
			if left -= n; err == nil && left < 0 {
				err = damagedf("a directory of %d bytes is longer", d.size)
			}
			if err == nil {
				err = add(f)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// entry reads the next entry, which is of n bytes.
func (d *squashDir) entry(m *metaReader, block uint32) (f *file, n int64, err error) {
	var e squashEntry
	if err := m.decode(&e); err != nil {
		return nil, 0, err
	}
	if e.Name >= maxSquashName {
		return nil, 0, damagedf("a name of %d bytes", int(e.Name)+1)
	}
	name := make([]byte, int(e.Name)+1)
	if _, err := io.ReadFull(m, name); err != nil {
		return nil, 0, err
	}
	node, err := d.s.inode(uint64(block)<<16 | uint64(e.Offset))
	if err != nil {
		return nil, 0, err
	}
	f = &file{
		name: string(name), size: node.size, mode: node.mode, modTime: node.modTime, link: node.link,
		id: int64(node.ref) + 1, entry: node.entry(d.s),
	}
	return f, 8 + int64(len(name)), nil
}
