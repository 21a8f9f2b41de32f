package bundle

// An Extent is a run of bytes in an image, in bytes. What lies between the extents of an image is a hole:
// zeros that are neither stored, hashed nor written.
type Extent struct{ Offset, Length int64 }

// End returns the offset of the first byte after e.
func (e Extent) End() int64 { return e.Offset + e.Length }

const (
	// extentAlign is what extents begin and end at, but for the end of the image. GNU tar reads sparse
	// members in blocks of 512 bytes; file systems and devices work in 4096.
	extentAlign = 4096

	// minHole is the shortest hole that is worth an entry in the tar header.
	minHole = 64 << 10

	// maxMap is the most entries that Create writes to a sparse map: above it, more short holes are stored
	// as data.
	maxMap = 32768
)

// coalesce aligns the ascending extents of an image of size bytes, and stores holes shorter than minHole as
// data, doubling that minimum until their map has at most limit entries.
func coalesce(extents []Extent, size int64, limit int) []Extent {
	for hole := int64(minHole); ; hole *= 2 {
		merged := fill(extents, size, hole)
		if mapEntries(merged, size) <= limit {
			return merged
		}
		extents = merged
	}
}

// mapEntries returns how many entries the sparse map of the extents has: a hole at the end takes one too.
func mapEntries(extents []Extent, size int64) int {
	n := len(extents)
	if n == 0 || extents[n-1].End() < size {
		n++
	}
	return n
}

// fill joins extents across holes shorter than hole, those at the image's two ends included.
func fill(extents []Extent, size, hole int64) []Extent {
	var out []Extent
	for _, e := range extents {
		if e.Length == 0 {
			continue
		}
		start := e.Offset - e.Offset%extentAlign
		end := min(e.End()+(extentAlign-e.End()%extentAlign)%extentAlign, size)
		if len(out) == 0 && start < hole {
			start = 0
		}
		if size-end < hole {
			end = size
		}
		if n := len(out); n > 0 && start-out[n-1].End() < hole {
			out[n-1].Length = max(end, out[n-1].End()) - out[n-1].Offset
			continue
		}
		out = append(out, Extent{start, end - start})
	}
	return out
}
