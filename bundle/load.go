package bundle

import (
	"bytes"
	"crypto/sha1"
	"io"
	"os"

	"amiforge/manifest"
)

// A loaded part is whole and verified.
type loaded struct {
	*io.SectionReader
	buf  []byte   // its memory, for the next one
	file *os.File // nil unless it is spooled
}

// Close lets go of the temporary file, if there is one.
func (l *loaded) Close() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

// load reads a part of size bytes and checks it: into buf, which grows up to slot bytes, or if it is larger
// than that into a temporary file.
func load(body io.Reader, size int64, buf []byte, slot int64, want manifest.Digest) (*loaded, error) {
	if size > slot {
		return spool(body, size, buf, want)
	}
	if int64(cap(buf)) < size {
		buf = make([]byte, size)
	}
	buf = buf[:size]
	if _, err := io.ReadFull(body, buf); err != nil {
		return nil, noEOF(err)
	}
	if err := checkDigest(sha1.Sum(buf), want); err != nil {
		return nil, err
	}
	return &loaded{SectionReader: io.NewSectionReader(bytes.NewReader(buf), 0, size), buf: buf}, nil
}

// spool is load for a part that memory has no room for.
func spool(body io.Reader, size int64, buf []byte, want manifest.Digest) (_ *loaded, err error) {
	f, err := os.CreateTemp("", "amiforge-part-*")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	if err := os.Remove(f.Name()); err != nil { // the file lives as long as it is open
		return nil, err
	}
	h := sha1.New()
	if _, err := io.CopyN(io.MultiWriter(f, h), body, size); err != nil {
		return nil, noEOF(err)
	}
	if err := checkDigest(digestOf(h), want); err != nil {
		return nil, err
	}
	return &loaded{SectionReader: io.NewSectionReader(f, 0, size), buf: buf, file: f}, nil
}

func checkDigest(got, want manifest.Digest) error {
	if got != want {
		return invalidf("sha1 is %s, manifest says %s", got, want)
	}
	return nil
}
