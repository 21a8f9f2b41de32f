package diskimg

import (
	"context"
	"io"
	"runtime"
	"sync"
)

// readChunk is how much of a disk a Reader reads at a time, in bytes: whole VMDK grains, a part of a VHD block.
const readChunk = 512 << 10

// A Source is the content of a disk as a stream: Next goes to the next extent of data, Read reads it. Extents
// ascend and may adjoin; what is not in one is zero. Next returns io.EOF only when all that was read is known to
// be right. A Reader is one, and so is, but for the type of its extents, the reader of a bundle.
type Source interface {
	Next() (Extent, error)
	io.Reader
}

// A Reader reads a disk from one end to the other, several chunks at a time, holes left out. Memory is bounded:
// a chunk of 512 KiB a processor and three more.
type Reader struct {
	cancel  context.CancelFunc
	ctx     context.Context
	d       *Disk
	order   chan *readJob
	free    chan []byte
	workers sync.WaitGroup
	current *readJob
	rest    []byte // of the current chunk, not read yet
	err     error  // what Next ended with
}

// A readJob is a chunk of the disk that is read, or being read.
type readJob struct {
	Extent
	buf  []byte
	err  error
	done chan struct{} // closed once buf is filled or err is set
}

// NewReader begins to read the disk. Close must be called.
func (d *Disk) NewReader(ctx context.Context) *Reader {
	ctx, cancel := context.WithCancel(ctx)
	n := runtime.GOMAXPROCS(0)
	r := &Reader{cancel: cancel, ctx: ctx, d: d, order: make(chan *readJob, n+1), free: make(chan []byte, n+3)}
	for range cap(r.free) {
		r.free <- nil // made when they are needed: many disks are small
	}
	jobs := make(chan *readJob)
	for range n {
		r.workers.Go(func() { d.work(jobs) })
	}
	r.workers.Go(func() { r.plan(jobs) })
	return r
}

func (d *Disk) work(jobs <-chan *readJob) {
	for j := range jobs {
		j.err = d.image.readAt(j.buf, j.Offset)
		close(j.done)
	}
}

// plan cuts the extents into chunks and hands them out.
func (r *Reader) plan(jobs chan<- *readJob) {
	defer close(r.order)
	defer close(jobs)
	for e, err := range r.d.Extents() {
		if err != nil {
			failed := &readJob{err: err, done: make(chan struct{})}
			close(failed.done)
			r.hand(failed, nil)
			return
		}
		for off := e.Offset; off < e.End(); {
			n := min(readChunk-off%readChunk, e.End()-off)
			if !r.hand(&readJob{Extent: Extent{off, n}, done: make(chan struct{})}, jobs) {
				return
			}
			off += n
		}
	}
}

// hand gives j to the reader and, unless jobs is nil, to a worker. It returns false if reading has ended.
func (r *Reader) hand(j *readJob, jobs chan<- *readJob) bool {
	if jobs != nil {
		select {
		case buf := <-r.free:
			if buf == nil {
				buf = make([]byte, readChunk)
			}
			j.buf = buf[:j.Length]
		case <-r.ctx.Done():
			return false
		}
		select {
		case jobs <- j:
		case <-r.ctx.Done():
			return false
		}
	}
	select {
	case r.order <- j:
		return true
	case <-r.ctx.Done():
		return false
	}
}

// Next goes to the next extent, over what is left of the current one, and at the end returns io.EOF. An error
// stays: further calls return it again.
func (r *Reader) Next() (Extent, error) {
	p, off, err := r.chunk()
	r.rest = p
	return Extent{off, int64(len(p))}, err
}

// Read reads from the current extent and returns io.EOF at its end.
func (r *Reader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// chunk is Next and Read in one, without a copy. The bytes are valid until the next call.
func (r *Reader) chunk() (p []byte, off int64, err error) {
	if r.err != nil {
		return nil, 0, r.err
	}
	if r.current != nil {
		r.free <- r.current.buf[:readChunk] // there is room: it came from there
		r.current = nil
	}
	j, err := r.receive()
	if err != nil {
		r.err = err
		return nil, 0, err
	}
	r.current = j
	return j.buf, j.Offset, nil
}

func (r *Reader) receive() (*readJob, error) {
	if err := context.Cause(r.ctx); err != nil {
		return nil, err
	}
	select {
	case j, ok := <-r.order:
		if !ok {
			return nil, r.end()
		}
		<-j.done // a read is not waited for long
		if j.err != nil {
			return nil, r.d.explain(j.err)
		}
		return j, nil
	case <-r.ctx.Done():
		return nil, context.Cause(r.ctx)
	}
}

// explain returns err, which reading ended with, or, if the file has changed, that: it is the reason for the rest.
func (d *Disk) explain(err error) error {
	if changed := d.unchanged(); changed != nil {
		return changed
	}
	return err
}

// end returns io.EOF if everything was read, and nothing has changed meanwhile.
func (r *Reader) end() error {
	if err := context.Cause(r.ctx); err != nil {
		return err
	}
	if err := r.d.unchanged(); err != nil {
		return err
	}
	return io.EOF
}

// Close ends the reading and waits for everything that it started. Closing again does nothing.
func (r *Reader) Close() error {
	r.cancel()
	for range r.order {
	}
	r.workers.Wait()
	return nil
}
