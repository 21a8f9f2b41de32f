package inspect

import (
	"encoding/binary"
	"strconv"
)

// A luksHeader is what LUKS 1 and 2 have in common, big-endian [LUKS2 On-Disk Format Specification, 2.1].
type luksHeader struct {
	Magic   [6]byte // LUKS BA BE
	Version uint16
	_       [16]byte
	Label   [48]byte // LUKS 2
	_       [96]byte
	UUID    [40]byte
	_       [48]byte
	Offset  uint64 // of itself; LUKS 2
}

func findLUKS(a *area) *FileSystem {
	var h luksHeader
	if !a.has(0, "LUKS\xba\xbe") || !a.decode(0, binary.BigEndian, &h) {
		return nil
	}
	fs := &FileSystem{Type: "crypto_LUKS", Version: strconv.Itoa(int(h.Version)), UUID: label(h.UUID[:])}
	switch h.Version {
	case 1:
		return fs
	case 2:
		fs.Label = label(h.Label[:])
		if h.Offset == 0 {
			return fs
		}
	}
	return nil
}
