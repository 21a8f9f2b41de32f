package ext4

import (
	"encoding/binary"
	"io/fs"
	"time"
)

// A draft is an inode that is to be written.
type draft struct {
	ino      uint32
	uid, gid uint32
	links    uint32
	mode     uint16
	flags    uint32
	size     int64
	blocks   int64 // that it has, for content, tree and attributes
	mtime    stamp
	atime    stamp
	ctime    stamp
	crtime   stamp
	body     [60]byte   // i_block
	runs     []run      // where its content and its tree are
	attrs    string     // in the inode
	shared   *attrBlock // the others
	dir      *draftDir
}

// A draftDir is what a draft has that is one.
type draftDir struct {
	parent  *draft
	entries map[string]*draft
}

func (n *draft) is(kind uint16) bool { return n.mode&typeMask == kind }

// A stamp is a time as inodes have it: seconds, and nanoseconds with the two upper bits of 34.
type stamp struct{ sec, extra uint32 }

// The seconds that fit: from 1901 to 2446.
const (
	minSeconds = -1 << 31
	maxSeconds = 1<<34 - 1<<31 - 1
)

// newStamp returns the stamp of t, or the nearest that can be written.
func newStamp(t time.Time) stamp {
	sec, nsec := t.Unix(), uint32(t.Nanosecond())
	switch {
	case sec < minSeconds:
		sec, nsec = minSeconds, 0
	case sec > maxSeconds:
		sec, nsec = maxSeconds, 999_999_999
	}
	epoch := uint32((sec - int64(int32(sec))) >> 32)
	return stamp{uint32(sec), nsec<<2 | epoch&3}
}

func (s stamp) high() uint8 { return uint8((int64(int32(s.sec)) + int64(s.extra&3)<<32) >> 32) }

// modeOf returns m as inodes have it, 0 if it is of no type that they know.
func modeOf(m fs.FileMode) uint16 {
	mode := uint16(m.Perm())
	for bit, v := range map[fs.FileMode]uint16{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if m&bit != 0 {
			mode |= v
		}
	}
	kind := kindOf(m.Type())
	if kind == 0 {
		return 0
	}
	return mode | kind
}

func kindOf(t fs.FileMode) uint16 {
	switch t {
	case 0:
		return typeRegular
	case fs.ModeDir:
		return typeDir
	case fs.ModeSymlink:
		return typeSymlink
	case fs.ModeDevice:
		return typeBlock
	case fs.ModeDevice | fs.ModeCharDevice:
		return typeChar
	case fs.ModeNamedPipe:
		return typeFIFO
	case fs.ModeSocket:
		return typeSocket
	}
	return 0
}

// inodeSeed is what the checksums of an inode and of its blocks begin with. The generation is 0.
func (w *Writer) inodeSeed(ino uint32) uint32 {
	var b [8]byte
	binary.LittleEndian.PutUint32(b[:], ino)
	return crc32c(w.seed, b[:])
}

// appendInode appends n as it is on the disk.
func (w *Writer) appendInode(p []byte, n *draft) []byte {
	at := len(p)
	sectors := uint64(n.blocks) * (blockSize / 512)
	acl := n.shared.place()
	p, err := binary.Append(p, binary.LittleEndian, &inode{
		Mode: n.mode, LinksCount: uint16(n.links), Flags: n.flags, Block: n.body,
		UIDLo: uint16(n.uid), UIDHi: uint16(n.uid >> 16), GIDLo: uint16(n.gid), GIDHi: uint16(n.gid >> 16),
		SizeLo: uint32(n.size), SizeHi: uint32(n.size >> 32),
		BlocksLo: uint32(sectors), BlocksHi: uint16(sectors >> 32),
		FileACLLo: uint32(acl), FileACLHi: uint16(acl >> 32),
		Atime: n.atime.sec, Ctime: n.ctime.sec, Mtime: n.mtime.sec, Crtime: n.crtime.sec,
		AtimeExtra: n.atime.extra, CtimeExtra: n.ctime.extra, MtimeExtra: n.mtime.extra, CrtimeExtr: n.crtime.extra,
		ExtraIsize: inodeMinimum - inodeOldSize,
	})
	if err != nil {
		panic(err) // the struct has fixed sizes
	}
	p = append(p, n.attrs...)
	p = append(p, make([]byte, at+writtenInode-len(p))...)
	sum := crc32c(w.inodeSeed(n.ino), p[at:])
	binary.LittleEndian.PutUint16(p[at+124:], uint16(sum))
	binary.LittleEndian.PutUint16(p[at+130:], uint16(sum>>16))
	return p
}
