package registry

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"slices"
	"time"
)

// Options are what an engine takes from outside its registry. nil means the defaults.
type Options struct {
	Random io.Reader        // of IDs and nonces, read concurrently; default crypto/rand
	Now    func() time.Time // default time.Now

	// DryRun makes the engine refuse to write, with DryRunOperation, where all checks before have passed.
	DryRun bool
}

// objects is the engine on Keys. See contest.go for how names stay unique without a server, a clock or a lock.
type objects struct {
	keys   Keys
	random io.Reader
	now    func() time.Time
	wait   func(context.Context, time.Duration) error
	dryRun bool
	format format

	indexed int // how many records a shard has before its index is kept, see index.go
}

// New returns the engine on keys.
func New(keys Keys, opts *Options) Engine { return newObjects(keys, opts) }

func newObjects(keys Keys, opts *Options) *objects {
	e := &objects{keys: keys, random: rand.Reader, now: time.Now, wait: wait, indexed: indexedFrom}
	if opts != nil && opts.Random != nil {
		e.random = opts.Random
	}
	if opts != nil && opts.Now != nil {
		e.now = opts.Now
	}
	e.dryRun = opts != nil && opts.DryRun
	return e
}

// Close closes the keys where they hold something open.
func (e *objects) Close() error {
	if c, ok := e.keys.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// A stored record is one as it was read or written, with the version to replace.
type stored struct {
	record
	text    []byte
	version string
}

func (e *objects) load(ctx context.Context, id string) (stored, error) {
	key := imageKey(id)
	text, version, err := e.keys.Get(ctx, key)
	if err != nil {
		return stored{}, err
	}
	r, err := parseRecord(key, text)
	return stored{r, text, version}, err
}

// create stores the record of a new image.
func (e *objects) create(ctx context.Context, m Image) (stored, error) {
	if err := e.ready(ctx); err != nil {
		return stored{}, err
	}
	nonce, err := newNonce(e.random)
	if err != nil {
		return stored{}, err
	}
	r := record{Image: m, Nonce: nonce}
	text, err := encode(r)
	if err != nil {
		return stored{}, err
	}
	version, err := e.keys.Create(ctx, imageKey(m.ID), text)
	return stored{r, text, version}, err
}

// replace stores old's record with its image changed, unless another writer came first: see moved.
func (e *objects) replace(ctx context.Context, old stored, change func(*Image)) (stored, error) {
	if err := e.ready(ctx); err != nil {
		return stored{}, err
	}
	nonce, err := newNonce(e.random)
	if err != nil {
		return stored{}, err
	}
	r := record{Image: old.Image, Nonce: nonce}
	change(&r.Image)
	text, err := amend(old.text, old.record, r)
	if err != nil {
		return stored{}, err
	}
	version, err := e.keys.Replace(ctx, imageKey(old.ID), text, old.version)
	return stored{r, text, version}, err
}

// updateAttempts bounds how often a change is tried anew because other writers came first. With the waits
// between, that is about half a minute.
const updateAttempts = 40

// update changes the record of image id. change sees the latest record, maybe several times, and may refuse;
// then the image is returned unchanged with its error. An unknown image is InvalidAMIID.NotFound.
func (e *objects) update(ctx context.Context, id string, change func(*Image) error) (Image, error) {
	var tried []string // the nonces of what was sent, and maybe stored, before conflicts
	for attempt := range updateAttempts {
		old, err := e.load(ctx, id)
		if isMissing(err) {
			return Image{}, notFound(id)
		}
		if err != nil {
			return Image{}, fmt.Errorf("image %s: %w", id, err)
		}
		if slices.Contains(tried, old.Nonce) { // the conflict was with this writer's own success
			e.index(ctx, id)
			return old.Image, nil
		}
		m := old.Image
		if err := change(&m); err != nil {
			return old.Image, err
		}
		updated, err := e.replace(ctx, old, func(target *Image) { *target = m })
		if err == nil {
			e.index(ctx, id)
			return updated.Image, nil
		}
		if !moved(err) {
			return Image{}, fmt.Errorf("image %s: %w", id, err)
		}
		tried = append(tried, updated.Nonce)
		if err := e.wait(ctx, pause(attempt)); err != nil {
			return Image{}, err
		}
	}
	return Image{}, fmt.Errorf("image %s: other writers came first %d times", id, updateAttempts)
}
