// Package compressed reads what is compressed with gzip, zstd, xz or bzip2, which its first bytes tell, in bounded memory.
package compressed

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// Head is how many bytes Is needs to see.
const Head = 10

// Is tells whether head, the beginning of a file, begins something that is compressed.
func Is(head []byte) bool { return kindOf(head) != nil }

// NewReader returns what is compressed in r. The decoder takes about memory bytes at most: what wants a larger window is an
// error, as is what Is does not know. It must be closed; that does not close r.
func NewReader(r io.Reader, memory int64) (io.ReadCloser, error) {
	in := bufio.NewReader(r)
	head, err := in.Peek(Head)
	if err != nil && err != io.EOF {
		return nil, err
	}
	open := kindOf(head)
	if open == nil {
		return nil, errors.New("it is not compressed")
	}
	return open(in, memory)
}

type opener func(r *bufio.Reader, memory int64) (io.ReadCloser, error)

// kindOf returns what opens a file that begins with head, nil if it is not compressed.
func kindOf(head []byte) opener {
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return openGzip
	case isBzip2(head):
		return openBzip2
	case bytes.HasPrefix(head, []byte("\xfd7zXZ\x00")):
		return openXZ
	case isZstd(head):
		return openZstd
	}
	return nil
}

// isBzip2 tells whether head begins a bzip2 file: with a block, or the end where there is none.
func isBzip2(head []byte) bool {
	return len(head) >= Head && bytes.HasPrefix(head, []byte("BZh")) && (string(head[4:10]) == "\x31\x41\x59\x26\x53\x59" || string(head[4:10]) == "\x17\x72\x45\x38\x50\x90")
}

// isZstd tells whether head begins a zstd file: with a frame, or with one to skip [RFC 8878, 3.1].
func isZstd(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")) || len(head) >= 4 && head[0]&0xf0 == 0x50 && bytes.Equal(head[1:4], []byte("\x2a\x4d\x18"))
}

func openGzip(r *bufio.Reader, _ int64) (io.ReadCloser, error) { return gzip.NewReader(r) }

func openBzip2(r *bufio.Reader, _ int64) (io.ReadCloser, error) {
	return io.NopCloser(bzip2.NewReader(r)), nil
}

func openXZ(r *bufio.Reader, memory int64) (io.ReadCloser, error) {
	const least = 8 << 20 // of the decoder
	plain, err := xz.ReaderConfig{DictCap: least}.NewReader(bufio.NewReader(newXZGuard(r, uint64(memory))))
	return io.NopCloser(plain), err
}

func openZstd(r *bufio.Reader, memory int64) (io.ReadCloser, error) {
	z, err := zstd.NewReader(r, zstd.WithDecoderMaxWindow(uint64(memory/2)), zstd.WithDecoderMaxMemory(uint64(memory)))
	if err != nil {
		return nil, err
	}
	return z.IOReadCloser(), nil
}

// IsTrailing tells whether err, of a Read, is about what follows the compressed data, such as the zeros that bsdtar pads a
// pipe with: what comes before is whole, its checksum right.
func IsTrailing(err error) bool {
	if _, ok := errors.AsType[bzip2.StructuralError](err); ok {
		return strings.Contains(err.Error(), "continuation")
	}
	return errors.Is(err, gzip.ErrHeader) || errors.Is(err, zstd.ErrMagicMismatch)
}
