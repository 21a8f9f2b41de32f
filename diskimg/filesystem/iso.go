package filesystem

import (
	"io"
	"slices"
)

// An isoDescriptor is a volume descriptor of ISO 9660: the primary one at byte 32768, others behind it
// [ECMA-119, 9.4]. Numbers are there twice, little-endian first.
type isoDescriptor struct {
	Type      uint8
	Magic     [5]byte // CD001
	_         [82]byte
	Escape    [32]byte // of a supplementary one: what its names are written in
	_         [8]byte
	BlockSize uint16
	_         [26]byte
	Root      isoRecord
}

const (
	isoPrimary       = 1
	isoSupplementary = 2
	isoEnd           = 255

	isoFirst       = 16
	isoSector      = 2 << 10 // bytes
	isoDescriptors = 64      // that are looked at
)

// An iso is an ISO 9660 file system: with the names of Rock Ridge if it has them, or else of Joliet, as in Linux.
type iso struct {
	r      io.ReaderAt
	dirs   dirReader
	size   int64
	joliet bool // the names are those of Joliet
	rock   bool // Rock Ridge
	skip   int  // bytes before the fields of Rock Ridge
}

// openISO returns the root directory.
func openISO(r io.ReaderAt, size int64) (entry, error) {
	i := &iso{r: r, dirs: dirReader{r: r}, size: size}
	primary, joliet, err := i.descriptors()
	if err != nil {
		return nil, err
	}
	root := i.dir(primary)
	if err := i.findRock(root); err != nil {
		return nil, err
	}
	if joliet == nil || i.rock {
		return root, nil
	}
	i.joliet = true
	return i.dir(joliet), nil
}

func (i *iso) dir(d *isoDescriptor) *isoDir {
	e := isoEntry{isoRecord: d.Root}
	return &isoDir{i, e.place()}
}

// descriptors returns the primary descriptor, and that of Joliet if there is one.
func (i *iso) descriptors() (primary, joliet *isoDescriptor, err error) {
	for n := range int64(isoDescriptors) {
		var d isoDescriptor
		if err := readStruct(i.r, (isoFirst+n)*isoSector, &d); err != nil {
			return nil, nil, err
		}
		switch {
		case string(d.Magic[:]) != "CD001":
			return nil, nil, damagedf("volume descriptor %d is none", n)
		case d.Type == isoEnd && primary == nil:
			return nil, nil, damagedf("there is no primary volume descriptor")
		case d.Type == isoEnd:
			return primary, joliet, nil
		case d.Type == isoPrimary && primary == nil:
			primary = &d
		case d.Type == isoSupplementary && joliet == nil && d.isJoliet():
			joliet = &d
		default:
			continue
		}
		if d.BlockSize != isoSector {
			return nil, nil, unsupportedf("blocks of %d bytes are not supported", d.BlockSize)
		}
	}
	return nil, nil, damagedf("more than %d volume descriptors", isoDescriptors)
}

func (d *isoDescriptor) isJoliet() bool {
	return slices.Contains([]string{"%/@", "%/C", "%/E"}, string(d.Escape[:3]))
}
