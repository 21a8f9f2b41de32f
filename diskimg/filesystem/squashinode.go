package filesystem

import (
	"io"
	"io/fs"
	"time"
)

// The structures of inodes are little-endian [Linux, fs/squashfs/squashfs_fs.h]. Each kind is there twice, plain and
// extended; the latter counts links, and may have attributes.
type (
	squashHeader struct {
		Kind uint16
		Mode uint16
		_    [2]uint16 // user and group
		Time uint32
		_    uint32 // number
	}
	squashPlainDir struct {
		Block  uint32
		_      uint32
		Size   uint16 // 3 more than the directory has
		Offset uint16
		_      uint32
	}
	squashExtendedDir struct {
		_      uint32
		Size   uint32
		Block  uint32
		_      uint32
		_      uint16
		Offset uint16
		_      uint32
	}
	squashPlainFile struct {
		Start, Fragment, Offset, Size uint32
	}
	squashExtendedFile struct {
		Start, Size      uint64
		_                uint64
		_                uint32
		Fragment, Offset uint32
		_                uint32
	}
	squashLink struct {
		_    uint32
		Size uint32 // of the target, which follows
	}
)

// A squashInode is an inode of any kind.
type squashInode struct {
	ref      uint64
	mode     fs.FileMode
	modTime  time.Time
	size     int64
	start    int64  // of the content
	fragment uint32 // that the end of the content is in, or none
	offset   uint32 // in the fragment, or of a directory in its block
	link     string
	rest     *metaReader // what follows
}

const (
	noFragment     = ^uint32(0)
	squashExtended = 7 // kinds further
)

// inode reads the inode that a reference leads to.
func (s *squash) inode(ref uint64) (*squashInode, error) {
	m, err := s.read(s.InodeTable, ref)
	if err != nil {
		return nil, err
	}
	var h squashHeader
	if err := m.decode(&h); err != nil {
		return nil, err
	}
	kinds := []uint32{0o40000, 0o100000, 0o120000, 0o60000, 0o20000, 0o10000, 0o140000} // of Unix
	if h.Kind < 1 || h.Kind > 2*squashExtended {
		return nil, damagedf("an inode of kind %d", h.Kind)
	}
	n := &squashInode{
		ref: ref, modTime: time.Unix(int64(h.Time), 0), rest: m,
		mode: unixMode(kinds[(h.Kind-1)%squashExtended] | uint32(h.Mode&0o7777)),
	}
	switch {
	case n.mode.IsDir():
		err = n.readDir(h.Kind > squashExtended)
	case n.mode.IsRegular():
		err = n.readFile(h.Kind > squashExtended)
	case n.mode&fs.ModeSymlink != 0:
		err = n.readLink()
	}
	return n, err
}

func (n *squashInode) readDir(extended bool) error {
	if extended {
		var d squashExtendedDir
		err := n.rest.decode(&d)
		n.size, n.start, n.offset = int64(d.Size), int64(d.Block), uint32(d.Offset)
		return err
	}
	var d squashPlainDir
	err := n.rest.decode(&d)
	n.size, n.start, n.offset = int64(d.Size), int64(d.Block), uint32(d.Offset)
	return err
}

func (n *squashInode) readFile(extended bool) error {
	if extended {
		var f squashExtendedFile
		err := n.rest.decode(&f)
		n.size, n.start, n.fragment, n.offset = int64(f.Size), int64(f.Start), f.Fragment, f.Offset
		return err
	}
	var f squashPlainFile
	err := n.rest.decode(&f)
	n.size, n.start, n.fragment, n.offset = int64(f.Size), int64(f.Start), f.Fragment, f.Offset
	return err
}

func (n *squashInode) readLink() error {
	var l squashLink
	if err := n.rest.decode(&l); err != nil {
		return err
	}
	if l.Size == 0 || l.Size > maxTarget {
		return damagedf("a symbolic link of %d bytes", l.Size)
	}
	target := make([]byte, l.Size)
	if _, err := io.ReadFull(n.rest, target); err != nil {
		return err
	}
	n.link, n.size = string(target), int64(l.Size)
	return nil
}

// entry returns what lists or reads it.
func (n *squashInode) entry(s *squash) entry {
	if n.mode.IsDir() {
		return &squashDir{s, uint64(n.start)<<16 | uint64(n.offset), n.size}
	}
	return &squashFile{s, n.ref}
}
