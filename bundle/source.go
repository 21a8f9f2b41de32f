package bundle

import (
	"fmt"
	"io"
	"slices"
)

// A Source is the content of an image as a stream: Next goes to the next extent of data, Read reads it. Extents
// ascend; what is not in one is zero. Next returns io.EOF only when all that was read is known to be right. A
// Reader is one.
type Source interface {
	Next() (Extent, error)
	io.Reader
}

// NewImageFrom returns an image of size bytes with the content that src yields. The ascending extents are where it
// has data at most; they are aligned and joined until a tar can hold their map, and what src leaves out of them is
// stored as zeros. Reading must end when the context of Create does: that is for src to see to.
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
func (r *filledReader) advance() (err error) {
	for len(r.extents) > 0 && r.extents[0].Length == 0 {
		r.extents = r.extents[1:]
	}
	for r.have.Length == 0 && !r.ended && err == nil {
		r.have, err = r.src.Next()
		if err == io.EOF {
			r.have, r.ended, err = Extent{}, true, nil
		}
	}
	if r.have.Length > 0 && (len(r.extents) == 0 || r.have.Offset < r.extents[0].Offset) {
		err = fmt.Errorf("image: there is data at byte %d, where there should be none", r.have.Offset)
	}
	return err
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
