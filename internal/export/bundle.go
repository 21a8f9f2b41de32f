package export

import (
	"context"
	"errors"
	"fmt"
	"io"

	"amiforge/bundle"
	"amiforge/diskimg"
)

// A Bundle is the content of a bundle's image: raw by definition, whatever it looks like.
type Bundle struct {
	bundle *bundle.Bundle
	name   string
	begun  *bundle.Reader // opened for Map, for Source to go on with
}

// NewBundle returns the content of b, which errors call name.
func NewBundle(b *bundle.Bundle, name string) *Bundle { return &Bundle{bundle: b, name: name} }

// Size returns the image's length in bytes, as the signed manifest says it.
func (b *Bundle) Size() int64 { return b.bundle.Manifest.Image.Size }

// Source begins to read the image, or goes on where Map left off.
func (b *Bundle) Source(ctx context.Context) (Source, error) {
	r, err := b.begin(ctx)
	b.begun = nil
	if err != nil {
		return nil, err
	}
	return &bundleSource{Reader: r, name: b.name}, nil
}

// Map returns the sparse map of the bundle's tar; one that is not sparse tells nothing. What it begins lasts as long as ctx.
func (b *Bundle) Map(ctx context.Context, _ int64) ([]diskimg.Extent, bool, error) {
	r, err := b.begin(ctx)
	if err != nil {
		return nil, false, err
	}
	b.begun = r
	extents, err := r.Extents()
	if err != nil {
		return nil, false, Named(b.name, err)
	}
	found := make([]diskimg.Extent, len(extents))
	for i, e := range extents {
		found[i] = diskimg.Extent(e)
	}
	return found, !covers(found, b.Size()), nil
}

func covers(extents []diskimg.Extent, size int64) bool {
	return len(extents) == 1 && extents[0] == diskimg.Extent{Length: size}
}

func (b *Bundle) begin(ctx context.Context) (*bundle.Reader, error) {
	if b.begun != nil {
		return b.begun, nil
	}
	return b.bundle.NewReader(ctx)
}

// Close ends the reading that Map began.
func (b *Bundle) Close() error {
	if b.begun == nil {
		return nil
	}
	return b.begun.Close()
}

// A bundleSource is a bundle.Reader with the extents of package diskimg, which are alike, and errors that say
// which bundle is not as it should be.
type bundleSource struct {
	*bundle.Reader
	name string
}

func (s *bundleSource) Next() (diskimg.Extent, error) {
	e, err := s.Reader.Next()
	return diskimg.Extent(e), s.named(err)
}

func (s *bundleSource) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	return n, s.named(err)
}

func (s *bundleSource) named(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return Named(s.name, err)
}

// Named says that it is the bundle called name that is not as it should be, where err names no part of it.
func Named(name string, err error) error {
	if _, ok := errors.AsType[*bundle.PartError](err); ok || !errors.Is(err, bundle.ErrVerify) {
		return err
	}
	return fmt.Errorf("%s: %w", name, err)
}
