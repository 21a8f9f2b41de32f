package export

import (
	"context"
	"io"

	"amiforge/diskimg"
	"amiforge/diskimg/partition"
)

// partitioned is a disk whose one partition is the content.
type partitioned struct {
	Content
	wrapping *partition.Wrapping
	unknown  func() // called when the content is found to be no file system that is known
}

// checkBare refuses a disk file that has a partition table, before any work. What is read as a stream, bareSource
// looks at.
func (s *Shape) checkBare(c Content) error {
	f, ok := c.(*File)
	if !ok {
		return nil
	}
	known, err := isFileSystem(f.disk, f.Size())
	if err == nil && !known {
		s.warnUnknown()
	}
	return err
}

func (s *Shape) warnUnknown() {
	if s.Warn != nil {
		s.Warn("partition 1 will hold what is no file system that is known")
	}
}

// partition returns the disk with content in a partition of size bytes.
func (s *Shape) partition(c Content, size int64) (Content, error) {
	w, err := partition.Wrap(partition.Kind(s.Partition), size, &partition.WrapOptions{Rand: s.Rand})
	if err != nil {
		return nil, err
	}
	return partitioned{c, w, s.warnUnknown}, nil
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
	bare := src
	if _, known := p.Content.(*File); !known {
		bare = &bareSource{Source: src, size: p.Content.Size(), unknown: p.unknown}
	}
	return struct {
		diskimg.Source
		io.Closer
	}{p.wrapping.Source(bare), src}, nil
}
