package bundle

import (
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"hash"
	"io"
	"runtime"
	"slices"
)

// ErrNoKey says that a bundle was opened without a key, so that its content cannot be read.
var ErrNoKey = errors.New("the bundle was opened without a private key")

// A Reader streams the image out of a bundle: Next goes to the next extent of data, Read reads it. What is
// not in an extent is zero. Every part is verified before a byte of it is read; that the whole is right (the
// digest of the tar stream, the gzip checksum, the lengths, nothing behind the image) is known only when
// Next returns io.EOF. Memory is bounded: OpenOptions.Memory and two blocks of 2 MiB a processor and a few.
type Reader struct {
	b      *Bundle
	ctx    context.Context
	parts  *partReader
	gz     *gzipReader
	tar    io.Reader // the gunzipped stream, hashed as it is read
	sum    hash.Hash
	member *tarMember
	next   int   // index of the extent after the current one
	left   int64 // bytes of the current extent that are not read yet
	err    error // what Next ended with, io.EOF where all is verified
	closed bool
}

// NewReader begins to read the image. Close must be called.
func (b *Bundle) NewReader(ctx context.Context) (*Reader, error) {
	if b.key == nil {
		return nil, ErrNoKey
	}
	parts, err := newPartReader(ctx, b)
	if err != nil {
		return nil, err
	}
	r := &Reader{b: b, ctx: ctx, parts: parts, sum: sha1.New()}
	r.gz = newGzipReader(newCBCReader(parts, *b.key), runtime.GOMAXPROCS(0))
	r.tar = io.TeeReader(r.gz, r.sum)
	return r, nil
}

// Next goes to the next extent, over what is left of the current one. At the end, once everything is
// verified, it returns io.EOF. An error stays: further calls return it again.
func (r *Reader) Next() (Extent, error) {
	if r.err == nil {
		r.err = r.explain(r.advance())
	}
	if r.err != nil {
		return Extent{}, r.err
	}
	return r.member.extents[r.next-1], nil
}

// Extents returns where the image's data is, ascending, before it is read: the sparse map of the tar, whose
// header is read if Next has not done it. An archive that is not sparse has one extent, all of the image. The
// errors are those of Next.
func (r *Reader) Extents() ([]Extent, error) {
	if r.err == nil {
		if err := r.explain(r.begin()); err != nil {
			r.err = err
		}
	}
	if r.member == nil {
		return nil, r.err
	}
	return slices.Clone(r.member.extents), nil
}

// advance makes the next extent the current one.
func (r *Reader) advance() error {
	if err := context.Cause(r.ctx); err != nil {
		return err
	}
	if err := r.begin(); err != nil {
		return err
	}
	if _, err := io.CopyN(io.Discard, r.tar, r.left); err != nil {
		return noEOF(err)
	}
	r.left = 0
	if r.next == len(r.member.extents) {
		return r.end()
	}
	r.left = r.member.extents[r.next].Length
	r.next++
	return nil
}

// Read reads from the current extent and returns io.EOF at its end.
func (r *Reader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	if err := context.Cause(r.ctx); err != nil { // much may be decompressed already
		return 0, err
	}
	n, err := r.tar.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	if err == io.EOF && r.left == 0 {
		err = nil
	}
	return n, r.explain(noEOF(err))
}

// Close ends the reading and waits for everything that it started. Closing again does nothing.
func (r *Reader) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	r.parts.cancel()
	err := r.gz.Close()
	return errors.Join(err, r.parts.Close())
}

// begin reads the tar header, once, and holds it against the manifest, before anything is handed out.
func (r *Reader) begin() error {
	if r.member != nil {
		return nil
	}
	m, err := readTarHeader(r.tar)
	if err != nil {
		return fmt.Errorf("tar: %w", err)
	}
	if want := r.b.Manifest.Image.Size; m.size != want {
		return invalidf("tar: the image is %d bytes long, manifest says %d", m.size, want)
	}
	r.member = m
	return nil
}

// end reads to the end of the stream and compares its digest. It returns io.EOF where all is well.
func (r *Reader) end() error {
	if err := readTarEnd(r.tar, r.member.stored); err != nil {
		return fmt.Errorf("tar: %w", err)
	}
	if got, want := digestOf(r.sum), r.b.Manifest.Image.Digest; got != want {
		return invalidf("image: sha1 of the tar stream is %s, manifest says %s", got, want)
	}
	return io.EOF
}

// explain returns the reason for a failure: that of the context if it has ended, and for a stream that is
// cut short although its parts are verified, that the bundle is wrong.
func (r *Reader) explain(err error) error {
	switch {
	case err == nil, err == io.EOF:
		return err
	case r.ctx.Err() != nil:
		return context.Cause(r.ctx)
	}
	if part, ok := errors.AsType[*PartError](err); ok {
		return part
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return invalidf("the bundle ends before the image does: %w", err)
	}
	return err
}
