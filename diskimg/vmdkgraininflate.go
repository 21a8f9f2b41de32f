package diskimg

import (
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/zlib"
)

// A grainReader is what reading compressed grains needs. It is kept and used again.
type grainReader struct {
	file   []byte // a run of grains as they are in the file
	grain  []byte // one of them that is not wanted, or not sure to be there, as a whole
	source bytes.Reader
	zlib   io.ReadCloser
	more   [1]byte
}

var (
	errTooLong  = errors.New("it is longer than a grain")
	errTrailing = errors.New("something comes after the compressed data")
)

// inflate decompresses packed, all of it, into out and returns its length, which must not be more than out's. The
// checksum is checked.
func (z *grainReader) inflate(out, packed []byte) (int, error) {
	z.source.Reset(packed)
	if err := z.reset(); err != nil {
		return 0, err
	}
	n := 0
	var err error
	for n < len(out) && err == nil {
		var m int
		m, err = z.zlib.Read(out[n:])
		n += m
	}
	if err == nil {
		err = z.atEnd()
	}
	if err != io.EOF {
		return n, err
	}
	if z.source.Len() > 0 {
		return n, errTrailing
	}
	return n, nil
}

// atEnd reads on where a whole grain was read, and returns io.EOF if that was all.
func (z *grainReader) atEnd() error {
	for {
		n, err := z.zlib.Read(z.more[:])
		if n > 0 {
			return errTooLong
		}
		if err != nil {
			return err
		}
	}
}

func (z *grainReader) reset() (err error) {
	if z.zlib == nil {
		z.zlib, err = zlib.NewReader(&z.source)
		return err
	}
	return z.zlib.(zlib.Resetter).Reset(&z.source, nil)
}
