package filesystem

import (
	"bytes"
	"encoding/binary"
	"io"
	"io/fs"
	"strings"
	"time"
	"unicode/utf16"

	"amiforge/diskimg"
)

// An isoFile is a regular file, which may be in several pieces.
type isoFile struct {
	*iso
	place []diskimg.Extent
	odd   error // why it cannot be read
}

func (f *isoFile) list(func(*file) error) error { return fs.ErrInvalid }

func (f *isoFile) content(size int64) (io.ReaderAt, error) {
	if f.odd != nil {
		return nil, f.odd
	}
	return newPieces(f.r, f.place, size), nil
}

// file returns what e is the record of, nil if that is said elsewhere.
func (i *iso) file(e *isoEntry) (*file, error) {
	f := &file{name: i.nameOf(e), size: int64(e.Size), mode: 0o644, modTime: isoTime(e.Time)}
	if e.Flags&isoDirectory != 0 {
		f.mode = fs.ModeDir | 0o755
	}
	content := &isoFile{iso: i, place: []diskimg.Extent{e.place()}}
	if e.Unit != 0 || e.Gap != 0 {
		content.odd = unsupportedf("files between each other are not supported")
	}
	if i.rock {
		said, err := i.readRock(e.use)
		if err != nil || said.moved {
			return nil, err
		}
		if err := said.describe(f, content); err != nil {
			return nil, err
		}
		if said.child != 0 {
			dir, err := i.self(said.child)
			if err != nil {
				return nil, err
			}
			f.setDir(dir)
			return f, nil
		}
	}
	if e.Flags&isoAssociated != 0 {
		f.name += " (associated)"
	}
	f.entry = content
	if f.mode.IsDir() {
		f.setDir(&isoDir{i, e.place()})
	}
	return f, nil
}

// setDir makes f a directory.
func (f *file) setDir(dir *isoDir) {
	f.mode = f.mode&^fs.ModeType | fs.ModeDir
	f.size, f.entry, f.id = 0, dir, dir.place.Offset
}

// nameOf returns the name in the record, as Linux makes it of what ISO 9660 allows.
func (i *iso) nameOf(e *isoEntry) string {
	if i.joliet {
		var units []uint16
		for b := e.name; len(b) >= 2; b = b[2:] {
			units = append(units, binary.BigEndian.Uint16(b))
		}
		return strings.TrimSuffix(string(utf16.Decode(units)), ";1")
	}
	name := bytes.Clone(bytes.TrimSuffix(bytes.TrimSuffix(e.name, []byte(";1")), []byte(".")))
	for i, c := range name { // not strings.ToLower, which makes all bytes the same that are not UTF-8
		switch {
		case 'A' <= c && c <= 'Z':
			name[i] += 'a' - 'A'
		case c == ';':
			name[i] = '.'
		}
	}
	return string(name)
}

// isoTime is a time of 7 bytes, the last one quarters of an hour from Greenwich.
func isoTime(t [7]byte) time.Time {
	zone := time.FixedZone("", int(int8(t[6]))*15*60)
	return time.Date(1900+int(t[0]), time.Month(t[1]), int(t[2]), int(t[3]), int(t[4]), int(t[5]), 0, zone)
}
