package ext4

import (
	"fmt"
	"iter"

	"amiforge/diskimg"
)

// Free yields the runs of bytes that no file has and no metadata: what was deleted may still be there. They ascend and
// do not adjoin. What lies behind the last block is not in the file system. It stops at the first error.
func (f *FS) Free() iter.Seq2[diskimg.Extent, error] {
	return func(yield func(diskimg.Extent, error) bool) {
		var run zone
		for n := range f.groups {
			zones, err := f.freeIn(n)
			if err != nil {
				yield(diskimg.Extent{}, fmt.Errorf("ext4: group %d: %w", n, err))
				return
			}
			for _, z := range zones {
				if z.start == run.end {
					run.end = z.end
					continue
				}
				if run.start < run.end && !yield(f.extent(run), nil) {
					return
				}
				run = z
			}
		}
		if run.start < run.end {
			yield(f.extent(run), nil)
		}
	}
}

func (f *FS) extent(z zone) diskimg.Extent {
	return diskimg.Extent{Offset: z.start * f.blockSize, Length: (z.end - z.start) * f.blockSize}
}

// freeIn returns the free blocks of group n.
func (f *FS) freeIn(n int64) ([]zone, error) {
	p := f.places[n]
	if p.flags&groupBlockUninit != 0 {
		return f.neverUsed(n), nil
	}
	b, err := f.block(p.blockBitmap)
	if err != nil {
		return nil, err
	}
	if err := f.checkBitmapSum(b, p); err != nil {
		return nil, err
	}
	return f.freeBits(b, f.groupStart(n), f.groupEnd(n)), nil
}

func (f *FS) checkBitmapSum(b []byte, p groupPlace) error {
	sum := crc32c(f.seed, b[:f.perGroup/f.perCluster/8])
	if f.descSize < 64 {
		sum &= 0xffff
	}
	return f.checkSum(p.bitmapSum, sum, "block bitmap")
}

// freeBits takes the bits that are not set, of clusters from block start on.
func (f *FS) freeBits(b []byte, start, end int64) []zone {
	var list []zone
	for block, i := start, 0; block < end; block, i = block+f.perCluster, i+1 {
		if b[i/8] == 0xff && i%8 == 0 {
			block, i = block+7*f.perCluster, i+7
			continue
		}
		if b[i/8]>>(i%8)&1 != 0 {
			continue
		}
		list = addZone(list, zone{block, min(block+f.perCluster, end)})
	}
	return list
}

func addZone(list []zone, z zone) []zone {
	if last := len(list) - 1; last >= 0 && list[last].end == z.start {
		list[last].end = z.end
		return list
	}
	return append(list, z)
}

// neverUsed is all of group n but the metadata in it: its bitmap was not written yet.
func (f *FS) neverUsed(n int64) []zone {
	var list []zone
	at, end := f.reserved(n), f.groupEnd(n)
	for _, z := range f.zones {
		if z.end <= at || z.start >= end {
			continue
		}
		if z.start > at {
			list = addZone(list, zone{at, z.start})
		}
		at = z.end
	}
	if at < end {
		list = addZone(list, zone{at, end})
	}
	return list
}
