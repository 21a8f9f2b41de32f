package bundle

import (
	"bytes"
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"amiforge/manifest"
)

// CopyOptions says how to copy a bundle.
type CopyOptions struct {
	From         int  // index of the first part to copy; the ones before it must be there when the manifest is written
	SkipManifest bool // copy the parts alone
	Replace      bool // another bundle of the same name, whose manifest is removed first, and what else is in the way

	Parts Store // where the parts are, if not beside the manifest

	Begin    func(total int64) // called first, with the bytes of all parts as the manifest claims them
	Progress func(n int64)     // called with the bytes of parts that were sent, or found there; from several goroutines
}

// CopyResult tells what Copy did.
type CopyResult struct{ Sent, Kept int } // parts

// Copy copies the bundle whose manifest is called name from one store to another, several parts at a time,
// the manifest last. A part that is there already with the right size and SHA-1 is not sent again, so that
// copying again finishes what was interrupted. Every part is checked against the manifest before it is sent;
// the signature is not. A different manifest of that name in dst is ErrExist unless Replace, and so is anything
// that stands under a part's name without being a part of an earlier bundle of this name. As after Create,
// surplus parts of such a one are removed.
func Copy(ctx context.Context, dst, src Store, name string, opts *CopyOptions) (CopyResult, error) {
	if opts == nil {
		opts = &CopyOptions{}
	}
	doc, m, err := readParsed(ctx, src, name)
	if err != nil {
		return CopyResult{}, err
	}
	if err := checkVisible(m); err != nil {
		return CopyResult{}, fmt.Errorf("%s: %w", name, err)
	}
	if opts.From < 0 || opts.From > len(m.Image.Parts) {
		return CopyResult{}, fmt.Errorf("part %d: the bundle has parts 0 to %d", opts.From, len(m.Image.Parts)-1)
	}
	unlock, err := lockBundle(dst, m.Image.Name)
	if err != nil {
		return CopyResult{}, err
	}
	defer unlock()
	// A renamed manifest may name parts that are those of the bundle that has the name by right.
	for _, name := range slices.Compact([]string{name, ManifestName(m.Image.Name)}) {
		if err := makeRoomFor(ctx, dst, name, doc, opts.Replace); err != nil {
			return CopyResult{}, err
		}
	}
	if opts.Begin != nil {
		opts.Begin(m.Image.BundledSize)
	}
	if opts.Parts != nil {
		src = opts.Parts
	}
	c := &copier{dst: dst, src: src, prefix: m.Image.Name, replace: opts.Replace, progress: opts.Progress}
	if err := c.run(ctx, m.Image, opts.From); err != nil || opts.SkipManifest {
		return c.result(), err
	}
	if opts.From > 0 {
		err = CheckParts(ctx, dst, m)
	} else {
		err = checkTotal([]int64{c.size.Load()}, m.Image.BundledSize)
	}
	if err != nil {
		return c.result(), err
	}
	if err := dst.Put(ctx, name, bytes.NewReader(doc), int64(len(doc)), sha1.Sum(doc)); err != nil {
		return c.result(), err
	}
	return c.result(), finish(ctx, dst, name, m)
}

// checkVisible refuses parts with the name of a hidden file: no tool makes such, and in somebody's home
// directory .profile is more than a file.
func checkVisible(m *manifest.Manifest) error {
	for _, p := range m.Image.Parts {
		if strings.HasPrefix(p.Name, ".") {
			return invalidf("part %q has the name of a hidden file", p.Name)
		}
	}
	return nil
}

// readParsed reads and parses the manifest. Its signature is not looked at: a copy is as good as the source.
func readParsed(ctx context.Context, src Store, name string) ([]byte, *manifest.Manifest, error) {
	doc, err := ReadManifest(ctx, src, name)
	if err != nil {
		return nil, nil, err
	}
	m, err := manifest.Parse(doc)
	if err == nil {
		err = m.CheckName(name)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	return doc, m, nil
}

// makeRoomFor is makeRoom, but the very same manifest may be there.
func makeRoomFor(ctx context.Context, dst Store, name string, doc []byte, replace bool) error {
	there, err := ReadManifest(ctx, dst, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case bytes.Equal(there, doc):
		return nil
	}
	return makeRoom(ctx, dst, name, replace)
}

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
		return err
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

// copy sends a part unless it is there.
func (c *copier) copy(ctx context.Context, p manifest.Part) error {
	o, err := c.src.Stat(ctx, p.Name)
	if err != nil {
		return err
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
		return err
	}
	defer body.Close()
	buf := <-c.buffers
	defer func() { c.buffers <- buf }()
	part, err := load(body, size, buf, c.slot, p.Digest)
	if err != nil {
		return err
	}
	defer part.Close()
	buf = part.buf
	if err := c.dst.Put(ctx, p.Name, part, size, p.Digest); err != nil {
		return err
	}
	c.count(&c.sent, size)
	return nil
}
