package bundle

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
)

// blockSize is how much of the tar stream one deflate block of ours holds, in bytes. Blocks do not refer to
// each other, so that all cores can work on them, when writing and when reading.
const blockSize = 1 << 20

// blockEnd ends each block: the empty stored block of a sync flush, and a second one, which decoders read as
// nothing and which makes the boundary stand out. (pigz -i marks its independent blocks in the same way.)
const blockEnd = syncFlush + "\x00" + syncFlush

// syncFlush is how an empty stored block ends, after its bits are filled up to a byte.
const syncFlush = "\x00\x00\xff\xff"

const (
	gzipHeader = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" // RFC 1952: deflate, no name, no time, Unix
	finalBlock = "\x01\x00\x00\xff\xff"                     // RFC 1951: an empty stored block, the last
)

// gzipWriter compresses what is written to it as one gzip member, on several cores. Blocks reach dst in
// order, from one goroutine. It holds two blocks a worker and a few, each about 2 MiB.
type gzipWriter struct {
	dst   io.Writer
	cur   *block
	free  chan *block
	work  chan *block
	order chan *block
	done  sync.WaitGroup

	crc uint32
	n   uint32 // length modulo 2^32

	mu  sync.Mutex
	err error // the first, sticky
}

type block struct {
	in    []byte
	out   bytes.Buffer
	ready chan error
}

// newGzipWriter starts the workers, which live until Close.
func newGzipWriter(dst io.Writer, level, workers int) *gzipWriter {
	n := 2*workers + 2
	z := &gzipWriter{
		dst:  dst,
		free: make(chan *block, n), work: make(chan *block, n), order: make(chan *block, n),
	}
	for range n {
		z.free <- &block{in: make([]byte, 0, blockSize), ready: make(chan error, 1)}
	}
	z.cur = <-z.free
	for range workers {
		z.done.Go(func() { z.compress(level) })
	}
	z.done.Go(z.drain)
	return z
}

func (z *gzipWriter) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		n := copy(z.cur.in[len(z.cur.in):blockSize], p)
		z.cur.in = z.cur.in[:len(z.cur.in)+n]
		p, written = p[n:], written+n
		if len(z.cur.in) < blockSize {
			break
		}
		z.submit()
		if err := z.sticky(); err != nil {
			return written, err
		}
	}
	return written, nil
}

// Close compresses what is left, writes the trailer and stops the workers. It does not close dst, and it
// must be called after an error too.
func (z *gzipWriter) Close() error {
	if len(z.cur.in) > 0 {
		z.submit()
	}
	close(z.work)
	close(z.order)
	z.done.Wait()
	if z.err != nil {
		return z.err
	}
	end := binary.LittleEndian.AppendUint32([]byte(finalBlock), z.crc)
	_, z.err = z.dst.Write(binary.LittleEndian.AppendUint32(end, z.n))
	return z.err
}

// submit hands the current block over and takes a free one.
func (z *gzipWriter) submit() {
	z.order <- z.cur
	z.work <- z.cur
	z.cur = <-z.free
	z.cur.in = z.cur.in[:0]
}

func (z *gzipWriter) compress(level int) {
	w, err := flate.NewWriter(io.Discard, level)
	for b := range z.work {
		if err == nil {
			err = b.deflate(w)
		}
		b.ready <- err
	}
}

// deflate compresses b.in to b.out.
func (b *block) deflate(w *flate.Writer) error {
	b.out.Reset()
	w.Reset(&b.out)
	if _, err := w.Write(b.in); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	b.out.WriteString(blockEnd[len(syncFlush):])
	return nil
}

// drain writes the compressed blocks in order. After an error it only keeps the blocks moving.
func (z *gzipWriter) drain() {
	_, err := io.WriteString(z.dst, gzipHeader)
	z.fail(err)
	for b := range z.order {
		if ready := <-b.ready; err == nil {
			err = ready
		}
		if err == nil {
			z.crc = crc32.Update(z.crc, crc32.IEEETable, b.in)
			z.n += uint32(len(b.in))
			_, err = z.dst.Write(b.out.Bytes())
		}
		z.fail(err)
		z.free <- b
	}
}

func (z *gzipWriter) fail(err error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.err == nil {
		z.err = err
	}
}

func (z *gzipWriter) sticky() error {
	z.mu.Lock()
	defer z.mu.Unlock()
	return z.err
}
