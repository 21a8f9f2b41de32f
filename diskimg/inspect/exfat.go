package inspect

import (
	"encoding/binary"
	"fmt"
)

// An exfatSector is the first sector of exFAT, little-endian [Microsoft, exFAT file system specification, 3.1].
type exfatSector struct {
	Jump              [3]byte // EB 76 90
	Name              [8]byte // EXFAT
	Zero              [53]byte
	_                 uint64
	Sectors           uint64
	TableOffset       uint32 // sectors
	_                 uint32
	HeapOffset        uint32 // sectors; of cluster 2
	Clusters          uint32
	RootCluster       uint32
	Serial            uint32
	Minor, Major      uint8
	_                 uint16
	SectorShift       uint8
	SectorsPerCluster uint8 // shift
	_                 [400]byte
	Signature         [2]byte
}

func findExFAT(a *area) *FileSystem {
	var s exfatSector
	if !a.decode(0, binary.LittleEndian, &s) || string(s.Name[:]) != "EXFAT   " || !s.sane() || !s.sumOK(a) {
		return nil
	}
	return &FileSystem{
		Type: "exfat", Version: fmt.Sprintf("%d.%d", s.Major, s.Minor), Label: s.label(a), UUID: serial(s.Serial),
		Size: product(s.Sectors, 1<<s.SectorShift), BlockSize: 1 << (s.SectorShift + s.SectorsPerCluster),
	}
}

func (s *exfatSector) sane() bool {
	return s.Jump == [3]byte{0xeb, 0x76, 0x90} && s.Zero == [53]byte{} && s.Signature == [2]byte{0x55, 0xaa} &&
		s.SectorShift >= 9 && s.SectorShift <= 12 && s.SectorsPerCluster <= 25-s.SectorShift
}

// sumOK checks the sum of the first eleven sectors, which fills the twelfth [3.4].
func (s *exfatSector) sumOK(a *area) bool {
	size := int64(1) << s.SectorShift
	b := a.bytes(0, 12*size)
	if b == nil {
		return false
	}
	var sum uint32
	for i, c := range b[:11*size] {
		if i != 106 && i != 107 && i != 112 { // flags and use change without the sum
			sum = sum<<31 | sum>>1
			sum += uint32(c)
		}
	}
	for sums := b[11*size:]; len(sums) > 0; sums = sums[4:] {
		if binary.LittleEndian.Uint32(sums) != sum {
			return false
		}
	}
	return true
}

// label looks for the label in the root directory, a chain of clusters of which a few are looked at.
func (s *exfatSector) label(a *area) string {
	size := int64(1) << (s.SectorShift + s.SectorsPerCluster)
	cluster := s.RootCluster
	for range maxLabelClusters {
		if cluster < 2 || uint64(cluster) >= uint64(s.Clusters)+2 {
			return ""
		}
		off := int64(s.HeapOffset)<<s.SectorShift + int64(cluster-2)*size
		name, ended := exfatLabel(a.bytes(off, min(size, maxRead)))
		if ended {
			return name
		}
		next := a.bytes(int64(s.TableOffset)<<s.SectorShift+4*int64(cluster), 4)
		if next == nil {
			return ""
		}
		cluster = binary.LittleEndian.Uint32(next)
	}
	return ""
}

// exfatLabel looks for the label in a piece of a directory, and tells whether to look no farther [7.3].
func exfatLabel(dir []byte) (name string, ended bool) {
	const isLabel, nameLength = 0x83, 22
	for ; len(dir) >= fatEntrySize; dir = dir[fatEntrySize:] {
		switch dir[0] {
		case 0:
			return "", true
		case isLabel:
			n := min(2*int(dir[1]), nameLength)
			return label16(dir[2:][:n], binary.LittleEndian), true
		}
	}
	return "", false
}
