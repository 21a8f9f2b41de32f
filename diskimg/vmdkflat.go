package diskimg

import (
	"fmt"
	"io"
)

// A splitVMDK opens the files of a disk whose descriptor is a file of its own.
type splitVMDK struct {
	image  *vmdkImage
	beside *siblings
	opened map[string]*besideFile
}

// A besideFile is a file beside the descriptor.
type besideFile struct {
	r    io.ReaderAt
	size int64
	used []Extent // by the extents so far
	raw  *rawImage
}

// openSplitVMDK opens a disk of several files by its descriptor: monolithicFlat and those of 2 GB each.
func openSplitVMDK(r io.ReaderAt, size int64, beside *siblings) (image, error) {
	d, err := readDescriptorFile(r, size)
	if err != nil {
		return nil, err
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	if err := d.checkSplit(beside); err != nil {
		return nil, err
	}
	m := &vmdkImage{text: d, about: Info{Format: VMDK, Subformat: d.subformat(), FileSize: size}}
	d.describe(&m.about)
	s := &splitVMDK{image: m, beside: beside, opened: map[string]*besideFile{}}
	for _, line := range d.extents {
		if err := s.add(line); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// checkSplit refuses what is not read as a disk of several files.
func (d *diskDescriptor) checkSplit(beside *siblings) error {
	switch s := d.subformat(); {
	case s != MonolithicFlat && s != TwoGBMaxExtentSparse && s != TwoGBMaxExtentFlat:
		return d.unsupportedKind()
	case beside == nil:
		return notReadf(d.at["createtype"], "this is the descriptor of a VMDK of subformat %s, which needs the files beside it; open it by its path", s)
	case len(d.extents) == 0:
		return damagedf(VMDK, d.start, "the descriptor has no extents")
	}
	return nil
}

// add appends the run of the disk that an extent line stands for.
func (s *splitVMDK) add(line extentLine) error {
	info := &s.image.about
	if line.size > MaxSize-info.Size {
		return damagedf(VMDK, line.at, "the extents are longer than any disk")
	}
	content, err := s.open(line)
	if err != nil {
		return err
	}
	s.image.parts = append(s.image.parts, vmdkPart{Extent{info.Size, line.size}, content})
	info.Size += line.size
	return nil
}

func (s *splitVMDK) open(line extentLine) (partContent, error) {
	if line.kind == "ZERO" {
		return zeroContent{}, nil
	}
	if line.kind != "FLAT" && line.kind != "SPARSE" {
		return nil, notReadf(line.at, "this VMDK has an extent of type %.20s, which amiforge does not read; %s", line.kind, convert)
	}
	if line.access == "NOACCESS" {
		return nil, notReadf(line.at, "this VMDK has an extent that must not be read (NOACCESS)")
	}
	f, err := s.file(line)
	if err != nil {
		return nil, err
	}
	if line.kind == "FLAT" {
		return s.openFlat(line, f)
	}
	return s.openSparse(line, f)
}

// file opens the file of an extent, or finds it opened.
func (s *splitVMDK) file(line extentLine) (*besideFile, error) {
	if f := s.opened[line.name]; f != nil {
		return f, nil
	}
	r, size, err := s.beside.open(line.name)
	if err != nil {
		return nil, &Error{VMDK, line.at, err}
	}
	f := &besideFile{r: r, size: size}
	s.opened[line.name] = f
	s.image.about.Files = append(s.image.about.Files, line.name)
	s.image.about.FileSize += size
	return f, nil
}

// use notes what an extent takes of a file: no byte is in two places of a disk.
func (f *besideFile) use(line extentLine, e Extent) error {
	for _, other := range f.used {
		if e.Offset < other.End() && other.Offset < e.End() {
			return damagedf(VMDK, line.at, "extent %q is in the disk twice", line.name)
		}
	}
	f.used = append(f.used, e)
	return nil
}

func (s *splitVMDK) openFlat(line extentLine, f *besideFile) (partContent, error) {
	if line.size > f.size || line.offset > f.size-line.size {
		return nil, damagedf(VMDK, line.at, "extent %q: the file has %d bytes, the extent wants %d from byte %d on",
			line.name, f.size, line.size, line.offset)
	}
	if err := f.use(line, Extent{line.offset, line.size}); err != nil {
		return nil, err
	}
	if f.raw == nil {
		im, err := openRaw(f.r, f.size)
		if err != nil {
			return nil, &Error{VMDK, line.at, err}
		}
		f.raw = im.(*rawImage)
	}
	content := &flatContent{f.raw, Extent{line.offset, line.size}}
	for e := range content.extents() {
		s.image.about.Allocated += e.Length
	}
	return content, nil
}

func (s *splitVMDK) openSparse(line extentLine, f *besideFile) (partContent, error) {
	if err := f.use(line, Extent{0, max(1, f.size)}); err != nil {
		return nil, err
	}
	if line.offset != 0 {
		return nil, damagedf(VMDK, line.at, "extent %q is sparse and has an offset", line.name)
	}
	g, err := openSparseExtent(line, f)
	if err != nil {
		return nil, fmt.Errorf("extent %q: %w", line.name, err)
	}
	info, of := &s.image.about, g.info()
	info.Allocated += g.allocated
	info.BlockSize, info.Version = of.BlockSize, of.Version
	for _, w := range of.Warnings {
		s.image.warn("extent %q: %s", line.name, w)
	}
	return &namedContent{g, line.name}, nil
}

// openSparseExtent opens a sparse file that is the whole of an extent.
func openSparseExtent(line extentLine, f *besideFile) (*grainFile, error) {
	g, err := openGrainFile(f.r, f.size)
	if err != nil {
		return nil, err
	}
	if err := g.limit(line); err != nil {
		return nil, err
	}
	if g.capacity != line.size {
		return nil, damagedf(VMDK, 12, "the capacity is %d bytes, the descriptor says %d", g.capacity, line.size)
	}
	return g, g.load()
}
