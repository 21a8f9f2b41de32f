// Package audit checks the content of an image against the guidelines for images that are shared: that nobody else's
// keys, passwords and logs are in it, that no secret of its maker's is, and that it boots as what it says it is.
//
// A check is a Rule in a table, of one of two kinds, or of both: it looks at known places of the tree, or it sees every
// file, in one walk in which each file is opened and read once however many rules want its content. Run is offline, reads
// only, and needs no root. What cannot be read is an error, never a clean report, and a secret is never repeated: a
// Finding has the place and a short hash.
package audit

import (
	"io"
	"iter"
	"time"

	"amiforge/diskimg"
	"amiforge/diskimg/inspect"
	"amiforge/internal/rootfs"
)

// An Image is what is audited. Root must not be nil, all else may be unknown.
type Image struct {
	Root *rootfs.Root

	Disk *inspect.Report // nil for a directory
	Free []FreeSpace     // what deleted files may be in

	MaxRead int64 // bytes of files that are read at most; 0 is no limit

	Virtualization string // hvm, paravirtual, or "" if it is not known
	Architecture   string // x86_64, arm64, i386, or ""

	Meta *Metadata // nil if there is no registered image
}

// FreeSpace is the part of a file system that no file has.
type FreeSpace struct {
	Partition string // as findings are to name it: partition 1
	Reader    io.ReaderAt
	Extents   iter.Seq2[diskimg.Extent, error] // in any order; an error is the last
}

// Metadata is what the registry says of an image.
type Metadata struct {
	Name, Description string
	Tags              map[string]string
	EncryptedVolumes  []string // the devices of volumes that are encrypted: /dev/sdb
	ProductCodes      []string
}

// Options of Run.
type Options struct {
	Skip  []string // the IDs of rules not to run
	Allow []Allow  // findings that are known and counted only

	// Now is the time that support of operating systems is judged at; zero is the time of the machine.
	Now time.Time

	// Progress is told of what has been done, from one goroutine at a time. It may be nil.
	Progress func(Progress)
}

// Progress of a Run.
type Progress struct {
	Files int64 // that were seen
	Bytes int64 // that were read of them, and of free space
}
