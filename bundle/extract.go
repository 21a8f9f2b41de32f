package bundle

import (
	"context"
	"io"

	"amiforge/internal/sparse"
)

// A Target is where Extract writes an image to. All of it reads as zeros at first, or Zero makes it so.
type Target interface {
	io.WriterAt

	// Zero makes n bytes from off on read as zeros. It is called for all that is not written.
	Zero(off, n int64) error
}

const (
	// extractChunk is how much Extract reads and writes at a time, in bytes.
	extractChunk = 256 << 10

	// zeroRun is the shortest run of zero bytes in data that Extract does not write but leaves a hole.
	zeroRun = 64 << 10
)

// Extract writes the image to t, holes as holes. Runs of zeros in the data become holes too. Nothing that it
// has written is the image before it returns nil. Progress, if not nil, is called with the bytes that each
// step advanced in the image, holes included.
func (b *Bundle) Extract(ctx context.Context, t Target, progress func(n int64)) error {
	r, err := b.NewReader(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	if progress == nil {
		progress = func(int64) {}
	}
	return extract(r, t, b.Manifest.Image.Size, progress)
}

func extract(r *Reader, t Target, size int64, progress func(n int64)) error {
	buf := make([]byte, extractChunk)
	var end int64
	for {
		e, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if err := zero(t, end, e.Offset-end, progress); err != nil {
			return err
		}
		if err := copyExtent(t, r, e, buf, progress); err != nil {
			return err
		}
		end = e.End()
	}
	return zero(t, end, size-end, progress)
}

func copyExtent(t Target, r io.Reader, e Extent, buf []byte, progress func(n int64)) error {
	for off := e.Offset; off < e.End(); {
		chunk := buf[:min(int64(len(buf)), e.End()-off)]
		if _, err := io.ReadFull(r, chunk); err != nil {
			return noEOF(err)
		}
		if err := writeSparse(t, chunk, off); err != nil {
			return err
		}
		off += int64(len(chunk))
		progress(int64(len(chunk)))
	}
	return nil
}

// writeSparse writes p but for its runs of zeros.
func writeSparse(t Target, p []byte, off int64) error {
	for len(p) > 0 {
		n, isHole := sparse.Run(p, off, zeroRun)
		var err error
		if isHole {
			err = t.Zero(off, int64(n))
		} else {
			_, err = t.WriteAt(p[:n], off)
		}
		if err != nil {
			return err
		}
		p, off = p[n:], off+int64(n)
	}
	return nil
}

func zero(t Target, off, n int64, progress func(n int64)) error {
	if n == 0 {
		return nil
	}
	if err := t.Zero(off, n); err != nil {
		return err
	}
	progress(n)
	return nil
}
