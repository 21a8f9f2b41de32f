package filesystem

import (
	"io"
	"sort"

	"amiforge/diskimg"
)

// pieces is a file that lies in pieces of r, which follow each other. It is an io.ReaderAt.
type pieces struct {
	r    io.ReaderAt
	list []diskimg.Extent
	ends []int64 // in the file
	size int64
}

// newPieces returns what lies in list, cut at size bytes.
func newPieces(r io.ReaderAt, list []diskimg.Extent, size int64) io.ReaderAt {
	p := &pieces{r: r}
	for _, e := range list {
		p.add(e)
	}
	return io.NewSectionReader(p, 0, min(size, p.size))
}

// add adds the next piece, to the last one if it lies behind that.
func (p *pieces) add(e diskimg.Extent) {
	p.size += e.Length
	if last := len(p.list) - 1; last >= 0 && p.list[last].End() == e.Offset {
		p.list[last].Length += e.Length
		p.ends[last] = p.size
		return
	}
	p.list, p.ends = append(p.list, e), append(p.ends, p.size)
}

func (p *pieces) ReadAt(b []byte, off int64) (n int, err error) {
	i := sort.Search(len(p.ends), func(i int) bool { return p.ends[i] > off })
	for ; n < len(b) && i < len(p.list); i++ {
		left := p.ends[i] - off
		part := b[n:min(int64(n)+left, int64(len(b)))]
		if err := readFull(p.r, part, p.list[i].Offset+p.list[i].Length-left); err != nil {
			return n, err
		}
		n, off = n+len(part), off+int64(len(part))
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}
