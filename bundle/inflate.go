package bundle

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
)

const (
	// maxSegment bounds a compressed block of ours, in bytes: deflate grows data by a few bytes in 64 KiB.
	maxSegment = blockSize + 64<<10

	// windowSize is how far deflate refers back, in bytes.
	windowSize = 32 << 10
)

// errQuit ends the goroutine of a gzipReader that is closed early.
var errQuit = errors.New("closed")

// A gzipReader decompresses a gzip stream of any number of members. Where gzipWriter made it, its blocks
// are found by their blockEnd and decompressed on all cores; where a supposed block does not stand for
// itself, and for every other gzip, decompression goes on in order in one goroutine. Either way the result is
// what gunzip gives, checksum and length are checked, and what follows the last member is an error.
// It holds two blocks a worker and a few, each about 2 MiB.
type gzipReader struct {
	src  *bufio.Reader
	free chan *segment
	work chan *segment
	out  chan *segment
	quit chan struct{}
	done sync.WaitGroup

	crc    uint32 // of the first member so far
	n      uint32 // and its length modulo 2^32
	window []byte // and its last windowSize bytes
	err    error  // why out was closed, io.EOF where all is well

	cur  *segment // what Read hands out
	left []byte
}

// A segment is a block on its way through a gzipReader.
type segment struct {
	raw   []byte
	out   []byte
	ready chan error
}

// newGzipReader starts the workers, which live until Close; src must end or fail for Close to return.
func newGzipReader(src io.Reader, workers int) *gzipReader {
	n := 2*workers + 2
	z := &gzipReader{
		src:  bufio.NewReaderSize(src, maxSegment),
		free: make(chan *segment, n), work: make(chan *segment, n), out: make(chan *segment, n),
		quit: make(chan struct{}),
	}
	for range n {
		z.free <- &segment{out: make([]byte, blockSize+1), ready: make(chan error, 1)}
	}
	for range workers {
		z.done.Go(z.inflate)
	}
	z.done.Go(func() {
		defer close(z.out)
		defer close(z.work)
		z.err = z.run()
	})
	return z
}

func (z *gzipReader) Read(p []byte) (int, error) {
	for len(z.left) == 0 {
		if z.cur != nil {
			z.free <- z.cur
			z.cur = nil
		}
		s, more := <-z.out
		if !more {
			return 0, z.err
		}
		z.cur, z.left = s, s.out
	}
	n := copy(p, z.left)
	z.left = z.left[n:]
	return n, nil
}

// Close stops the workers and waits for them.
func (z *gzipReader) Close() error {
	close(z.quit)
	for range z.out { // let run end
	}
	z.done.Wait()
	return nil
}

// run decompresses everything into out. It returns io.EOF at the end.
func (z *gzipReader) run() error {
	head, _ := z.src.Peek(maxSegment)
	if !bytes.HasPrefix(head, []byte(gzipHeader)) || !bytes.Contains(head, []byte(blockEnd)) {
		return z.members()
	}
	z.src.Discard(len(gzipHeader))
	rest, err := z.blocks()
	if err != nil {
		return err
	}
	z.src = bufio.NewReader(rest)
	if err := z.firstMember(); err != nil {
		return err
	}
	if _, err := z.src.Peek(1); err != nil {
		return err
	}
	return z.members()
}

// blocks decompresses independent blocks as long as they are found, several at a time. It returns what is
// left of the member: its end, or everything from the first block that is not independent.
func (z *gzipReader) blocks() (rest io.Reader, err error) {
	var queue []*segment
	for more := true; ; {
		for more && len(queue) < cap(z.work)-1 {
			s, err := z.next()
			if err != nil {
				return nil, err
			}
			if more = s != nil; more {
				queue = append(queue, s)
				z.work <- s
			}
		}
		if len(queue) == 0 {
			return z.src, nil
		}
		s := queue[0]
		if <-s.ready != nil {
			return z.resume(queue), nil
		}
		queue = queue[1:]
		z.account(s.out)
		if err := z.emit(s); err != nil {
			return nil, err
		}
	}
}

// next reads a block up to its blockEnd; nil where there is none.
func (z *gzipReader) next() (*segment, error) {
	head, err := z.src.Peek(maxSegment)
	if err != nil && err != io.EOF {
		return nil, err
	}
	i := bytes.Index(head, []byte(blockEnd))
	if i < 0 {
		return nil, nil
	}
	s, err := z.take()
	if err != nil {
		return nil, err
	}
	s.raw = append(s.raw[:0], head[:i+len(blockEnd)]...)
	z.src.Discard(len(s.raw))
	return s, nil
}

