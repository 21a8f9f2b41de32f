package bundle

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"amiforge/manifest"
)

// A PartError says what is wrong with a part of a bundle.
type PartError struct {
	Name string
	Err  error
}

func (e *PartError) Error() string {
	// A directory that is the current one names the part as it is called here.
	return fmt.Sprintf("part %s: %s", e.Name, strings.TrimPrefix(e.Err.Error(), e.Name+": "))
}
func (e *PartError) Unwrap() error { return e.Err }

// partReader reads the parts of a bundle one after another. Parts are fetched ahead, as many as fit into
// memory, and each one's SHA-1 is checked before a byte of it is released. A part that is larger than its
// slot in memory waits in an unlinked temporary file instead.
type partReader struct {
	b      *Bundle
	cancel context.CancelFunc
	queue  chan chan fetched
	slots  chan []byte // free buffers, nil until first used
	slot   int64       // capacity of each, bytes
	done   sync.WaitGroup

	cur  fetched
	sum  int64 // of the lengths of the parts so far
	read int   // parts read
	err  error
}

// fetched is a part on its way, or why there is none.
type fetched struct {
	*loaded
	err error
}

// newPartReader begins to fetch; Close ends it.
func newPartReader(ctx context.Context, b *Bundle) (*partReader, error) {
	parts := b.Manifest.Image.Parts
	n, err := slotsFor(ctx, b.parts, parts, b.Manifest.Image)
	if err != nil {
		return nil, err
	}
	slot := memory / int64(n)
	n = int(max(min(int64(n), b.memory/slot), 1))
	ctx, cancel := context.WithCancel(ctx)
	r := &partReader{
		b: b, cancel: cancel,
		queue: make(chan chan fetched, n), slots: make(chan []byte, n), slot: slot,
	}
	for range n {
		r.slots <- nil
	}
	r.done.Go(func() { r.dispatch(ctx, parts) })
	return r, nil
}

// slotsFor tells how many of the parts, whose first is looked at, may be in memory together. They may differ in
// length, so their mean counts too; one that is larger than its slot all the same goes to a file.
func slotsFor(ctx context.Context, st Store, parts []manifest.Part, im manifest.Image) (int, error) {
	first, err := st.Stat(ctx, parts[0].Name)
	if err != nil {
		return 0, &PartError{parts[0].Name, err}
	}
	mean := im.BundledSize/int64(len(im.Parts)) + 1
	return slots(max(first.Size, min(mean, memory))), nil
}

// dispatch starts a fetch for each part in order, as slots become free.
func (r *partReader) dispatch(ctx context.Context, parts []manifest.Part) {
	defer close(r.queue)
	for _, p := range parts {
		select {
		case buf := <-r.slots:
			c := make(chan fetched, 1)
			r.queue <- c
			r.done.Go(func() { c <- r.fetch(ctx, p, buf) })
		case <-ctx.Done():
			return
		}
	}
}

func (r *partReader) fetch(ctx context.Context, p manifest.Part, buf []byte) fetched {
	body, size, err := r.b.parts.Open(ctx, p.Name)
	if err != nil {
		return fetched{err: &PartError{p.Name, err}}
	}
	defer body.Close()
	if bundled := r.b.Manifest.Image.BundledSize; size > bundled {
		err := invalidf("is %d bytes long, more than the whole bundle's %d", size, bundled)
		return fetched{err: &PartError{p.Name, err}}
	}
	part, err := load(body, size, buf, r.slot, p.Digest)
	if err != nil {
		return fetched{err: &PartError{p.Name, err}}
	}
	return fetched{loaded: part}
}

func (r *partReader) Read(p []byte) (int, error) {
	for r.err == nil {
		if r.cur.loaded != nil {
			n, err := r.cur.Read(p)
			if n > 0 {
				return n, nil
			}
			if err != io.EOF {
				r.err = err
				break
			}
			r.release()
		}
		r.err = r.advance()
	}
	return 0, r.err
}

// advance takes the next part, or checks the total after the last.
func (r *partReader) advance() error {
	c, more := <-r.queue
	bundled := r.b.Manifest.Image.BundledSize
	if !more {
		if r.read < len(r.b.Manifest.Image.Parts) {
			return context.Canceled
		}
		if r.sum != bundled {
			return invalidf("the parts are %d bytes together, manifest says bundled_size %d", r.sum, bundled)
		}
		return io.EOF
	}
	r.cur = <-c
	if r.cur.err != nil {
		return r.cur.err
	}
	r.read++
	if r.sum += r.cur.Size(); r.sum > bundled {
		return invalidf("the parts are longer than the manifest's bundled_size %d", bundled)
	}
	return nil
}

// release gives the slot of the current part back.
func (r *partReader) release() {
	r.cur.Close()
	r.slots <- r.cur.buf
	r.cur = fetched{}
}

// Close stops the fetching and waits for it.
func (r *partReader) Close() error {
	r.cancel()
	if r.cur.loaded != nil {
		r.cur.Close()
	}
	for c := range r.queue {
		if f := <-c; f.loaded != nil {
			f.Close()
		}
	}
	r.done.Wait()
	return nil
}
