package auditimage

import (
	"iter"
	"slices"

	"amiforge/diskimg"
)

// overlap yields what of the extents, which begin at start on the disk, lies where data has some. Data ascends, and is
// kept in memory, neighbours as one; the extents may come in any order, as the ends of files do.
func overlap(extents, data iter.Seq2[diskimg.Extent, error], start int64) iter.Seq2[diskimg.Extent, error] {
	return func(yield func(diskimg.Extent, error) bool) {
		kept, dataErr := joined(data)
		for e, err := range extents {
			if err != nil {
				yield(e, err)
				return
			}
			i, _ := slices.BinarySearchFunc(kept, start+e.Offset, func(d diskimg.Extent, at int64) int {
				if d.End() <= at {
					return -1
				}
				return 1
			})
			for ; i < len(kept) && kept[i].Offset < start+e.End(); i++ {
				from, to := max(kept[i].Offset-start, e.Offset), min(kept[i].End()-start, e.End())
				if from < to && !yield(diskimg.Extent{Offset: from, Length: to - from}, nil) {
					return
				}
			}
		}
		if dataErr != nil {
			yield(diskimg.Extent{}, dataErr)
		}
	}
}

// joined returns extents up to an error, those that touch as one.
func joined(extents iter.Seq2[diskimg.Extent, error]) ([]diskimg.Extent, error) {
	var list []diskimg.Extent
	for e, err := range extents {
		if err != nil {
			return list, err
		}
		if last := len(list) - 1; last >= 0 && list[last].End() == e.Offset {
			list[last].Length += e.Length
			continue
		}
		list = append(list, e)
	}
	return list, nil
}
