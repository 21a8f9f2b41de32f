package filesystem

import (
	"io"
	"io/fs"
)

const (
	maxReadAtOnce = 64 << 20  // bytes
	maxReadInCall = 512 << 20 // bytes of one call of go-diskfs
	maxCallReads  = 1 << 18   // times
)

// A budget is what go-diskfs reads from. It fails where a call reads too often or too much, as one that goes in
// circles does, and where too much is asked for at once, as where memory was made for a number that is a lie.
type budget struct {
	r     io.ReaderAt
	size  int64
	bytes int64 // that are left to the call
	reads int
	err   error // of r, which go-diskfs may leave out
}

// begin gives the next call all there is.
func (b *budget) begin() { b.bytes, b.reads, b.err = maxReadInCall, maxCallReads, nil }

func (b *budget) ReadAt(p []byte, off int64) (int, error) {
	b.bytes -= int64(len(p))
	b.reads--
	switch {
	case len(p) > maxReadAtOnce || b.bytes < 0 || b.reads < 0:
		return 0, b.fail(damagedf("more is read than there can be"))
	case off < 0 || off > b.size:
		return 0, b.fail(damagedf("byte %d is read of %d", off, b.size))
	}
	n, err := b.r.ReadAt(p[:min(int64(len(p)), b.size-off)], off)
	if err != nil && err != io.EOF {
		return n, b.fail(err)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (b *budget) fail(err error) error {
	if b.err == nil {
		b.err = err
	}
	return err
}

func (b *budget) Seek(off int64, whence int) (int64, error) {
	if off != 0 || whence != io.SeekEnd {
		return 0, fs.ErrInvalid
	}
	return b.size, nil
}

func (b *budget) Read([]byte) (int, error)   { return 0, fs.ErrInvalid }
func (b *budget) Stat() (fs.FileInfo, error) { return nil, fs.ErrInvalid }
func (b *budget) Close() error               { return nil }
func (b *budget) Path() string               { return "" }
