package diskimg

import (
	"context"
	"errors"
	"fmt"
	"io"

	"amiforge/internal/sparse"
)

// A Writer writes the content of a disk into an image file: in ascending order, holes left out. Runs of zeros in
// what is written become holes too. After an error the file is worthless.
type Writer struct {
	ctx      context.Context
	encoder  encoder
	size     int64
	end      int64 // of what was written
	progress func(n int64)
	err      error
}

// Create begins the image of a disk of size bytes in t. Close must be called, and Finish before it, or there is
// no image.
func Create(ctx context.Context, t Target, size int64, opts *CreateOptions) (*Writer, error) {
	begin, _, err := opts.begin(t, size)
	if err != nil {
		return nil, err
	}
	w := &Writer{ctx: ctx, encoder: begin(ctx), size: size, progress: opts.Progress}
	if w.progress == nil {
		w.progress = func(int64) {}
	}
	return w, nil
}

// WriteAt writes p at off of the disk, which must not lie before the end of what was written before.
func (w *Writer) WriteAt(p []byte, off int64) (int, error) {
	if w.err == nil {
		w.err = w.write(p, off)
	}
	if w.err != nil {
		return 0, w.err
	}
	return len(p), nil
}

func (w *Writer) write(p []byte, off int64) error {
	switch {
	case w.ctx.Err() != nil:
		return context.Cause(w.ctx)
	case off < w.end:
		return fmt.Errorf("write disk image: byte %d comes after byte %d", off, w.end)
	case off > w.size || int64(len(p)) > w.size-off:
		return fmt.Errorf("write disk image: %d bytes at %d are more than its %d bytes", len(p), off, w.size)
	}
	advanced := off + int64(len(p)) - w.end
	w.end += advanced
	for unit := w.encoder.unit(); len(p) > 0; {
		n, zero := sparse.Run(p, off, unit)
		if !zero {
			if err := w.encoder.write(p[:n], off); err != nil {
				return err
			}
		}
		p, off = p[n:], off+int64(n)
	}
	w.progress(advanced)
	return nil
}

// Finish completes the file.
func (w *Writer) Finish() error {
	if w.err != nil {
		return w.err
	}
	w.err = errors.New("write disk image: it is finished")
	if err := context.Cause(w.ctx); err != nil {
		return err
	}
	if err := w.encoder.finish(); err != nil {
		return err
	}
	w.progress(w.size - w.end)
	return nil
}

// Close ends everything that the Writer started. Closing again does nothing.
func (w *Writer) Close() error {
	if w.encoder != nil {
		w.encoder.close()
	}
	w.encoder, w.err = nil, errors.New("write disk image: it is closed")
	return nil
}

// CopyFrom writes the disk of size bytes whose content src yields into t. There is an image only if it returns
// nil, which it does only if src has ended with io.EOF.
func CopyFrom(ctx context.Context, t Target, src Source, size int64, opts *CreateOptions) error {
	w, err := Create(ctx, t, size, opts)
	if err != nil {
		return err
	}
	defer w.Close()
	if err := w.copyFrom(src); err != nil {
		return err
	}
	return w.Finish()
}

// copyFrom writes all of src, which must not be longer than the disk.
func (w *Writer) copyFrom(src Source) error {
	next := (&chunker{src: src}).next
	if r, ok := src.(*Reader); ok {
		next = r.chunk
	}
	for {
		p, off, err := next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := w.WriteAt(p, off); err != nil {
			return err
		}
	}
}

// A chunker cuts a Source into chunks.
type chunker struct {
	src  Source
	left Extent // of the current extent
	buf  []byte
}

// next returns the next chunk and where it stands. The bytes are valid until the next call.
func (c *chunker) next() (p []byte, off int64, err error) {
	for c.left.Length == 0 {
		if c.left, err = c.src.Next(); err != nil {
			return nil, 0, err
		}
	}
	if c.buf == nil {
		c.buf = make([]byte, readChunk)
	}
	off = c.left.Offset
	p = c.buf[:min(readChunk-off%readChunk, c.left.Length)]
	if _, err := io.ReadFull(c.src, p); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, 0, err
	}
	c.left = Extent{off + int64(len(p)), c.left.Length - int64(len(p))}
	return p, off, nil
}
