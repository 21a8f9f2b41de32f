package diskimg

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
)

// maxFindings bounds what a check reports of one file: a file of noise has no end of it.
const maxFindings = 100

// A findings gathers what is wrong.
type findings struct{ errs []error }

func (f *findings) addf(off int64, format string, args ...any) {
	switch {
	case len(f.errs) < maxFindings:
		f.errs = append(f.errs, damagedf(VMDK, off, format, args...))
	case len(f.errs) == maxFindings:
		f.errs = append(f.errs, damagedf(VMDK, -1, "there is more"))
	}
}

func (f *findings) full() bool { return len(f.errs) > maxFindings }

// check looks at what opening and reading do not need: the redundant tables, the markers, the heads of compressed
// grains, entries for what is behind the end of the disk.
func (g *grainFile) check(ctx context.Context) error {
	var found findings
	for _, look := range []func(context.Context, *findings) error{g.checkTables, g.checkRedundant, g.checkMarkers, g.checkGrainHeads} {
		if err := look(ctx, &found); err != nil {
			return errors.Join(append(found.errs, err)...)
		}
	}
	return errors.Join(found.errs...)
}

func (g *grainFile) checkTables(ctx context.Context, found *findings) error {
	for t, err := range g.tables(g.directory) {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		for i, entry := range t.beyond {
			if entry != 0 {
				found.addf(t.offset+4*int64(len(t.entries)+i), "the grain table has a grain, at sector %d, behind the end of the disk", entry)
			}
		}
	}
	return nil
}

// checkRedundant compares the redundant tables with the others.
func (g *grainFile) checkRedundant(ctx context.Context, found *findings) error {
	if g.head.Flags&flagRedundant != 0 && g.redundant == nil && len(g.directory) > 0 {
		found.addf(g.at+48, "the redundant grain directory is missing")
	}
	for i := range g.redundant {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if (g.directory[i] == 0) != (g.redundant[i] == 0) {
			found.addf(int64(g.head.RGDOffset)*SectorSize+4*int64(i), "grain table %d is in one of the two grain directories only", i)
			continue
		}
		a, err := g.readEntries(g.directory[i])
		if err != nil {
			return err
		}
		b, err := g.readEntries(g.redundant[i])
		if err != nil {
			return err
		}
		if !slices.Equal(a, b) {
			found.addf(int64(g.redundant[i])*SectorSize, "redundant grain table %d differs from the other", i)
		}
	}
	return nil
}

// readEntries reads the table at a sector; 0 is none.
func (g *grainFile) readEntries(sector uint32) ([]uint32, error) {
	for t, err := range g.tables([]uint32{sector}) {
		return slices.Concat(t.entries, t.beyond), err
	}
	return nil, nil
}

// checkMarkers looks for the markers in front of the tables, where those are at the end. Streams with the tables
// in front, such as those of qemu and VMware's open tools, have none.
func (g *grainFile) checkMarkers(ctx context.Context, found *findings) error {
	if !g.footer {
		return nil
	}
	if err := g.checkMarker(int64(g.head.GDOffset), markerGD, directorySectors(g.directory), found); err != nil {
		return err
	}
	for _, table := range g.directory {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if table == 0 {
			continue
		}
		if err := g.checkMarker(int64(table), markerGT, g.tableBytes()/SectorSize, found); err != nil {
			return err
		}
	}
	return nil
}

// checkMarker looks for the marker of what begins at a sector.
func (g *grainFile) checkMarker(sector int64, kind uint32, length int64, found *findings) error {
	if length == 0 {
		return nil
	}
	at := (sector - 1) * SectorSize
	b := make([]byte, markerHeaderSize)
	if err := readFull(g.r, b, at); err != nil {
		return err
	}
	if !isMarker(b, kind, uint64(length)) {
		found.addf(at, "there is no marker of type %d for the %d sectors that follow", kind, length)
	}
	return nil
}

// isMarker tells whether b begins with such a marker.
func isMarker(b []byte, kind uint32, sectors uint64) bool {
	return binary.LittleEndian.Uint64(b) == sectors && binary.LittleEndian.Uint32(b[8:]) == 0 &&
		binary.LittleEndian.Uint32(b[12:]) == kind
}

// checkGrainHeads reads the head of every compressed grain: its sector and length, and that the next grain in the
// file comes behind it. It takes 4 bytes a grain.
func (g *grainFile) checkGrainHeads(ctx context.Context, found *findings) error {
	if !g.compressed {
		return nil
	}
	starts, err := g.sortedGrains()
	if err != nil {
		return err
	}
	head := make([]byte, grainHeaderSize)
	for t, err := range g.tables(g.directory) {
		if err != nil {
			return err
		}
		for i, entry := range t.entries {
			if err := context.Cause(ctx); err != nil || found.full() {
				return err
			}
			if g.isHole(entry) {
				continue
			}
			if err := readFull(g.r, head, int64(entry)*SectorSize); err != nil {
				return err
			}
			g.checkGrainHead(head, t.first+int64(i), entry, starts, found)
		}
	}
	return nil
}

func (g *grainFile) checkGrainHead(head []byte, index int64, entry uint32, starts []uint32, found *findings) {
	at := int64(entry) * SectorSize
	end := min(at+g.maxPacked(), g.metadata.next(int64(entry))*SectorSize, g.size)
	if next, _ := slices.BinarySearch(starts, entry+1); next < len(starts) {
		end = min(end, int64(starts[next])*SectorSize)
	}
	lba, length := binary.LittleEndian.Uint64(head), int64(binary.LittleEndian.Uint32(head[8:]))
	if want := uint64(index) * g.head.GrainSize; lba != want {
		found.addf(at, "grain %d is marked as that of sector %d, not %d", index, lba, want)
	}
	if length == 0 || length > end-at-grainHeaderSize {
		found.addf(at+8, "grain %d has %d bytes of compressed data, where there is room for %d", index, length, end-at-grainHeaderSize)
	}
}

// checkSanity reports what VMware's descriptors never have.
func (d *diskDescriptor) checkSanity() []error {
	var found findings
	if d.values["version"] == "" {
		found.addf(-1, "the descriptor has no version")
	}
	if _, err := strconv.ParseUint(d.values["cid"], 16, 32); err != nil {
		found.addf(-1, "the descriptor's CID %.20q is not 8 hexadecimal digits", d.values["cid"])
	}
	if d.values["parentcid"] == "" {
		found.addf(-1, "the descriptor has no parentCID")
	}
	return found.errs
}
