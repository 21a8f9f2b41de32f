package ext4

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"time"
)

// An Inode is what fs.FileInfo.Sys returns for a file, as a pointer.
type Inode struct {
	Number       uint32
	Links        uint32
	UID, GID     uint32
	Major, Minor uint32 // of a device
	Generation   uint32
	Project      uint32
	Flags        uint32 // as chattr sets them, and the file system's own

	// Times, to the nanosecond where inodes are large enough. Those that it does not have are zero.
	AccessTime, ModTime, ChangeTime, BirthTime, DeletionTime time.Time
}

// A node is an inode that was read.
type node struct {
	inode
	number uint32
	size   int64
	raw    []byte // all of it
	seed   uint32 // of the checksums of its blocks
	where  *FS
}

// node reads inode n.
func (f *FS) node(n uint32) (*node, error) {
	b, err := f.inodeBytes(n)
	if err != nil {
		return nil, err
	}
	ino := &node{number: n, raw: b, where: f}
	if err := ino.decode(); err != nil {
		return nil, fmt.Errorf("inode %d: %w", n, err)
	}
	return ino, nil
}

// inodeBytes returns inode n as it is on the disk.
func (f *FS) inodeBytes(n uint32) ([]byte, error) {
	if n == 0 || n > f.super.InodesCount {
		return nil, damagedf("inode %d of %d", n, f.super.InodesCount)
	}
	index := int64(n-1) % f.inodesPerGroup
	off := f.places[int64(n-1)/f.inodesPerGroup].inodeTable*f.blockSize + index*f.inodeSize
	b, err := f.piece(off, f.inodeSize)
	if err != nil {
		return nil, fmt.Errorf("inode %d: %w", n, err)
	}
	return b, nil
}

func (n *node) decode() error {
	full := make([]byte, inodeMinimum)
	copy(full, n.raw)
	decode(full, &n.inode)
	if len(n.raw) == inodeOldSize {
		n.ExtraIsize = 0
	}
	if extra := int(n.ExtraIsize); extra > len(n.raw)-inodeOldSize || extra%4 != 0 {
		return damagedf("%d extra bytes in %d", extra, len(n.raw))
	}
	if used := inodeOldSize + int(n.ExtraIsize); used < inodeMinimum {
		clear(full[used:])
		decode(full, &n.inode)
	}
	if err := n.checkSum(); err != nil {
		return err
	}
	return n.measure()
}

// checkSum compares the checksum of the inode, which is over its number, its generation and itself.
func (n *node) checkSum() error {
	const lo, hi = 0x7c, 0x82
	n.seed = summed(n.where.seed, n.number, n.Generation)
	if !n.where.sums {
		return nil
	}
	zero := []byte{0, 0}
	sum := crc32c(crc32c(n.seed, n.raw[:lo]), zero)
	got, mask := uint32(n.ChecksumLo), uint32(0xffff)
	if n.ExtraIsize >= hi+2-inodeOldSize {
		sum = crc32c(crc32c(sum, n.raw[lo+2:hi]), zero)
		sum = crc32c(sum, n.raw[hi+2:])
		got, mask = got|uint32(n.ChecksumHi)<<16, ^uint32(0)
	} else {
		sum = crc32c(sum, n.raw[lo+2:])
	}
	return n.where.checkSum(got, sum&mask, "metadata")
}

// measure takes the size, which must be one that a file can have.
func (n *node) measure() error {
	n.size = int64(n.SizeLo)
	if kind := n.Mode & typeMask; kind == typeRegular || kind == typeDir {
		n.size |= int64(n.SizeHi) << 32
	}
	if n.size < 0 || n.size > int64(1)<<32*n.where.blockSize {
		return damagedf("size is %d", uint64(n.size))
	}
	return nil
}

func (n *node) has(flag uint32) bool { return n.Flags&flag != 0 }
func (n *node) kind() uint16         { return n.Mode & typeMask }

// mode is the type and the permissions, as Go has them.
func (n *node) mode() fs.FileMode {
	mode := fs.FileMode(n.Mode&0o777) | kindMode(n.kind())
	if n.Mode&0o4000 != 0 {
		mode |= fs.ModeSetuid
	}
	if n.Mode&0o2000 != 0 {
		mode |= fs.ModeSetgid
	}
	if n.Mode&0o1000 != 0 {
		mode |= fs.ModeSticky
	}
	return mode
}

func kindMode(kind uint16) fs.FileMode {
	switch kind {
	case typeRegular:
		return 0
	case typeDir:
		return fs.ModeDir
	case typeSymlink:
		return fs.ModeSymlink
	case typeBlock:
		return fs.ModeDevice
	case typeChar:
		return fs.ModeDevice | fs.ModeCharDevice
	case typeFIFO:
		return fs.ModeNamedPipe
	case typeSocket:
		return fs.ModeSocket
	}
	return fs.ModeIrregular
}

// moment is the time of seconds and the extra field, if there is one.
func moment(seconds, extra uint32) time.Time {
	return time.Unix(int64(int32(seconds))+int64(extra&3)<<32, int64(extra>>2)).UTC()
}

func (n *node) modTime() time.Time { return moment(n.Mtime, n.MtimeExtra) }

func (n *node) sys() *Inode {
	i := &Inode{
		Number: n.number, Links: uint32(n.LinksCount), Generation: n.Generation, Project: n.ProjectID, Flags: n.Flags,
		UID: uint32(n.UIDLo) | uint32(n.UIDHi)<<16, GID: uint32(n.GIDLo) | uint32(n.GIDHi)<<16,
		AccessTime: moment(n.Atime, n.AtimeExtra), ModTime: n.modTime(), ChangeTime: moment(n.Ctime, n.CtimeExtra),
	}
	if n.Crtime != 0 || n.CrtimeExtr != 0 {
		i.BirthTime = moment(n.Crtime, n.CrtimeExtr)
	}
	if n.Dtime != 0 {
		i.DeletionTime = moment(n.Dtime, 0)
	}
	if n.mode()&fs.ModeDevice != 0 {
		i.Major, i.Minor = n.device()
	}
	return i
}

// device takes a device's numbers apart: 8 bits each, or in the second word 12 and 20.
func (n *node) device() (major, minor uint32) {
	if old := binary.LittleEndian.Uint32(n.Block[:]); old != 0 {
		return old >> 8 & 0xff, old & 0xff
	}
	dev := binary.LittleEndian.Uint32(n.Block[4:])
	return dev >> 8 & 0xfff, dev&0xff | dev>>12&0xfff00
}
