package diskimg

import (
	"fmt"
	"io"
)

// openMonolithicVMDK opens a disk that is one sparse file: monolithicSparse or streamOptimized.
func openMonolithicVMDK(r io.ReaderAt, size int64) (image, error) {
	g, err := openGrainFile(r, size)
	if err != nil {
		return nil, err
	}
	d, err := g.readDescriptor()
	if err != nil {
		return nil, err
	}
	m := &vmdkImage{text: d, about: g.info()}
	if err := m.takeDescriptor(g, d); err != nil {
		return nil, err
	}
	if err := g.load(); err != nil {
		return nil, err
	}
	m.about.Size, m.about.Allocated = g.capacity, g.allocated
	m.parts = []vmdkPart{{Extent{0, g.capacity}, g}}
	return m, nil
}

// info returns what the header says.
func (g *grainFile) info() Info {
	i := Info{
		Format: VMDK, Subformat: MonolithicSparse, FileSize: g.size,
		BlockSize: g.grain, Version: int(g.head.Version),
	}
	if g.compressed {
		i.Subformat = StreamOptimized
		if g.head.Version < 3 {
			i.Warnings = append(i.Warnings, fmt.Sprintf("streamOptimized of version %d: ESXi wants version 3", g.head.Version))
		}
	}
	if g.head.UncleanShutdown != 0 {
		i.Warnings = append(i.Warnings, "the image was not closed cleanly: what was written last may be missing")
	}
	return i
}

// takeDescriptor holds the embedded descriptor, which may be missing from a stream, against the header.
func (m *vmdkImage) takeDescriptor(g *grainFile, d *diskDescriptor) error {
	if d == nil {
		if !g.compressed {
			return notReadf(28, "this VMDK has no descriptor: it is one of several files of a disk; open the descriptor, a small text beside it")
		}
		m.warn("there is no descriptor")
		return nil
	}
	if err := d.check(); err != nil {
		return err
	}
	switch s := d.subformat(); s {
	case m.about.Subformat:
	case MonolithicSparse, StreamOptimized:
		m.warn("the descriptor says %s, the header %s", s, m.about.Subformat)
	case MonolithicFlat, TwoGBMaxExtentSparse, TwoGBMaxExtentFlat:
		return damagedf(VMDK, d.at["createtype"], "the descriptor says %s, but stands in a sparse file", s)
	default:
		return d.unsupportedKind()
	}
	d.describe(&m.about)
	return m.takeExtent(g, d)
}

// takeExtent holds the extent line of the embedded descriptor against the file. The name in it is of no use: files
// are renamed, and some programs never write the right one.
func (m *vmdkImage) takeExtent(g *grainFile, d *diskDescriptor) error {
	if len(d.extents) != 1 || d.extents[0].kind != "SPARSE" {
		return damagedf(VMDK, d.start, "the embedded descriptor does not have one SPARSE extent")
	}
	line := d.extents[0]
	if line.access == "NOACCESS" {
		return notReadf(line.at, "this VMDK has an extent that must not be read (NOACCESS)")
	}
	if line.size != g.capacity {
		m.warn("the size is %d bytes in the header, %d in the descriptor", g.capacity, line.size)
	}
	return g.limit(line)
}

func (m *vmdkImage) warn(format string, args ...any) {
	m.about.Warnings = append(m.about.Warnings, fmt.Sprintf(format, args...))
}

// describe adds what the descriptor knows.
func (d *diskDescriptor) describe(i *Info) {
	i.CID, i.UUID = d.values["cid"], d.uuid()
	i.Adapter, i.HW = d.values["ddb.adaptertype"], d.values["ddb.virtualhwversion"]
	if _, ok := d.values["ddb.uuid.image"]; ok {
		i.Creator = "VirtualBox" // no other program writes it
	}
	geometry := CHS{d.number("ddb.geometry.cylinders"), d.number("ddb.geometry.heads"), d.number("ddb.geometry.sectors")}
	if geometry != (CHS{}) {
		i.CHS = &geometry
	}
}
