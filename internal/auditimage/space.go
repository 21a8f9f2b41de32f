package auditimage

import (
	"bytes"
	"cmp"
	"io"
	"iter"
	"slices"

	"amiforge/diskimg"
	"amiforge/diskimg/filesystem"
	"amiforge/diskimg/inspect"
	"amiforge/diskimg/partition"
	"amiforge/internal/audit"
)

// free hands n bytes of the disk from start on to the audit as free space.
func (o *opening) free(name string, start, n int64) {
	if n <= 0 {
		return
	}
	o.image.free = append(o.image.free, audit.FreeSpace{Partition: name, Reader: o.disk, Extents: o.data(start, n)})
}

// unused hands the free space of a file system to the audit, and what of its partition is behind it.
func (o *opening) unused(name string, p partition.Partition, info filesystem.Info) {
	section := io.NewSectionReader(o.disk, p.Start, p.Size)
	for _, extents := range leftovers(info) {
		extents = overlap(extents, o.data(p.Start, p.Size), p.Start)
		o.image.free = append(o.image.free, audit.FreeSpace{Partition: name, Reader: section, Extents: extents})
	}
	if info.Size > 0 && info.Size < p.Size {
		o.free(name, p.Start+info.Size, p.Size-info.Size)
	}
}

// gaps hands to the audit what of the disk no partition has.
func (o *opening) gaps(report *inspect.Report) {
	if report.Table == nil || report.FileSystem != nil {
		return
	}
	parts := slices.Clone(report.Partitions)
	slices.SortFunc(parts, func(a, b inspect.Partition) int { return cmp.Compare(a.Start, b.Start) })
	end := int64(0)
	for _, p := range parts {
		if p.Extended {
			continue
		}
		o.free("unpartitioned space", end, p.Start-end)
		end = max(end, p.End())
	}
	o.free("unpartitioned space", end, o.disk.Size()-end)
}

// data yields where the n bytes from start on may have data.
func (o *opening) data(start, n int64) iter.Seq2[diskimg.Extent, error] {
	return func(yield func(diskimg.Extent, error) bool) {
		for e, err := range o.disk.Extents() {
			from, to := max(e.Offset, start), min(e.End(), start+n)
			switch {
			case err != nil:
				yield(diskimg.Extent{}, err)
				return
			case e.Offset >= start+n:
				return
			case from < to && !yield(diskimg.Extent{Offset: from, Length: to - from}, nil):
				return
			}
		}
	}
}

// scanChunk is how much is read at a time of what should be empty, in bytes.
const scanChunk = 256 << 10

// hasData tells whether anything but zeros is in the n bytes from start on.
func (o *opening) hasData(start, n int64) (bool, error) {
	buf, zeros := make([]byte, scanChunk), make([]byte, scanChunk)
	for e, err := range o.data(start, n) {
		if err != nil {
			return false, err
		}
		for off := e.Offset; off < e.End(); off += scanChunk {
			p := buf[:min(scanChunk, e.End()-off)]
			if _, err := o.disk.ReadAt(p, off); err != nil && err != io.EOF {
				return false, err
			}
			if !bytes.Equal(p, zeros[:len(p)]) {
				return true, nil
			}
		}
	}
	return false, nil
}

// leftovers returns where things may be in a file system that were deleted, in bytes from its beginning, if that is
// known: what no file has, and what of the last block of each its file does not have.
func leftovers(info filesystem.Info) []iter.Seq2[diskimg.Extent, error] {
	if info.Ext == nil {
		return nil
	}
	return []iter.Seq2[diskimg.Extent, error]{info.Ext.Free(), info.Ext.Slack()}
}
