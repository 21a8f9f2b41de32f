package filesystem

import (
	"io"
	"sync/atomic"

	"amiforge/diskimg"
)

// maxDirs is how long all directories of FAT or ISO 9660 may be together, in bytes, with what is said elsewhere of their
// files. Many names may lead to one large directory.
const maxDirs = 512 << 20

// A dirReader reads directories, each of them as a whole. It may be used concurrently.
type dirReader struct {
	r    io.ReaderAt
	read atomic.Int64 // bytes
}

// whole reads what lies at place.
func (d *dirReader) whole(place ...diskimg.Extent) ([]byte, error) {
	var size int64
	for _, e := range place {
		size += e.Length
	}
	if d.read.Add(size) > maxDirs {
		return nil, unsupportedf("the directories are of more than %d bytes", maxDirs)
	}
	all := make([]byte, size)
	return all, readFull(newPieces(d.r, place, size), all, 0)
}
