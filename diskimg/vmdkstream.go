package diskimg

import (
	"context"
	"sync"
)

// streamOverHead is where the first grain of a streamOptimized file stands, in bytes.
const streamOverHead = 64 << 10

// A streamEncoder writes a streamOptimized VMDK in ascending order only [Virtual Disk Format 5.0, "Stream-Optimized
// Compressed Sparse Extents"]: header, descriptor, then for every 32 MiB of the disk that have data their grains
// and their grain table, then the grain directory, the footer and the end-of-stream marker. Only the footer knows
// where the directory is.
//
// Grains are compressed by o.Workers goroutines, and written by the caller's, in order. Memory is bounded by the
// jobs that there are, two a worker and two more of 1 MiB each, and by a compressor of 1 MiB a worker: 8 MiB where
// two work. Beside that there are 16 bytes for each 32 MiB of the disk that have data.
type streamEncoder struct {
	size   int64
	header vmdkHeader
	out    appender
	tables streamTables

	cancel  context.CancelFunc
	workers sync.WaitGroup
	work    chan *streamJob // to be compressed
	order   chan *streamJob // the same, until they are written
	made    int             // jobs
	cur     *streamJob      // being filled, or nil
}

func newStreamVMDK(t Target, size int64, o *CreateOptions) (func(context.Context) encoder, Layout, error) {
	if err := checkVMDKSize(size); err != nil {
		return nil, Layout{}, err
	}
	begin := func(ctx context.Context) encoder { return newStreamEncoder(ctx, t, size, o) }
	return begin, Layout{FileSize: -1}, nil
}

// newStreamEncoder starts the workers, which live until close.
func newStreamEncoder(ctx context.Context, t Target, size int64, o *CreateOptions) *streamEncoder {
	jobs := 2*o.Workers + 2
	e := &streamEncoder{
		size: size, header: streamHeader(size), tables: streamTables{table: -1},
		work: make(chan *streamJob, jobs), order: make(chan *streamJob, jobs),
	}
	front, err := newVMDKFront(&e.header, size, o)
	if err == nil {
		front = front[:streamOverHead]
	}
	e.out = appender{t: t, buf: front, err: err}
	ctx, e.cancel = context.WithCancel(ctx)
	for range o.Workers {
		e.workers.Go(func() { compressJobs(ctx, e.work, o.Level) })
	}
	return e
}

func streamHeader(size int64) vmdkHeader {
	h := newVMDKHeader(size)
	h.Version = 3
	h.Flags |= flagCompressed | flagMarkers
	h.GDOffset = gdAtEnd
	h.OverHead = streamOverHead / SectorSize
	h.Compression = compressionDeflate
	return h
}

func (e *streamEncoder) unit() int { return vmdkGrainSize }

func (e *streamEncoder) write(p []byte, off int64) error {
	for len(p) > 0 {
		data, err := e.grain(off / vmdkGrainSize)
		if err != nil {
			return err
		}
		n := copy(data[off%vmdkGrainSize:], p)
		p, off = p[n:], off+int64(n)
	}
	return nil
}

// grain returns where the data of a grain is gathered: the same as last time, or zeros.
func (e *streamEncoder) grain(grain int64) ([]byte, error) {
	if e.cur != nil && e.cur.last() == grain {
		return e.cur.data(len(e.cur.grains) - 1), nil
	}
	if e.cur != nil && !e.cur.takes(grain) {
		e.submit()
	}
	if e.cur == nil {
		if err := e.take(); err != nil {
			return nil, err
		}
	}
	return e.cur.add(grain, min(vmdkGrainSize, e.size-grain*vmdkGrainSize)), nil
}

// submit hands the current job to the workers. There is room for all jobs.
func (e *streamEncoder) submit() {
	e.order <- e.cur
	e.work <- e.cur
	e.cur = nil
}

// take makes a job the current one: a new one, or, if there are enough, the first that can be written.
func (e *streamEncoder) take() error {
	if e.made < cap(e.order) {
		e.made++
		e.cur = newStreamJob()
		return e.out.err
	}
	j, err := e.writeNext()
	e.cur = j
	return err
}

// writeNext waits for the oldest job, writes what came of it and returns it, empty.
func (e *streamEncoder) writeNext() (*streamJob, error) {
	j := <-e.order
	err := <-j.done
	if err == nil {
		err = e.tables.write(&e.out, j)
	}
	j.reset()
	return j, err
}

func (e *streamEncoder) finish() error {
	if e.cur != nil {
		e.submit()
	}
	for len(e.order) > 0 {
		if _, err := e.writeNext(); err != nil {
			return err
		}
	}
	if err := e.tables.finish(&e.out, e.header); err != nil {
		return err
	}
	return e.out.flush()
}

func (e *streamEncoder) close() {
	e.cancel()
	close(e.work)
	e.workers.Wait()
}
