package auditimage

import (
	"iter"

	"amiforge/diskimg"
)

// overlap yields what of the extents, which begin at start on the disk, lies where data has some. Both ascend.
func overlap(extents, data iter.Seq2[diskimg.Extent, error], start int64) iter.Seq2[diskimg.Extent, error] {
	return func(yield func(diskimg.Extent, error) bool) {
		next, stop := iter.Pull2(data)
		defer stop()
		d, err, more := next()
		for e, extErr := range extents {
			if extErr != nil {
				yield(e, extErr)
				return
			}
			for ; more && err == nil && d.Offset < start+e.End(); d, err, more = next() {
				from, to := max(d.Offset-start, e.Offset), min(d.End()-start, e.End())
				if from < to && !yield(diskimg.Extent{Offset: from, Length: to - from}, nil) {
					return
				}
				if d.End() >= start+e.End() {
					break // the next extent may have the rest of it
				}
			}
			if more && err != nil {
				yield(diskimg.Extent{}, err)
				return
			}
		}
	}
}
