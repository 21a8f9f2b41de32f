package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"amiforge/manifest"
)

// copier copies parts.
type copier struct {
	dst, src   Store
	prefix     string        // of the bundle's parts
	replace    bool          // what is in the way
	progress   func(n int64) // may be nil
	slot       int64         // what a part may hold in memory, bytes
	buffers    chan []byte   // one a worker, nil until first used
	sent, kept atomic.Int64
	size       atomic.Int64 // of the parts so far, bytes
}

func (c *copier) result() CopyResult { return CopyResult{int(c.sent.Load()), int(c.kept.Load())} }

// run copies the parts from the given index on.
func (c *copier) run(ctx context.Context, im manifest.Image, from int) error {
	parts := im.Parts[from:]
	if len(parts) == 0 {
		return nil
	}
	workers, err := slotsFor(ctx, c.src, parts, im)
	if err != nil {
		return atSource(err)
	}
	c.slot, c.buffers = memory/int64(workers), make(chan []byte, workers)
	for range workers {
		c.buffers <- nil
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for _, p := range parts {
		if gctx.Err() != nil {
			break
		}
		g.Go(func() error {
			if err := c.copy(gctx, p); err != nil {
				return &PartError{p.Name, err}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// checkSum tells whether the parts are as long together as the manifest says.
func (c *copier) checkSum(ctx context.Context, m *manifest.Manifest, from int) error {
	if from > 0 {
		return CheckParts(ctx, c.dst, m)
	}
	return atSource(checkTotal([]int64{c.size.Load()}, m.Image.BundledSize))
}

// copy sends a part unless it is there.
func (c *copier) copy(ctx context.Context, p manifest.Part) error {
	o, err := c.src.Stat(ctx, p.Name)
	if err != nil {
		return atSource(err)
	}
	c.size.Add(o.Size)
	found, err := look(ctx, c.dst, p, o.Size)
	switch {
	case err != nil:
		return err
	case found == same:
		c.count(&c.kept, o.Size)
		return nil
	case found == other && !c.replace && !isPartOf(p.Name, c.prefix):
		return fmt.Errorf("%s has something else under this name, which is not that of a part of %q: %w", c.dst, c.prefix, fs.ErrExist)
	}
	return c.send(ctx, p)
}

func (c *copier) count(parts *atomic.Int64, size int64) {
	parts.Add(1)
	if c.progress != nil {
		c.progress(size)
	}
}

// What a store holds under the name of a part.
type finding int

const (
	nothing finding = iota
	same            // the part
	other
)

// look tells what the store holds under the part's name, by what the store itself has checked, else by reading
// it.
func look(ctx context.Context, st Store, p manifest.Part, size int64) (finding, error) {
	o, err := st.Stat(ctx, p.Name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nothing, nil
	case err != nil:
		return nothing, err
	case o.Size != size:
		return other, nil
	case o.SHA1 == nil:
		_, err = hashPart(ctx, st, p, nil)
	case *o.SHA1 != p.Digest:
		return other, nil
	}
	if errors.Is(err, ErrVerify) {
		return other, nil
	}
	return same, err
}

// send reads a part, checks it and puts it.
func (c *copier) send(ctx context.Context, p manifest.Part) error {
	body, size, err := c.src.Open(ctx, p.Name)
	if err != nil {
		return atSource(err)
	}
	defer body.Close()
	buf := <-c.buffers
	defer func() { c.buffers <- buf }()
	part, err := load(body, size, buf, c.slot, p.Digest)
	if err != nil {
		return atSource(err)
	}
	defer part.Close()
	buf = part.buf
	if err := c.dst.Put(ctx, p.Name, part, size, p.Digest); err != nil {
		return err
	}
	c.count(&c.sent, size)
	return nil
}
