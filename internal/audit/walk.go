package audit

import (
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"amiforge/internal/rootfs"

	"golang.org/x/sync/errgroup"
)

// A walk has the rules look at the image.
type walk struct {
	*run
	report   *Report
	progress func(Progress)
	visitors []visitor
}

// A reading is what is read of files and free space, and what it takes.
type reading struct {
	most    int64 // bytes, if it is not 0
	buffers sync.Pool
	bytes   atomic.Int64
	decoded atomic.Int64 // bytes of what was compressed in them
	scanned atomic.Int64 // files
}

// errTooMuch is the error of a run that has read Image.MaxRead: a file that is in many directories, or
// whose blocks are those of others, makes as much of a small disk as somebody likes.
var errTooMuch = errors.New("there is more in the files than a disk of this size has")

// spent tells whether enough was read.
func (d *reading) spent() bool { return d.most > 0 && d.bytes.Load()+d.decoded.Load() > d.most }

// maxScanners is how many files are read at once. Each takes a chunk and the overlap of memory.
const maxScanners = 8

// rules runs them: first those that look at known places, then the walk. The content of files is read beside the walk, by
// as many goroutines as there are processors.
func (w *walk) rules(rules []Rule) error {
	for i := range rules {
		p := &probe{w.run, &rules[i]}
		if rules[i].check != nil {
			rules[i].check(p)
		}
		if w.ctx.Err() != nil {
			return context.Cause(w.ctx)
		}
		if rules[i].begin != nil {
			if v := rules[i].begin(p); v != nil {
				w.visitors = append(w.visitors, v)
			}
		}
	}
	if len(w.visitors) > 0 {
		if err := w.files(); err != nil {
			return err
		}
	}
	if w.reading.spent() {
		w.unreadable(".", errTooMuch)
	}
	w.report.FilesScanned, w.report.BytesScanned = w.reading.scanned.Load(), w.reading.bytes.Load()
	return nil
}

func (w *walk) files() error {
	group, ctx := errgroup.WithContext(w.ctx)
	group.SetLimit(min(runtime.GOMAXPROCS(0), maxScanners))
	err := w.root.Walk(ctx, func(f *rootfs.File) error {
		w.report.Files++
		w.tell()
		var scanners []scanner
		for _, v := range w.visitors {
			if s := v.file(f); s != nil && f.Info.Mode().IsRegular() {
				scanners = append(scanners, s)
			}
		}
		if len(scanners) > 0 {
			group.Go(func() error { return w.scan(ctx, f, scanners) })
		}
		return nil
	}, w.failed)
	if err := errors.Join(err, group.Wait()); err != nil {
		return err
	}
	for _, v := range w.visitors {
		if e, ok := v.(ender); ok {
			e.end()
		}
	}
	return nil
}

// failed takes what is mounted on a machine that is running for no error: it may well be none of the image's.
func (w *walk) failed(name string, err error) {
	if !errors.Is(err, rootfs.ErrElsewhere) {
		w.unreadable(name, err)
		return
	}
	if !slices.Contains([]string{"proc", "sys", "dev", "run"}, name) && len(w.report.Elsewhere) < maxUnread {
		w.report.Elsewhere = append(w.report.Elsewhere, printable(absolute(name)))
	}
}

func (w *walk) tell() {
	if w.progress != nil {
		w.progress(Progress{w.report.Files, w.reading.bytes.Load()})
	}
}

// scan reads a file once for all scanners. Its errors are that of ctx: others are told to the run.
func (w *walk) scan(ctx context.Context, f *rootfs.File, scanners []scanner) error {
	file, err := f.Open()
	if err != nil {
		w.unreadable(f.Name, err)
		return nil
	}
	defer file.Close()
	w.reading.scanned.Add(1)
	err = w.reading.chunks(ctx, file, scanners)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil && err != errTooMuch { // which rules tells once
		w.unreadable(f.Name, err)
	}
	return nil
}

// chunks reads r to its end, or until no scanner wants more.
func (d *reading) chunks(ctx context.Context, r io.Reader, scanners []scanner) error {
	buf, _ := d.buffers.Get().(*[]byte)
	if buf == nil {
		buf = new(make([]byte, overlap+chunkSize))
	}
	defer d.buffers.Put(buf)
	c := &chunk{Line: 1}
	for len(scanners) > 0 && !c.Last {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if d.spent() {
			return errTooMuch
		}
		n, err := io.ReadFull(r, (*buf)[c.New:])
		d.bytes.Add(int64(n))
		c.Data, c.Last = (*buf)[:c.New+n], err != nil
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return err
		}
		scanners = given(c, scanners)
		c.slide()
	}
	return nil
}

// given gives the chunk to the scanners and returns those that want more.
func given(c *chunk, scanners []scanner) []scanner {
	var left []scanner
	for _, scan := range scanners {
		if scan(c) {
			left = append(left, scan)
		}
	}
	return left
}

// slide moves the end of the data to its start, for what comes next.
func (c *chunk) slide() {
	gone := max(len(c.Data)-overlap, 0)
	c.Line += newlines(c.Data[:gone])
	c.Offset += int64(gone)
	c.New = copy(c.Data, c.Data[gone:])
}

// freeSpace reads what no file of the image has, extent by extent: the chunks of one extent, which begins at byte start
// of the partition, are like those of a file.
func (p *probe) freeSpace(scan func(partition string, start int64) scanner) {
	for _, free := range p.image.Free {
		for e, err := range free.Extents {
			if err == nil && p.ctx.Err() != nil {
				return // Run returns the cause
			}
			if err == nil {
				err = p.reading.chunks(p.ctx, io.NewSectionReader(free.Reader, e.Offset, e.Length), []scanner{scan(free.Partition, e.Offset)})
			}
			if err != nil {
				p.unreadable("free space of "+free.Partition, err)
				break
			}
		}
	}
}
