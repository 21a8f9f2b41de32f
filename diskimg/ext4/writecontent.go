package ext4

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"amiforge/diskimg"
)

// A fileWriter cuts the content of a file into blocks. Those that have data are in the Writer's chunk until it is full
// or a hole comes.
type fileWriter struct {
	w    *Writer
	n    *draft
	base int64 // where in the file the chunk begins, whole blocks
	have int   // bytes of the chunk that are there
}

func (w *Writer) fillFile(n *draft, size int64, content io.Reader) error {
	w.spans = w.spans[:0]
	f := &fileWriter{w: w, n: n}
	err := f.fill(size, content)
	if err == nil {
		f.flush()
		w.setExtents(n)
		n.size = size
		err = w.out.err
	}
	return err
}

func (f *fileWriter) fill(size int64, content io.Reader) error {
	source, sparse := content.(diskimg.Source)
	switch {
	case sparse:
		return f.copyExtents(size, source)
	case content != nil:
		return f.copyAll(size, content)
	case size > 0:
		return errors.New("there is no content")
	}
	return nil
}

func (f *fileWriter) copyAll(size int64, r io.Reader) error {
	if err := f.copy(size, r); err != nil {
		return err
	}
	for { // a reader may return nothing, and no error
		n, err := r.Read(f.w.block[:1])
		switch {
		case n > 0:
			return fmt.Errorf("there is more content than %d bytes", size)
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

func (f *fileWriter) copyExtents(size int64, source diskimg.Source) error {
	end := int64(0)
	for {
		e, err := source.Next()
		if err == io.EOF {
			f.w.opts.Progress(size - end)
			return nil
		}
		if err != nil {
			return err
		}
		if e.Offset < end || e.Length < 0 || e.Length > size || e.Offset > size-e.Length {
			return fmt.Errorf("an extent of %d bytes at byte %d is not after the one before and within %d bytes",
				e.Length, e.Offset, size)
		}
		f.w.opts.Progress(e.Offset - end)
		f.seek(e.Offset)
		if err := f.copy(e.Length, source); err != nil {
			return err
		}
		end = e.End()
	}
}

// seek goes to a byte that is not before the end. What lies between is zero, and a hole where it fills blocks.
func (f *fileWriter) seek(to int64) {
	first := to - to%blockSize
	if first >= f.base+int64(f.have) {
		f.flush()
		f.base = first
	}
	gap := f.w.chunk[f.have : to-f.base]
	clear(gap)
	f.have += len(gap)
}

// copy reads n bytes.
func (f *fileWriter) copy(n int64, r io.Reader) error {
	for n > 0 {
		if f.have == len(f.w.chunk) {
			f.flush()
		}
		part := min(n, int64(len(f.w.chunk)-f.have))
		got, err := io.ReadFull(r, f.w.chunk[f.have:f.have+int(part)])
		f.have += got
		n -= int64(got)
		f.w.opts.Progress(int64(got))
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return fmt.Errorf("%d bytes are missing at the end of the content: %w", n, io.ErrUnexpectedEOF)
		case err != nil:
			return err
		case f.w.out.err != nil:
			return f.w.out.err
		}
	}
	return nil
}

// flush writes the blocks of the chunk that are not zero, and goes on behind it.
func (f *fileWriter) flush() {
	blocks := (f.have + blockSize - 1) / blockSize
	clear(f.w.chunk[f.have : blocks*blockSize])
	p := f.w.chunk[:blocks*blockSize]
	for i := 0; i < blocks; {
		n := dataBlocks(p[i*blockSize:])
		if n > 0 {
			f.w.append(f.n, uint32(f.base/blockSize)+uint32(i), p[i*blockSize:(i+n)*blockSize])
		}
		i += max(n, 1)
	}
	f.base += int64(len(p))
	f.have = 0
}

// dataBlocks counts the blocks at the beginning of p that are not zero.
func dataBlocks(p []byte) int {
	n := 0
	for n*blockSize < len(p) && !isZero(p[n*blockSize:(n+1)*blockSize]) {
		n++
	}
	return n
}

// isZero compares p with itself, a byte further.
func isZero(p []byte) bool { return p[0] == 0 && bytes.Equal(p[1:], p[:len(p)-1]) }
