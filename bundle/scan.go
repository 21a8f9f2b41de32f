package bundle

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
)

// findExtents returns where the data of f is: its own map of holes if it is a file that has one, else what
// scan finds, else everything.
func findExtents(ctx context.Context, f *os.File, size int64, regular, noScan bool) ([]Extent, error) {
	if regular {
		extents, err := seekExtents(f, size)
		if err != nil {
			return nil, err
		}
		if extents != nil && dataLength(extents) < size {
			return coalesce(extents, size, maxMap), nil
		}
	}
	if noScan {
		return []Extent{{0, size}}, nil
	}
	extents, err := scan(ctx, f, size)
	if err != nil {
		return nil, fmt.Errorf("look for zero blocks: %w", err)
	}
	return coalesce(extents, size, maxMap), nil
}

// zeros is compared against, never written to.
var zeros [minHole]byte

// isZero tells whether p, of at most minHole bytes, holds zeros only.
func isZero(p []byte) bool { return bytes.Equal(p, zeros[:len(p)]) }

// scan reads all of f and returns where it is not zero, in blocks of extentAlign bytes.
func scan(ctx context.Context, f io.ReaderAt, size int64) ([]Extent, error) {
	var extents []Extent
	buf := make([]byte, 1<<20)
	for off := int64(0); off < size; off += int64(len(buf)) {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		buf = buf[:min(int64(len(buf)), size-off)]
		if n, err := f.ReadAt(buf, off); n < len(buf) {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, fmt.Errorf("at byte %d: %w", off+int64(n), err)
		}
		extents = appendNonZero(extents, buf, off)
	}
	return extents, nil
}

// appendNonZero adds the blocks of p, which stands at off, that are not zero.
func appendNonZero(extents []Extent, p []byte, off int64) []Extent {
	for len(p) > 0 {
		block := p[:min(extentAlign, len(p))]
		if !isZero(block) {
			if n := len(extents); n > 0 && extents[n-1].End() == off {
				extents[n-1].Length += int64(len(block))
			} else {
				extents = append(extents, Extent{off, int64(len(block))})
			}
		}
		p, off = p[len(block):], off+int64(len(block))
	}
	return extents
}