// resume returns the stream from the first segment of the queue on, once the workers are done with it.
func (z *gzipReader) resume(queue []*segment) io.Reader {
	var readers []io.Reader
	for i, s := range queue {
		if i > 0 {
			<-s.ready
		}
		readers = append(readers, bytes.NewReader(bytes.Clone(s.raw)))
		z.free <- s
	}
	return io.MultiReader(append(readers, z.src)...)
}

// firstMember decompresses the rest of the first member in order, and checks its trailer.
func (z *gzipReader) firstMember() error {
	if err := z.copy(flate.NewReaderDict(z.src, z.window), true); err != nil {
		return gunzipError(err)
	}
	var trailer [8]byte
	if _, err := io.ReadFull(z.src, trailer[:]); err != nil {
		return fmt.Errorf("gunzip: trailer: %w", noEOF(err))
	}
	if binary.LittleEndian.Uint32(trailer[:]) != z.crc || binary.LittleEndian.Uint32(trailer[4:]) != z.n {
		return invalidf("gunzip: checksum or length is wrong")
	}
	return nil
}

// members decompresses gzip members up to the end of the stream.
func (z *gzipReader) members() error {
	r, err := gzip.NewReader(z.src)
	for err == nil {
		r.Multistream(false)
		if err = z.copy(r, false); err != nil {
			break
		}
		if _, err = z.src.Peek(1); err != nil {
			return err
		}
		if r.Reset(z.src) != nil {
			return invalidf("gunzip: there is something behind the compressed data")
		}
	}
	return gunzipError(noEOF(err))
}

// gunzipError tells damaged data from a source that fails.
func gunzipError(err error) error {
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	if corrupt || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) {
		return invalidf("gunzip: %w", err)
	}
	return fmt.Errorf("gunzip: %w", err)
}

// copy emits what r yields until it ends.
func (z *gzipReader) copy(r io.Reader, account bool) error {
	for {
		s, err := z.take()
		if err != nil {
			return err
		}
		n, err := io.ReadFull(r, s.out[:blockSize])
		s.out = s.out[:n]
		if account {
			z.account(s.out)
		}
		if emitted := z.emit(s); emitted != nil {
			return emitted
		}
		if err != nil {
			return atEnd(r, err)
		}
	}
}

// atEnd tells whether err, from io.ReadFull, means that r has ended as it should.
func atEnd(r io.Reader, err error) error {
	if err != io.EOF && err != io.ErrUnexpectedEOF {
		return err
	}
	if _, err := r.Read(make([]byte, 1)); err != io.EOF { // an r that was cut short says so again
		return err
	}
	return nil
}

func (z *gzipReader) take() (*segment, error) {
	select {
	case s := <-z.free:
		s.out = s.out[:cap(s.out)]
		return s, nil
	case <-z.quit:
		return nil, errQuit
	}
}

func (z *gzipReader) emit(s *segment) error {
	select {
	case z.out <- s:
		return nil
	case <-z.quit:
		return errQuit
	}
}

// account adds to the checksum, the length and the window of the first member.
func (z *gzipReader) account(p []byte) {
	z.crc = crc32.Update(z.crc, crc32.IEEETable, p)
	z.n += uint32(len(p))
	if len(p) < windowSize {
		p = append(bytes.Clone(z.window), p...)
	}
	z.window = append(z.window[:0], p[max(0, len(p)-windowSize):]...)
}

// inflate decompresses segments, each on its own.
func (z *gzipReader) inflate() {
	for s := range z.work {
		s.ready <- s.inflate()
	}
}

var errNotIndependent = errors.New("not an independent block")

// inflate decompresses s.raw to s.out. It fails unless raw is a whole number of deflate blocks that refer to
// nothing before them and give at most blockSize bytes.
func (s *segment) inflate() error {
	src := bytes.NewReader(s.raw)
	var marked, whole bool // a block ended right before the second empty one; and at the end of raw
	blockEnded := func(at flate.InflateCheckpoint) {
		aligned := at.BitOffset == 0 && !at.Final
		whole = aligned && marked && src.Len() == 0
		marked = aligned && src.Len() == len(blockEnd)-len(syncFlush)
	}
	r := flate.NewReaderOpts(src, flate.WithEobCallback(blockEnded))
	n, err := io.ReadFull(r, s.out)
	if err != io.ErrUnexpectedEOF || !whole {
		return errNotIndependent
	}
	s.out = s.out[:n]
	return nil
}
