package export

import (
	"fmt"
	"io"

	"amiforge/diskimg"
	"amiforge/diskimg/inspect"
)

// isFileSystem tells whether the disk of size bytes that r reads is a file system of a kind that is known. One with a
// partition table is refused.
func isFileSystem(r io.ReaderAt, size int64) (bool, error) {
	report, err := inspect.Disk(r, size)
	if err != nil {
		return false, err
	}
	if report.Table != nil {
		return false, fmt.Errorf("the image has a partition table already (%s): leave out --partition", report.Table.Kind)
	}
	return report.FileSystem != nil, nil
}

// A bareSource is the content of a disk that must not have a partition table of its own.
type bareSource struct {
	Source
	size    int64
	unknown func()
	begun   bool
	head    []byte // of the first extent, not read yet
}

// headSize is how much of a disk is looked at: its MBR, the primary GPT and the superblocks of file systems. That of
// btrfs is the last, at 64 KiB.
const headSize = 128 << 10

func (s *bareSource) Next() (diskimg.Extent, error) {
	e, err := s.Source.Next()
	if s.begun || err != nil {
		s.head = nil
		return e, err
	}
	s.begun = true
	if e.Offset < headSize {
		s.head = make([]byte, min(e.Length, headSize-e.Offset))
		if _, err := io.ReadFull(s.Source, s.head); err != nil {
			return e, err
		}
	}
	known, err := isFileSystem(window{e.Offset, s.head}, s.size)
	if err == nil && !known {
		s.unknown()
	}
	return e, err
}

func (s *bareSource) Read(p []byte) (int, error) {
	if len(s.head) == 0 {
		return s.Source.Read(p)
	}
	n := copy(p, s.head)
	s.head = s.head[n:]
	return n, nil
}

// A window is a piece of a disk whose rest reads as zeros.
type window struct {
	offset int64
	data   []byte
}

func (w window) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	switch at := off - w.offset; {
	case at >= 0 && at < int64(len(w.data)):
		copy(p, w.data[at:])
	case at < 0 && -at < int64(len(p)):
		copy(p[-at:], w.data)
	}
	return len(p), nil
}
