package diskimg

import (
	"fmt"
	"io"
)

// openVHD opens a VHD: fixed or dynamic.
func openVHD(r io.ReaderAt, size int64) (image, error) {
	f, err := findVHDFooters(r, size)
	if err != nil {
		return nil, err
	}
	if err := f.validate(); err != nil {
		return nil, err
	}
	if f.Type == vhdFixed {
		return openFixedVHD(r, size, f)
	}
	return openDynamicVHD(r, size, f)
}

// info returns what the footer tells.
func (f *vhdFooters) info() Info {
	chs := f.Geometry.chs()
	return Info{
		Format: VHD, Size: int64(f.CurrentSize),
		Creator: f.creator(), Created: f.created(), UUID: f.uuid(), CHS: &chs,
		Warnings: f.warnings(),
	}
}

// warnings returns what is odd about the footers.
func (f *vhdFooters) warnings() []string {
	var found []string
	warn := func(odd bool, format string, args ...any) {
		if odd {
			found = append(found, fmt.Sprintf(format, args...))
		}
	}
	warn(f.back == nil, "the footer at the end is missing: the copy at the start is used")
	warn(f.back != nil && !f.back.intact, "the footer at the end is damaged: the copy at the start is used")
	warn(f.Type == vhdDynamic && f.front == nil, "the copy of the footer at the start is missing")
	warn(f.Type == vhdDynamic && f.front != nil && !f.front.intact, "the copy of the footer at the start is damaged")
	warn(f.Saved != 0, "the disk is of a suspended machine: its file systems are as they were in the midst of work")
	warn(f.Features&vhdTemporary != 0, "the disk is marked as temporary")
	warn(f.UUID == [16]byte{}, "the UUID is zero: Xen refuses it")
	f.warnOfGeometry(warn)
	return found
}

// warnOfGeometry tells where others take the geometry for the size, or refuse it.
func (f *vhdFooters) warnOfGeometry(warn func(odd bool, format string, args ...any)) {
	g, size := f.Geometry.chs(), int64(f.CurrentSize)
	warn(g.Size() < size && f.sizedByGeometry(),
		"the geometry is of %d bytes only, and where the creator is %q qemu-img may read no more", g.Size(), f.creator())
	warn(f.Geometry.above(geometryOf(size)), "the geometry %d/%d/%d is too large for the disk: Xen refuses it",
		g.Cylinders, g.Heads, g.Sectors)
}

// sizedByGeometry tells whether qemu believes the geometry rather than the size.
func (f *vhdFooters) sizedByGeometry() bool {
	switch string(f.Creator[:]) {
	case "win ", "qem2", "d2v ", "CTXS", "tap\x00":
		return false
	}
	return f.Geometry != geometryOf(vhdMaxSize)
}
