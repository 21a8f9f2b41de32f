package inspect

import (
	"encoding/binary"
	"fmt"
)

// An ntfsSector is the first sector of NTFS, little-endian.
type ntfsSector struct {
	_                 [3]byte
	Name              [8]byte // NTFS
	SectorSize        uint16
	SectorsPerCluster uint8 // from 0xe1 on: 2 to the power of its negative
	Zero1             [7]byte
	_                 uint8
	Zero2             [2]byte
	_                 [2]uint16
	_                 uint32
	Zero3             [4]byte
	_                 uint32
	Sectors           uint64
	MFT               uint64 // cluster
	MFTMirror         uint64
	RecordClusters    int8 // clusters of a record; if negative, it has 2 to the power of its negative bytes
	_                 [7]uint8
	Serial            uint64
}

func findNTFS(a *area) *FileSystem {
	var s ntfsSector
	if !a.decode(0, binary.LittleEndian, &s) || string(s.Name[:]) != "NTFS    " {
		return nil
	}
	cluster, record := s.clusterSize(), s.recordSize()
	sane := isPower(uint64(s.SectorSize), 256, 4096) && isPower(uint64(cluster), 256, 2<<20) && isPower(uint64(record), 256, 64<<10) &&
		s.Zero1 == [7]byte{} && s.Zero2 == [2]byte{} && s.Zero3 == [4]byte{}
	if !sane {
		return nil
	}
	clusters := s.Sectors / uint64(cluster/int64(s.SectorSize))
	mft := product(s.MFT, uint64(cluster))
	if s.MFT > clusters || s.MFTMirror > clusters || !a.has(mft, "FILE") {
		return nil
	}
	return &FileSystem{
		Type: "ntfs", Label: ntfsLabel(a.bytes(mft+3*record, record)), UUID: fmt.Sprintf("%016X", s.Serial),
		Size: product(s.Sectors, uint64(s.SectorSize)), BlockSize: cluster,
	}
}

func (s *ntfsSector) clusterSize() int64 {
	if s.SectorsPerCluster >= 0xe1 {
		return int64(s.SectorSize) << -int8(s.SectorsPerCluster)
	}
	return int64(s.SectorSize) * int64(s.SectorsPerCluster)
}

func (s *ntfsSector) recordSize() int64 {
	if s.RecordClusters < 0 {
		return 1 << min(-int(s.RecordClusters), 31)
	}
	return int64(s.RecordClusters) * s.clusterSize()
}

// ntfsLabel takes the name out of the record of $Volume, the fourth of the master file table.
func ntfsLabel(record []byte) string {
	const (
		attributesAt = 20
		volumeName   = 0x60
		header       = 24 // of an attribute that is in the record
	)
	if len(record) < attributesAt+2 || string(record[:4]) != "FILE" {
		return ""
	}
	le := binary.LittleEndian
	for at := int64(le.Uint16(record[attributesAt:])); at+header <= int64(len(record)); {
		a := record[at:]
		length := int64(le.Uint32(a[4:]))
		if le.Uint32(a) == volumeName {
			from, n := int64(le.Uint16(a[20:])), int64(le.Uint32(a[16:]))
			if from+n > int64(len(a)) {
				return ""
			}
			return label16(a[from:][:n], le)
		}
		if length < header-8 {
			return ""
		}
		at += length
	}
	return ""
}
