// Package sparse finds the data and the holes of disk images: what a file system knows of a file's holes,
// and runs of zeros in what is read. Packages bundle and diskimg stand on it; it stands on nothing.
package sparse

// An Extent is the shape of bundle.Extent and diskimg.Extent: a run of data, in bytes.
type Extent interface {
	~struct{ Offset, Length int64 }
}

// run is what every Extent can be converted to: a type parameter's fields cannot be reached.
type run struct{ Offset, Length int64 }

// Length adds up the lengths of the extents.
func Length[E Extent](extents []E) int64 {
	var n int64
	for _, e := range extents {
		n += run(e).Length
	}
	return n
}

// Append adds n bytes at off to the ascending extents, joined with the last one where the two adjoin.
func Append[E Extent](extents []E, off, n int64) []E {
	if i := len(extents) - 1; i >= 0 {
		if last := run(extents[i]); last.Offset+last.Length == off {
			extents[i] = E(run{last.Offset, last.Length + n})
			return extents
		}
	}
	return append(extents, E(run{off, n}))
}
