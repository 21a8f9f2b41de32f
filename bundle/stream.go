package bundle

import (
	"hash"
	"io"

	"amiforge/manifest"
)

// noEOF returns err, where an end of the data is never what was expected.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// digestOf returns what h, a SHA-1, has come to.
func digestOf(h hash.Hash) manifest.Digest { return manifest.Digest(h.Sum(nil)) }

// progressReader reports what is read through it.
type progressReader struct {
	r      io.Reader
	report func(n int64)
}

func (r *progressReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if r.report != nil && n > 0 {
		r.report(int64(n))
	}
	return n, err
}
