package bundle

import (
	"context"
	"fmt"
	"os"

	"amiforge/internal/sparse"
)

// findExtents returns where the data of f is: its own map of holes if it is a file that has one, else what
// a scan finds, else everything.
func findExtents(ctx context.Context, f *os.File, size int64, regular, noScan bool) ([]Extent, error) {
	if regular {
		extents, err := sparse.Seek[Extent](f, size)
		if err != nil {
			return nil, err
		}
		if extents != nil && sparse.Length(extents) < size {
			return coalesce(extents, size, maxMap), nil
		}
	}
	if noScan {
		return []Extent{{0, size}}, nil
	}
	extents, err := sparse.Scan[Extent](ctx, f, size, extentAlign)
	if err != nil {
		return nil, fmt.Errorf("look for zero blocks: %w", err)
	}
	return coalesce(extents, size, maxMap), nil
}
