package tree

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// maxWindow bounds what the zstd decoder keeps of what it has decoded, in bytes: that of zstd --long.
const maxWindow = 128 << 20

// decompress returns what is in r, which its first bytes tell. What is known and no tar archive is refused by name.
func decompress(ctx context.Context, r io.Reader) (io.ReadCloser, error) {
	in := bufio.NewReaderSize(r, 256<<10)
	head, err := in.Peek(8)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if len(head) == 0 {
		return nil, errors.New("the file is empty")
	}
	if kind := otherKind(head); kind != "" {
		return nil, &NotTarError{Kind: kind}
	}
	var plain io.Reader
	closed := func() {}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		plain, err = gzip.NewReader(in)
	case bytes.HasPrefix(head, []byte("BZh")):
		plain = bzip2.NewReader(in)
	case bytes.HasPrefix(head, []byte("\xfd7zXZ\x00")):
		plain, err = xz.ReaderConfig{DictCap: 8 << 20}.NewReader(bufio.NewReader(newXZGuard(in)))
	case isZstd(head):
		var z *zstd.Decoder
		if z, err = zstd.NewReader(in, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(maxWindow<<1)); err == nil {
			plain, closed = z, z.Close
		}
	default:
		return io.NopCloser(in), nil
	}
	if err != nil {
		return nil, noEOF(err)
	}
	return newAhead(ctx, plain, closed), nil
}

// isZstd tells whether head begins a zstd file: with a frame, or with one to skip [RFC 8878, 3.1].
func isZstd(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")) || len(head) >= 4 && head[0]&0xf0 == 0x50 && bytes.Equal(head[1:4], []byte("\x2a\x4d\x18"))
}

// isTrailing tells whether err is about what follows the compressed data, such as the zeros that bsdtar pads a pipe with:
// what comes before is whole, its checksum right.
func isTrailing(err error) bool {
	if _, ok := errors.AsType[bzip2.StructuralError](err); ok {
		return strings.Contains(err.Error(), "continuation")
	}
	return errors.Is(err, gzip.ErrHeader) || errors.Is(err, zstd.ErrMagicMismatch)
}

// An ahead reads ahead in a goroutine: so much is decompressed while the consumer works.
type ahead struct {
	cancel  context.CancelFunc
	ctx     context.Context
	full    chan piece
	free    chan []byte
	ended   chan struct{}
	current piece
	rest    []byte
}

type piece struct {
	p   []byte
	err error
}

const (
	aheadPieces = 4
	aheadPiece  = 256 << 10 // bytes
)

func newAhead(ctx context.Context, r io.Reader, closed func()) *ahead {
	ctx, cancel := context.WithCancel(ctx)
	a := &ahead{cancel: cancel, ctx: ctx, full: make(chan piece, aheadPieces), free: make(chan []byte, aheadPieces+2), ended: make(chan struct{})}
	for range cap(a.free) {
		a.free <- nil
	}
	go a.fill(r, closed)
	return a
}

func (a *ahead) fill(r io.Reader, closed func()) {
	defer close(a.ended)
	defer closed()
	for {
		var p []byte
		select {
		case p = <-a.free:
		case <-a.ctx.Done():
			return
		}
		if p == nil {
			p = make([]byte, aheadPiece)
		}
		n, err := readUntil(r, p[:aheadPiece])
		select {
		case a.full <- piece{p[:n], err}:
		case <-a.ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// readUntil reads until p is full or r ends: unlike io.ReadFull it returns the error as it is.
func readUntil(r io.Reader, p []byte) (int, error) {
	got := 0
	for got < len(p) {
		n, err := r.Read(p[got:])
		got += n
		if err != nil {
			return got, err
		}
	}
	return got, nil
}

func (a *ahead) Read(p []byte) (int, error) {
	for len(a.rest) == 0 {
		if a.current.err != nil {
			return 0, a.current.err
		}
		if a.current.p != nil {
			a.free <- a.current.p
			a.current.p = nil
		}
		select {
		case a.current = <-a.full:
			a.rest = a.current.p
		case <-a.ctx.Done():
			return 0, context.Cause(a.ctx)
		}
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// Close ends reading ahead, and returns when the reader below is not used any more.
func (a *ahead) Close() error {
	a.cancel()
	<-a.ended
	return nil
}
