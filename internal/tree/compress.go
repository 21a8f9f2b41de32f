package tree

import (
	"bufio"
	"context"
	"errors"
	"io"

	"amiforge/internal/compressed"
)

// maxMemory bounds what decompressing takes, in bytes: of zstd a window of half of it, that of zstd --long, and of xz the
// dictionary.
const maxMemory = 256 << 20

// decompress returns what is in r, which its first bytes tell. What is known and no tar archive is refused by name.
func decompress(ctx context.Context, r io.Reader) (io.ReadCloser, error) {
	in := bufio.NewReaderSize(r, 256<<10)
	head, err := in.Peek(compressed.Head)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if len(head) == 0 {
		return nil, errors.New("the file is empty")
	}
	if kind := otherKind(head); kind != "" {
		return nil, &NotTarError{Kind: kind}
	}
	if !compressed.Is(head) {
		return io.NopCloser(in), nil
	}
	plain, err := compressed.NewReader(in, maxMemory)
	if err != nil {
		return nil, noEOF(err)
	}
	return newAhead(ctx, plain), nil
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

func newAhead(ctx context.Context, r io.ReadCloser) *ahead {
	ctx, cancel := context.WithCancel(ctx)
	a := &ahead{cancel: cancel, ctx: ctx, full: make(chan piece, aheadPieces), free: make(chan []byte, aheadPieces+2), ended: make(chan struct{})}
	for range cap(a.free) {
		a.free <- nil
	}
	go a.fill(r)
	return a
}

func (a *ahead) fill(r io.ReadCloser) {
	defer close(a.ended)
	defer r.Close()
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
