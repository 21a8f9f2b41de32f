package export

import (
	"context"
	"fmt"
	"io"

	"amiforge/diskimg"
	"amiforge/diskimg/partition"
)

// partitioned is a disk whose one partition is the content.
type partitioned struct {
	Content
	wrapping *partition.Wrapping
}

// partition returns the disk with content in a partition of size bytes.
func (s *Shape) partition(c Content, size int64) (Content, error) {
	w, err := partition.Wrap(partition.Kind(s.Partition), size, &partition.WrapOptions{Rand: s.Rand})
	if err != nil {
		return nil, err
	}
	return partitioned{c, w}, nil
}

func (p partitioned) Size() int64 { return p.wrapping.Size }

func (p partitioned) Map(ctx context.Context, unit int64) ([]diskimg.Extent, bool, error) {
	extents, known, err := p.Content.Map(ctx, unit)
	if err != nil {
		return nil, false, err
	}
	return p.wrapping.Map(extents), known, nil
}

func (p partitioned) Source(ctx context.Context) (Source, error) {
	src, err := p.Content.Source(ctx)
	if err != nil {
		return nil, err
	}
	bare := &bareSource{Source: src, size: p.Content.Size()}
	return struct {
		diskimg.Source
		io.Closer
	}{p.wrapping.Source(bare), src}, nil
}

// A bareSource is the content of a disk that must not have a partition table of its own.
type bareSource struct {
	Source
	size  int64
	begun bool
	head  []byte // of the first extent, not read yet
}

// headSize is how much of a disk is looked at: its MBR and the primary GPT.
const headSize = 64 << 10

func (s *bareSource) Next() (diskimg.Extent, error) {
	e, err := s.Source.Next()
	if s.begun || err != nil {
		s.head = nil
		return e, err
	}
	s.begun = true
	if e.Offset > 0 {
		return e, nil
	}
	s.head = make([]byte, min(e.Length, headSize))
	if _, err := io.ReadFull(s.Source, s.head); err != nil {
		return e, err
	}
	table, err := partition.Read(head(s.head), s.size)
	if err == nil && table != nil {
		err = fmt.Errorf("the image has a partition table already (%s): leave out --partition", table.Kind)
	}
	return e, err
}

func (s *bareSource) Read(p []byte) (int, error) {
	if len(s.head) == 0 {
		return s.Source.Read(p)
	}
	n := copy(p, s.head)
	s.head = s.head[n:]
	return n, nil
}

// A head is the beginning of a disk whose rest reads as zeros.
type head []byte

func (h head) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	if off < int64(len(h)) {
		copy(p, h[off:])
	}
	return len(p), nil
}
