package diskimg

import (
	"context"
	"fmt"

	"amiforge/internal/sparse"
)

// checkMap checks that the extents of CreateOptions.Map ascend, apart from each other, and lie in a disk of size
// bytes.
func checkMap(f Format, extents []Extent, size int64) error {
	end := int64(0)
	for _, e := range extents {
		if e.Length < 0 || e.Offset < end || e.Offset > size || e.Length > size-e.Offset {
			return fmt.Errorf("create %s: the map has %d bytes at %d of %d, after byte %d", f, e.Length, e.Offset, size, end)
		}
		end = e.End()
	}
	return nil
}

// Map returns where the disk is not zero, in runs of whole units that begin at multiples of unit. It reads all
// data: it is for CreateOptions.Map, where the tables must be known before the data comes.
func (d *Disk) Map(ctx context.Context, unit int64) ([]Extent, error) {
	r := d.NewReader(ctx)
	defer r.Close()
	m := &mapper{step: unit, size: d.Size()}
	w := &Writer{ctx: ctx, encoder: m, size: d.Size(), progress: func(int64) {}}
	if err := w.copyFrom(r); err != nil {
		return nil, err
	}
	return m.found, nil
}

// A mapper is an encoder that notes where data is.
type mapper struct {
	step, size int64
	found      []Extent
}

func (m *mapper) unit() int     { return sparse.MaxZero }
func (m *mapper) finish() error { return nil }
func (m *mapper) close()        {}

func (m *mapper) write(p []byte, off int64) error {
	start := off - off%m.step
	end := min((off+int64(len(p))+m.step-1)/m.step*m.step, m.size)
	if n := len(m.found); n > 0 {
		start = max(start, m.found[n-1].End())
	}
	if start < end {
		m.found = sparse.Append(m.found, start, end-start)
	}
	return nil
}
