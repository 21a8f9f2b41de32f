package diskimg

import (
	"bytes"
	"encoding/binary"
)

// A vmdkHeader is the first sector of a sparse VMDK extent, packed, little-endian, all offsets and lengths in
// sectors [Virtual Disk Format 5.0, "Hosted Sparse Extent Header"]. A streamOptimized one has it again near its
// end, as the footer, with the real offset of the grain directory.
type vmdkHeader struct {
	Magic            [4]byte // KDMV
	Version          uint32  // 1; 3 where streamOptimized
	Flags            uint32
	Capacity         uint64 // of the disk
	GrainSize        uint64 // 128: 64 KiB
	DescriptorOffset uint64 // 0 where the descriptor is a file of its own
	DescriptorSize   uint64
	NumGTEsPerGT     uint32 // 512: a grain table is 2 KiB and stands for 32 MiB
	RGDOffset        uint64 // of the redundant grain directory, if flagRedundant
	GDOffset         uint64 // or gdAtEnd
	OverHead         uint64 // where the first grain may be
	UncleanShutdown  uint8
	NewlineTest      [4]byte // tells of transfers as text
	Compression      uint16
	Pad              [433]byte
}

const (
	vmdkMagic       = "KDMV"
	vmdkNewlineTest = "\n \r\n"

	flagNewlineTest = 1 << 0
	flagRedundant   = 1 << 1
	flagZeroGrain   = 1 << 2 // a grain table entry of 1 is a grain of zeros
	flagCompressed  = 1 << 16
	flagMarkers     = 1 << 17

	// gdAtEnd as GDOffset says that the footer knows it.
	gdAtEnd = 1<<64 - 1

	compressionNone    = 0
	compressionDeflate = 1 // RFC 1950 (zlib), whatever the specification says

	vmdkGrainSize    = 64 << 10 // bytes
	vmdkGTEsPerGT    = 512
	vmdkGTCoverage   = vmdkGTEsPerGT * vmdkGrainSize // bytes of the disk
	vmdkDescriptor   = 20                            // sectors that are kept for it: VirtualBox adds lines in place
	grainHeaderSize  = 12                            // a compressed grain: its LBA (uint64), the length of its data (uint32), the data
	maxVMDKExtent    = 1 << 32 * SectorSize          // bytes: entries are uint32 sectors
	markerHeaderSize = 16
)

// A vmdkMarker is a sector that says what follows it in a streamOptimized file. It differs from a compressed
// grain in that Size is 0.
type vmdkMarker struct {
	Sectors uint64 // that follow
	Size    uint32 // 0
	Type    uint32
	Pad     [496]byte
}

const (
	markerEOS      = 0
	markerGT       = 1
	markerGD       = 2
	markerFooter   = 3
	markerProgress = 4 // undocumented, found in exports of vSphere: skip its sector
)

func (h *vmdkHeader) bytes() []byte { return packed(h) }
func (m *vmdkMarker) bytes() []byte { return packed(m) }

func packed(v any) []byte {
	b := new(bytes.Buffer)
	if err := binary.Write(b, binary.LittleEndian, v); err != nil {
		panic(err) // only if v has no fixed size
	}
	return b.Bytes()
}

// parseVMDKHeader reads a sector. Nothing in it is checked.
func parseVMDKHeader(sector []byte) vmdkHeader {
	var h vmdkHeader
	if err := binary.Read(bytes.NewReader(sector), binary.LittleEndian, &h); err != nil {
		panic(err) // only if it is shorter than a sector
	}
	return h
}
