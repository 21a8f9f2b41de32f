package bundle

import (
	"fmt"
	"io"
	"slices"

	"amiforge/internal/sparse"
)

// A Source is the content of an image as a stream: Next goes to the next extent of data, Read reads it. Extents
// ascend; what is not in one is zero. Next returns io.EOF only when all that was read is known to be right. A
// Reader is one.
type Source interface {
	Next() (Extent, error)
	io.Reader
}

// NewImageFrom returns an image of size bytes with the content that src yields. The ascending extents are where it
// has data at most: what src yields outside of them must be zero. They are aligned and joined until a tar can hold
// their map, and what src leaves out of them is stored as zeros. Reading must end when the context of Create does: that is for src to see to.
func NewImageFrom(src Source, size int64, extents []Extent) *Image {
	extents = coalesce(extents, size, maxMap)
	return &Image{
		size: size, extents: extents,
		data:  &filledReader{src: src, extents: slices.Clone(extents)},
		check: atEOF,
		close: func() error { return nil },
	}
}

// A filledReader reads the bytes of extents, those that src does not yield as zeros.
type filledReader struct {
	src     Source
	extents []Extent // the rest of them
	have    Extent   // the rest of the current one of src
	ended   bool     // src
}

func (r *filledReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := r.advance(); err != nil {
		return 0, err
	}
	if len(r.extents) == 0 {
		return 0, io.EOF
	}
	n, err := r.fill(p[:min(int64(len(p)), r.extents[0].Length)])
	r.extents[0] = skip(r.extents[0], n)
	return n, err
}

// advance goes on to the next extents, of either kind, where the current ones are used up.
func (r *filledReader) advance() error {
	for len(r.extents) > 0 && r.extents[0].Length == 0 {
		r.extents = r.extents[1:]
	}
	for {
		if err := r.refill(); err != nil {
			return err
		}
		n := r.outside()
		if n == 0 {
			return nil
		}
		if err := r.passZeros(n); err != nil {
			return err
		}
	}
}

// refill makes have the next extent of src where the current one is used up.
func (r *filledReader) refill() error {
	for r.have.Length == 0 && !r.ended {
		e, err := r.src.Next()
		switch {
		case err == io.EOF:
			r.ended = true
		case err != nil:
			return err
		default:
			r.have = e
		}
	}
	return nil
}

// outside returns how much of what src has comes before the extents.
func (r *filledReader) outside() int64 {
	if len(r.extents) == 0 {
		return r.have.Length
	}
	return max(min(r.have.Length, r.extents[0].Offset-r.have.Offset), 0)
}

// passZeros reads n bytes that must be zero.
func (r *filledReader) passZeros(n int64) error {
	p := make([]byte, min(n, sparse.MaxZero))
	for n > 0 {
		p = p[:min(n, int64(len(p)))]
		if _, err := io.ReadFull(r.src, p); err != nil {
			return noEOF(err)
		}
		if !sparse.IsZero(p) {
			return fmt.Errorf("image: there is data at byte %d or behind it, where there should be none", r.have.Offset)
		}
		n -= int64(len(p))
		r.have = skip(r.have, len(p))
	}
	return nil
}

// fill fills p, or the beginning of it, with what stands at the first extent.
func (r *filledReader) fill(p []byte) (int, error) {
	if gap := r.have.Offset - r.extents[0].Offset; r.ended || gap > 0 {
		if !r.ended {
			p = p[:min(int64(len(p)), gap)]
		}
		clear(p)
		return len(p), nil
	}
	n, err := r.src.Read(p[:min(int64(len(p)), r.have.Length)])
	r.have = skip(r.have, n)
	if err == io.EOF && r.have.Length == 0 {
		err = nil
	}
	return n, noEOF(err)
}

// skip returns e without its first n bytes.
func skip(e Extent, n int) Extent { return Extent{e.Offset + int64(n), e.Length - int64(n)} }
