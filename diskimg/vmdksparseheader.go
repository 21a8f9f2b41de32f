package diskimg

import (
	"io"
	"math/bits"
)

const (
	knownIncompatible = flagCompressed | flagMarkers
	maskIncompatible  = 0xffff << 16 // who does not know one of these flags must not read the file
)

// openGrainFile reads the header, and the footer if there is one. load must follow.
func openGrainFile(r io.ReaderAt, size int64) (*grainFile, error) {
	g := &grainFile{r: r, size: size}
	if err := g.readHeader(); err != nil {
		return nil, err
	}
	if err := g.checkHeader(&g.head); err != nil {
		return nil, err
	}
	if g.head.GDOffset == gdAtEnd {
		if err := g.takeFooter(); err != nil {
			return nil, err
		}
	}
	g.derive()
	if n := g.directoryLength(); n > maxDirectory {
		return nil, notReadf(12, "this VMDK has %d grain tables, more than amiforge reads (%d)", n, maxDirectory)
	}
	return g, nil
}

func (g *grainFile) readHeader() error {
	if g.size < SectorSize {
		return damagedf(VMDK, 0, "the file has %d bytes, less than a header", g.size)
	}
	sector := make([]byte, SectorSize)
	if err := readFull(g.r, sector, 0); err != nil {
		return err
	}
	g.head = parseVMDKHeader(sector)
	if string(g.head.Magic[:]) != vmdkMagic {
		return damagedf(VMDK, 0, "this is not a sparse extent: it does not begin with %s", vmdkMagic)
	}
	return nil
}

// derive makes bytes of what the header has in sectors.
func (g *grainFile) derive() {
	g.grain = int64(g.head.GrainSize) * SectorSize
	g.coverage = g.grain * int64(g.head.NumGTEsPerGT)
	g.capacity = int64(g.head.Capacity) * SectorSize
	g.compressed = g.head.Flags&flagCompressed != 0
	g.zeroGrain = g.head.Flags&flagZeroGrain != 0
}

// checkHeader holds every field against the file's size and the limits. Offsets of errors are in the header.
func (g *grainFile) checkHeader(h *vmdkHeader) error {
	fileSectors := uint64(g.size / SectorSize)
	switch {
	case h.Flags&flagNewlineTest != 0 && string(h.NewlineTest[:]) != vmdkNewlineTest:
		return damagedf(VMDK, 73, "line ends were changed (%q): the file was transferred as text", h.NewlineTest[:])
	case h.Version < 1 || h.Version > 3:
		return notReadf(4, "this is a VMDK of version %d, which amiforge does not read (1 to 3)", h.Version)
	case h.Flags&maskIncompatible&^knownIncompatible != 0:
		return notReadf(8, "this VMDK has flags (%#x) that amiforge does not know", h.Flags&maskIncompatible&^knownIncompatible)
	case h.Capacity > MaxSize/SectorSize:
		return damagedf(VMDK, 12, "the capacity is %d sectors, more than any disk has", h.Capacity)
	case bits.OnesCount64(h.GrainSize) != 1:
		return damagedf(VMDK, 20, "the grain size is %d sectors, not a power of two", h.GrainSize)
	case h.GrainSize < minGrainSize/SectorSize || h.GrainSize > maxGrainSize/SectorSize:
		return notReadf(20, "this VMDK has grains of %d sectors, which amiforge does not read (%d to %d)",
			h.GrainSize, minGrainSize/SectorSize, maxGrainSize/SectorSize)
	case h.DescriptorOffset > fileSectors || h.DescriptorSize > fileSectors-h.DescriptorOffset:
		return damagedf(VMDK, 28, "the descriptor (sector %d, %d sectors) lies beyond the end of the file", h.DescriptorOffset, h.DescriptorSize)
	case h.DescriptorSize > maxDescriptor/SectorSize:
		return damagedf(VMDK, 36, "the descriptor has %d sectors, more than %d", h.DescriptorSize, maxDescriptor/SectorSize)
	case h.NumGTEsPerGT == 0 || bits.OnesCount32(h.NumGTEsPerGT) != 1:
		return damagedf(VMDK, 44, "grain tables have %d entries, not a power of two", h.NumGTEsPerGT)
	case h.NumGTEsPerGT < minGTEsPerGT || h.NumGTEsPerGT > maxGTEsPerGT:
		return notReadf(44, "this VMDK has grain tables of %d entries, which amiforge does not read (%d to %d)",
			h.NumGTEsPerGT, minGTEsPerGT, maxGTEsPerGT)
	}
	return checkCompression(h)
}

// checkCompression refuses every combination but stored grains without and compressed ones with markers.
func checkCompression(h *vmdkHeader) error {
	compressed, markers := h.Flags&flagCompressed != 0, h.Flags&flagMarkers != 0
	switch {
	case h.Compression > compressionDeflate:
		return notReadf(77, "this VMDK has compression algorithm %d, which amiforge does not read", h.Compression)
	case compressed != (h.Compression == compressionDeflate):
		return damagedf(VMDK, 77, "flags (%#x) and compression algorithm (%d) contradict each other", h.Flags, h.Compression)
	case compressed != markers:
		return notReadf(8, "this VMDK has markers without compression or the other way round (flags %#x), which amiforge does not read", h.Flags)
	}
	return nil
}

// directoryLength returns how many grain tables the disk needs.
func (g *grainFile) directoryLength() int64 { return (g.capacity + g.coverage - 1) / g.coverage }

// takeFooter reads the footer, which replaces the header. It stands between its marker and the one that ends the
// file.
func (g *grainFile) takeFooter() error {
	at := g.size - 3*SectorSize
	if at < SectorSize || g.size%SectorSize != 0 {
		return damagedf(VMDK, 0, "the footer is missing: the file was cut short")
	}
	b := make([]byte, 3*SectorSize)
	if err := readFull(g.r, b, at); err != nil {
		return err
	}
	if !isMarker(b, markerFooter, 1) || !isMarker(b[2*SectorSize:], markerEOS, 0) {
		return damagedf(VMDK, at, "the footer is not at the end of the file: it was cut short, or something was added")
	}
	foot := parseVMDKHeader(b[SectorSize:])
	if !sameDisk(&foot, &g.head) {
		return damagedf(VMDK, at+SectorSize, "the footer contradicts the header")
	}
	if foot.GDOffset == gdAtEnd {
		return damagedf(VMDK, at+SectorSize+56, "the footer does not say where the grain directory is")
	}
	// The descriptor is where the header says: streams are read from their beginning.
	foot.DescriptorOffset, foot.DescriptorSize = g.head.DescriptorOffset, g.head.DescriptorSize
	g.head, g.at, g.footer = foot, at+SectorSize, true
	return nil
}

// sameDisk tells whether two headers describe the same disk in the same layout.
func sameDisk(a, b *vmdkHeader) bool {
	return a.Magic == b.Magic && a.Version == b.Version && a.Flags == b.Flags && a.Capacity == b.Capacity &&
		a.GrainSize == b.GrainSize && a.NumGTEsPerGT == b.NumGTEsPerGT && a.Compression == b.Compression
}
