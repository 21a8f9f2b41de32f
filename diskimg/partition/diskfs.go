package partition

import (
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/diskfs/go-diskfs/partition/gpt"
	"github.com/diskfs/go-diskfs/partition/mbr"
)

// This file is the only one that knows go-diskfs. It takes table entries apart. It allocates what a header tells
// it to, and does not end where entries are of 0 bytes: so it gets nothing but a copy in memory of sectors that
// were checked before, and a panic of it is an error.

// A snapshot is what go-diskfs sees of a disk: the pieces, which cannot be written. It is a backend.File.
type snapshot struct {
	size   int64 // of the disk
	pieces []piece
}

type piece struct {
	off int64
	b   []byte
}

func (s *snapshot) ReadAt(p []byte, off int64) (int, error) {
	for _, c := range s.pieces {
		if skip := off - c.off; skip >= 0 && skip+int64(len(p)) <= int64(len(c.b)) {
			return copy(p, c.b[skip:]), nil
		}
	}
	return 0, fmt.Errorf("%d bytes at %d: %w", len(p), off, fs.ErrNotExist)
}

func (s *snapshot) Seek(off int64, whence int) (int64, error) {
	if off != 0 || whence != io.SeekEnd {
		return 0, fs.ErrInvalid
	}
	return s.size, nil
}

func (s *snapshot) Read([]byte) (int, error)   { return 0, fs.ErrInvalid }
func (s *snapshot) Stat() (fs.FileInfo, error) { return nil, fs.ErrInvalid }
func (s *snapshot) Close() error               { return nil }

// An entry is what a table says of a partition, in sectors; nothing in it is checked.
type entry struct {
	index      int
	first      uint64
	sectors    uint64
	kind       string // the type
	name, uuid string
	bootable   bool
	attributes Attributes
}

// parseMBR returns the disk's UUID and the four entries of its first sector.
func parseMBR(sector []byte) (uuid string, list []entry, err error) {
	defer recovered(&err)
	t, err := mbr.Read(&snapshot{sectorSize, []piece{{0, sector}}}, sectorSize, sectorSize)
	if err != nil {
		return "", nil, err
	}
	for _, p := range t.Partitions {
		list = append(list, entry{
			index: p.Index, first: uint64(p.Start), sectors: uint64(p.Size),
			kind: mbrType(byte(p.Type)), uuid: p.UUID(), bootable: p.Bootable,
		})
	}
	return t.UUID(), list, nil
}

// parseGPT returns the disk's UUID and the used entries of the GPT in s, which counts in sectors of size bytes.
func parseGPT(s *snapshot, size int64) (uuid string, list []entry, err error) {
	defer recovered(&err)
	t, err := gpt.Read(s, int(size), int(size))
	if err != nil {
		return "", nil, err
	}
	for _, p := range t.Partitions {
		list = append(list, entry{
			index: p.Index, first: p.Start, sectors: p.End - p.Start + 1,
			kind: strings.ToLower(string(p.Type)), name: p.Name, uuid: strings.ToLower(p.GUID),
			bootable:   Attributes(p.Attributes)&legacyBootable != 0,
			attributes: Attributes(p.Attributes),
		})
	}
	return strings.ToLower(t.GUID), list, nil
}

func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("partition table: %v", p)
	}
}
