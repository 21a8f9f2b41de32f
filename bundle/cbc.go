// AES-128-CBC without authentication is what the format has; what protects the content is the signed
// manifest's SHA-1 of every part, which is checked before a byte is decrypted.

package bundle

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"io"

	"amiforge/manifest"
)

// cbcChunk is how much is encrypted or decrypted at a time, in bytes.
const cbcChunk = 256 << 10

// cbcWriter encrypts what is written to it with AES-128-CBC and PKCS #7 padding.
type cbcWriter struct {
	dst  io.Writer
	mode cipher.BlockMode
	buf  []byte // plaintext that waits, less than cbcChunk
}

func newCBCWriter(dst io.Writer, key manifest.ContentKey) *cbcWriter {
	c, err := aes.NewCipher(key.Key[:])
	if err != nil {
		panic(err) // a key of 16 bytes is always good
	}
	return &cbcWriter{dst: dst, mode: cipher.NewCBCEncrypter(c, key.IV[:]), buf: make([]byte, 0, cbcChunk)}
}

func (w *cbcWriter) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		n := copy(w.buf[len(w.buf):cap(w.buf)], p)
		w.buf = w.buf[:len(w.buf)+n]
		p, written = p[n:], written+n
		if len(w.buf) == cap(w.buf) {
			if err := w.flush(); err != nil {
				return written, err
			}
		}
	}
	return written, nil
}

// Close writes the padding. It does not close dst.
func (w *cbcWriter) Close() error {
	n := aes.BlockSize - len(w.buf)%aes.BlockSize
	for range n {
		w.buf = append(w.buf, byte(n))
	}
	return w.flush()
}

func (w *cbcWriter) flush() error {
	w.mode.CryptBlocks(w.buf, w.buf)
	_, err := w.dst.Write(w.buf)
	w.buf = w.buf[:0]
	return err
}

// cbcReader decrypts src and takes the padding off at its end.
type cbcReader struct {
	src  io.Reader
	mode cipher.BlockMode
	buf  []byte // room for the block held back, then a chunk
	out  []byte // decrypted and not yet read
	held []byte // the last block so far: it may be padding
	err  error
}

func newCBCReader(src io.Reader, key manifest.ContentKey) *cbcReader {
	c, err := aes.NewCipher(key.Key[:])
	if err != nil {
		panic(err) // a key of 16 bytes is always good
	}
	return &cbcReader{src: src, mode: cipher.NewCBCDecrypter(c, key.IV[:]), buf: make([]byte, aes.BlockSize+cbcChunk)}
}

func (r *cbcReader) Read(p []byte) (int, error) {
	for len(r.out) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		r.fill()
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

// fill decrypts the next chunk, all but its last block.
func (r *cbcReader) fill() {
	data := append(r.buf[:0], r.held...)
	n, err := io.ReadFull(r.src, r.buf[len(data):len(data)+cbcChunk])
	chunk := r.buf[len(data) : len(data)+n]
	switch {
	case err != nil && err != io.EOF && err != io.ErrUnexpectedEOF:
		r.err = err
		return
	case n%aes.BlockSize != 0:
		r.err = invalidf("decrypt: %d bytes are no whole number of cipher blocks", n)
		return
	}
	r.mode.CryptBlocks(chunk, chunk)
	data = data[:len(data)+n]
	if err != nil {
		r.out, r.err = unpad(data)
		return
	}
	r.out, r.held = data[:len(data)-aes.BlockSize], bytes.Clone(data[len(data)-aes.BlockSize:])
}

// unpad takes the PKCS #7 padding off the end of the plaintext. Its error is io.EOF where all is well.
func unpad(p []byte) ([]byte, error) {
	bad := invalidf("decrypt: the padding is wrong")
	if len(p) == 0 {
		return nil, bad
	}
	n := int(p[len(p)-1])
	if n < 1 || n > aes.BlockSize || n > len(p) {
		return nil, bad
	}
	for _, b := range p[len(p)-n:] {
		if int(b) != n {
			return nil, bad
		}
	}
	return p[:len(p)-n], io.EOF
}
