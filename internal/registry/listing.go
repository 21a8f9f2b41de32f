package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"amiforge/internal/store"
)

// How an engine reads all of its images. Where the store gives the values along with the keys, that is all there is
// to it. Where it gives the versions, each shard of the keys is compared with its index, and only the records that
// the index lacks are read one by one. A directory gives neither: its records are read, which costs little there.

// bigListing is how many keys a listing has before the rest is listed in parallel: what S3 returns at a time.
const bigListing = 1000

// hexDigits begin the random part of image IDs.
const hexDigits = "0123456789abcdef"

// all returns all records of the registry, in no particular order. Foreign keys among them are none of ours.
func (e *objects) all(ctx context.Context) ([]fetched, error) {
	entries, err := e.entries(ctx)
	if err != nil {
		return nil, err
	}
	shards := map[string][]store.Entry{}
	for _, entry := range entries {
		if id, ok := imageID(entry.Key); ok {
			shards[shardOf(id)] = append(shards[shardOf(id)], entry)
		}
	}
	var mu sync.Mutex
	found := make([]fetched, 0, len(entries))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(fetchers)
	for shard, entries := range shards {
		group.Go(func() error {
			some, err := e.readShard(ctx, shard, entries)
			mu.Lock()
			found = append(found, some...)
			mu.Unlock()
			return err
		})
	}
	return found, group.Wait()
}

// entries lists the keys of all records.
func (e *objects) entries(ctx context.Context) ([]store.Entry, error) {
	var entries []store.Entry
	for entry, err := range e.keys.List(ctx, imagePrefix) {
		if err != nil {
			return nil, err
		}
		if len(entries) == bigListing && entry.Version != "" && entry.Value == nil {
			return e.entriesInParallel(ctx)
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

// entriesInParallel lists the keys of all records by the first digit of their IDs: a server returns the pages of one
// listing one after the other, at the pace of the network.
func (e *objects) entriesInParallel(ctx context.Context) ([]store.Entry, error) {
	lists := make([][]store.Entry, len(hexDigits))
	group, ctx := errgroup.WithContext(ctx)
	for i, digit := range hexDigits {
		group.Go(func() error {
			for entry, err := range e.keys.List(ctx, imagePrefix+"ami-"+string(digit)) {
				if err != nil {
					return err
				}
				lists[i] = append(lists[i], entry)
			}
			return nil
		})
	}
	err := group.Wait()
	return slices.Concat(lists...), err
}

// readShard returns the records of one shard's entries.
func (e *objects) readShard(ctx context.Context, shard string, entries []store.Entry) ([]fetched, error) {
	known := map[string]indexEntry[record]{}
	if entries[0].Version != "" && entries[0].Value == nil && len(entries) >= e.indexed {
		known = e.loadIndex(ctx, shard)
	}
	found := make([]fetched, 0, len(entries))
	for _, entry := range entries {
		f, err := e.read(ctx, entry, known)
		if err != nil {
			return found, err
		}
		found = append(found, f)
	}
	return found, nil
}

// read returns a listed record: from its entry, from the index, or from its key.
func (e *objects) read(ctx context.Context, entry store.Entry, known map[string]indexEntry[record]) (fetched, error) {
	id, _ := imageID(entry.Key)
	if entry.Value != nil {
		r, err := parseRecord(entry.Key, entry.Value)
		return fetched{id: id, image: r.Image, unreadable: err}, nil
	}
	if at, ok := known[id]; ok && at.Version == entry.Version {
		return fetched{id: id, image: at.Record.Image}, nil
	}
	return e.fetchOne(ctx, id)
}

// fetch reads the records of ids. It fails as a whole only where the store does.
func (e *objects) fetch(ctx context.Context, ids []string) ([]fetched, error) {
	found := make([]fetched, len(ids))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(fetchers)
	for i, id := range ids {
		group.Go(func() error {
			f, err := e.fetchOne(ctx, id)
			found[i] = f
			return err
		})
	}
	return found, group.Wait()
}

// A fetched record is an image, or the reason that there is none.
type fetched struct {
	id         string
	image      Image
	missing    bool
	unreadable error
}

func (e *objects) fetchOne(ctx context.Context, id string) (fetched, error) {
	if ctx.Err() != nil {
		return fetched{}, context.Cause(ctx)
	}
	r, err := e.load(ctx, id)
	if unreadable, ok := errors.AsType[*UnreadableError](err); ok {
		return fetched{id: id, unreadable: unreadable}, nil
	}
	if isMissing(err) {
		return fetched{id: id, missing: true}, nil
	}
	if err != nil {
		return fetched{}, fmt.Errorf("image %s: %w", id, err)
	}
	return fetched{id: id, image: r.Image}, nil
}
