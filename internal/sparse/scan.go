package sparse

import (
	"context"
	"fmt"
	"io"
)

// Scan reads the size bytes of r and returns where they are not zero, in blocks of unit bytes, at most MaxZero.
func Scan[E Extent](ctx context.Context, r io.ReaderAt, size int64, unit int) ([]E, error) {
	var extents []E
	buf := make([]byte, 1<<20)
	for off := int64(0); off < size; off += int64(len(buf)) {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		buf = buf[:min(int64(len(buf)), size-off)]
		if n, err := r.ReadAt(buf, off); n < len(buf) {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, fmt.Errorf("at byte %d: %w", off+int64(n), err)
		}
		extents = appendData(extents, buf, off, unit)
	}
	return extents, nil
}

// appendData adds the blocks of p, which stands at off, that are not zero.
func appendData[E Extent](extents []E, p []byte, off int64, unit int) []E {
	for len(p) > 0 {
		n, zero := Run(p, off, unit)
		if !zero {
			extents = Append(extents, off, int64(n))
		}
		p, off = p[n:], off+int64(n)
	}
	return extents
}
