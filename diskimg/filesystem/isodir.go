package filesystem

import (
	"io"
	"io/fs"

	"amiforge/diskimg"
)

// An isoRecord is what a directory has of a file, little-endian. Behind it are its name and what others make of the rest
// [ECMA-119, 10.1].
type isoRecord struct {
	Length     uint8
	Attributes uint8 // blocks of them, before the content
	Block      uint32
	_          uint32 // Block, big-endian
	Size       uint32
	_          uint32 // Size, big-endian
	Time       [7]byte
	Flags      uint8
	Unit, Gap  uint8 // not 0: what is of others lies between
	_          [4]byte
	NameLength uint8
}

const (
	isoDirectory  = 0x02
	isoAssociated = 0x04 // the other half of a file of a Macintosh
	isoMore       = 0x80 // the next record is of the same file

	isoRecordSize = 33
	maxISODir     = 64 << 20 // bytes
)

// An isoEntry is a record with what is behind it.
type isoEntry struct {
	isoRecord
	name, use []byte
}

// readRecord reads the record at the start of a sector, or of what is left of it.
func readRecord(sector []byte) (e isoEntry, err error) {
	const nameAt = isoRecordSize
	if len(sector) <= nameAt || int(sector[0]) > len(sector) || nameAt+max(int(sector[nameAt-1]), 1) > int(sector[0]) {
		return e, damagedf("a directory record of %d bytes in %d", sector[0], len(sector))
	}
	decode(sector, &e.isoRecord)
	end := nameAt + int(e.NameLength)
	e.name, e.use = sector[nameAt:end], sector[end:e.Length]
	if e.NameLength%2 == 0 && len(e.use) > 0 {
		e.use = e.use[1:]
	}
	return e, nil
}

// isDots tells the directory itself, and the one that it is in.
func (e *isoEntry) isDots() bool { return len(e.name) == 1 && e.name[0] <= 1 }

func (e *isoEntry) place() diskimg.Extent {
	return diskimg.Extent{Offset: (int64(e.Block) + int64(e.Attributes)) * isoSector, Length: int64(e.Size)}
}

// An isoDir is a directory.
type isoDir struct {
	*iso
	place diskimg.Extent
}

func (d *isoDir) content(int64) (io.ReaderAt, error) { return nil, fs.ErrInvalid }

func (d *isoDir) list(add func(*file) error) error {
	all, err := d.read()
	if err != nil {
		return err
	}
	var open *file // that the next record is of, too
	for ; len(all) > 0; all = all[min(isoSector, len(all)):] {
		for sector := all[:min(isoSector, len(all))]; len(sector) > 0 && sector[0] != 0; sector = sector[sector[0]:] {
			e, err := readRecord(sector)
			if err != nil {
				return err
			}
			if e.isDots() {
				continue
			}
			if open, err = d.record(&e, open, add); err != nil {
				return err
			}
		}
	}
	if open != nil {
		return damagedf("%s: more of it is missing", open.name)
	}
	return nil
}

func (d *isoDir) read() ([]byte, error) {
	if d.place.Length > maxISODir {
		return nil, unsupportedf("a directory of %d bytes", d.place.Length)
	}
	if d.place.End() > d.size {
		return nil, damagedf("a directory of %d bytes at byte %d of %d", d.place.Length, d.place.Offset, d.size)
	}
	return d.dirs.whole(d.place)
}

// first returns the first record, which is of the directory itself.
func (d *isoDir) first() (isoEntry, error) {
	b, err := d.dirs.whole(diskimg.Extent{Offset: d.place.Offset, Length: isoSector})
	if err != nil {
		return isoEntry{}, err
	}
	return readRecord(b)
}

// record adds the file of e, unless e is more of open. It returns the file that the next record is of, too.
func (d *isoDir) record(e *isoEntry, open *file, add func(*file) error) (*file, error) {
	f, err := d.file(e)
	if err != nil || f == nil {
		return nil, err
	}
	switch {
	case open == nil:
		if err := add(f); err != nil {
			return nil, err
		}
	case f.name != open.name || !f.mode.IsRegular():
		return nil, damagedf("%s: more of it is missing", open.name)
	default:
		of := open.entry.(*isoFile)
		of.place = append(of.place, e.place())
		open.size += int64(e.Size)
		f = open
	}
	if e.Flags&isoMore == 0 || !f.mode.IsRegular() {
		return nil, nil
	}
	return f, nil
}

// self returns the directory that begins at a block, which its first record tells the size of.
func (i *iso) self(block uint32) (*isoDir, error) {
	dir := &isoDir{i, diskimg.Extent{Offset: int64(block) * isoSector}}
	e, err := dir.first()
	if err != nil {
		return nil, err
	}
	dir.place.Length = int64(e.Size)
	return dir, nil
}
