package diskimg

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// maxFixedVHD is the longest disk that is written as a fixed VHD, in bytes: 32 TiB, as Azure takes it. The format
// has no limit but that of its 64 bits; Hyper-V and qemu read no more than 2040 GiB.
const maxFixedVHD = 32 << 40

// newVHDFooter returns the footer of a disk of size bytes. It is what Hyper-V would write: of its creator everybody
// takes the size for the size.
func newVHDFooter(size int64, kind uint32, o *CreateOptions) (*vhdFooter, error) {
	f := &vhdFooter{
		Cookie:         [8]byte([]byte(vhdCookie)),
		Features:       vhdReserved,
		Version:        vhdVersion,
		DataOffset:     vhdNone,
		Time:           vhdTime(o.Time),
		Creator:        [4]byte([]byte("win ")),
		CreatorVersion: 10 << 16,
		CreatorOS:      [4]byte([]byte("Wi2k")),
		OriginalSize:   uint64(size),
		CurrentSize:    uint64(size),
		Geometry:       geometryOf(size),
		Type:           kind,
	}
	if _, err := io.ReadFull(o.Rand, f.UUID[:]); err != nil {
		return nil, fmt.Errorf("create vhd: make a UUID: %w", err)
	}
	f.UUID[6] = f.UUID[6]&0x0f | 0x40 // version 4, of random bits [RFC 9562, section 5.4]
	f.UUID[8] = f.UUID[8]&0x3f | 0x80
	return f, nil
}

// A fixedVHDEncoder writes a disk as it is, and a footer.
type fixedVHDEncoder struct {
	flatEncoder
	o *CreateOptions
}

func newFixedVHD(t Target, size int64, o *CreateOptions) (func(context.Context) encoder, Layout, error) {
	switch {
	case size > maxFixedVHD:
		return nil, Layout{}, fmt.Errorf("create vhd: %d bytes are more than the 32 TiB of a fixed VHD", size)
	case size == 0:
		return nil, Layout{}, errors.New("create vhd: a disk of 0 bytes cannot be a fixed VHD, which nobody would read")
	}
	begin := func(context.Context) encoder {
		return &fixedVHDEncoder{flatEncoder{t: t, size: size}, o}
	}
	return begin, Layout{FileSize: size + vhdFooterSize}, nil
}

func (e *fixedVHDEncoder) finish() error {
	footer, err := newVHDFooter(e.size, vhdFixed, e.o)
	if err != nil {
		return err
	}
	e.tail = footer.bytes()
	return e.flatEncoder.finish()
}
