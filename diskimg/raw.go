package diskimg

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"

	"amiforge/internal/sparse"
)

// A rawImage is a file that is the disk.
type rawImage struct {
	r    io.ReaderAt
	file *os.File // r, if it is a file or a device
	size int64
	data []Extent // all of it, or what the file system says is no hole
}

func openRaw(r io.ReaderAt, size int64) (image, error) {
	m := &rawImage{r: r, size: size}
	if size > 0 {
		m.data = []Extent{{0, size}}
	}
	m.file, _ = r.(*os.File)
	if m.file == nil {
		return m, nil
	}
	data, err := sparse.Seek[Extent](m.file, size)
	if err != nil {
		return nil, fmt.Errorf("look for holes: %w", err)
	}
	if data != nil {
		m.data = data
	}
	return m, nil
}

func (m *rawImage) info() Info {
	return Info{Format: RAW, Size: m.size, FileSize: m.size, Allocated: sparse.Length(m.data)}
}

func (m *rawImage) extents() iter.Seq2[Extent, error] {
	return func(yield func(Extent, error) bool) {
		for _, e := range m.data {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (m *rawImage) readAt(p []byte, off int64) error { return readFull(m.r, p, off) }

// check has nothing to look at.
func (m *rawImage) check(context.Context) error { return nil }

// readFull fills p from off on. A file that ends too early is ErrTruncated.
func readFull(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	switch {
	case n == len(p):
		return nil
	case err == io.EOF:
		return fmt.Errorf("read at byte %d: %w", off+int64(n), ErrTruncated)
	}
	return err
}
