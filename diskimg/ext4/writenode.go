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
	if m&fs.ModeSetuid != 0 {
		mode |= 0o4000
	}
	if m&fs.ModeSetgid != 0 {
		mode |= 0o2000
	}
	if m&fs.ModeSticky != 0 {
		mode |= 0o1000
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
	var zeros [writtenInode]byte
	sectors := uint64(n.blocks) * (blockSize / 512)
	acl := n.shared.place()
	p = appendNode(p, &inode{
		Mode: n.mode, LinksCount: uint16(n.links), Flags: n.flags, Block: n.body,
		UIDLo: uint16(n.uid), UIDHi: uint16(n.uid >> 16), GIDLo: uint16(n.gid), GIDHi: uint16(n.gid >> 16),
		SizeLo: uint32(n.size), SizeHi: uint32(n.size >> 32),
		BlocksLo: uint32(sectors), BlocksHi: uint16(sectors >> 32),
		FileACLLo: uint32(acl), FileACLHi: uint16(acl >> 32),
		Atime: n.atime.sec, Ctime: n.ctime.sec, Mtime: n.mtime.sec, Crtime: n.crtime.sec,
		AtimeExtra: n.atime.extra, CtimeExtra: n.ctime.extra, MtimeExtra: n.mtime.extra, CrtimeExtr: n.crtime.extra,
		ExtraIsize: inodeMinimum - inodeOldSize,
	})
	p = append(p, n.attrs...)
	p = append(p, zeros[:at+writtenInode-len(p)]...)
	sum := crc32c(w.inodeSeed(n.ino), p[at:])
	binary.LittleEndian.PutUint16(p[at+124:], uint16(sum))
	binary.LittleEndian.PutUint16(p[at+130:], uint16(sum>>16))
	return p
}

// appendNode appends n as encoding/binary does, which takes ten times as long: there are many.
func appendNode(p []byte, n *inode) []byte {
	le := binary.LittleEndian
	p = le.AppendUint16(p, n.Mode)
	p = le.AppendUint16(p, n.UIDLo)
	p = le.AppendUint32(p, n.SizeLo)
	p = le.AppendUint32(p, n.Atime)
	p = le.AppendUint32(p, n.Ctime)
	p = le.AppendUint32(p, n.Mtime)
	p = le.AppendUint32(p, n.Dtime)
	p = le.AppendUint16(p, n.GIDLo)
	p = le.AppendUint16(p, n.LinksCount)
	p = le.AppendUint32(p, n.BlocksLo)
	p = le.AppendUint32(p, n.Flags)
	p = le.AppendUint32(p, n.Version)
	p = append(p, n.Block[:]...)
	p = le.AppendUint32(p, n.Generation)
	p = le.AppendUint32(p, n.FileACLLo)
	p = le.AppendUint32(p, n.SizeHi)
	p = le.AppendUint32(p, n.ObsoFaddr)
	p = le.AppendUint16(p, n.BlocksHi)
	p = le.AppendUint16(p, n.FileACLHi)
	p = le.AppendUint16(p, n.UIDHi)
	p = le.AppendUint16(p, n.GIDHi)
	p = le.AppendUint16(p, n.ChecksumLo)
	p = le.AppendUint16(p, 0)
	p = le.AppendUint16(p, n.ExtraIsize)
	p = le.AppendUint16(p, n.ChecksumHi)
	p = le.AppendUint32(p, n.CtimeExtra)
	p = le.AppendUint32(p, n.MtimeExtra)
	p = le.AppendUint32(p, n.AtimeExtra)
	p = le.AppendUint32(p, n.Crtime)
	p = le.AppendUint32(p, n.CrtimeExtr)
	p = le.AppendUint32(p, n.VersionHi)
	p = le.AppendUint32(p, n.ProjectID)
	return p
}
