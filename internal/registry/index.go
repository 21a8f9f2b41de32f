package registry

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"amiforge/internal/store"
)

// An index object holds the records of a shard, each with its version: a cache that a listing checks against the
// keys' versions, so that it is never wrong, however old. Who has written a record brings the shard's index up to
// date, within seconds, and as much of it as it can: what a crash or a lost race left out, later writers make good.

const (
	// indexPrefix is where they are, .registry/v1/index/<two digits>.json.
	indexPrefix = "index/"

	// indexedFrom is how many records a shard has before it is indexed. A few are read as quickly.
	indexedFrom = 3

	// indexAttempts and indexTime bound how much is done for a cache.
	indexAttempts = 3
	indexTime     = 5 * time.Second

	// indexRepairs is how many records that an index lacks one writer reads for it.
	indexRepairs = 64
)

// shardDigits is how many digits of an image's ID name its shard: 256 shards, of 200 records each in a registry of
// 50,000.
const shardDigits = 2

func shardOf(id string) string { return strings.TrimPrefix(id, "ami-")[:shardDigits] }

func indexKey(shard string) string { return indexPrefix + shard + ".json" }

// An index is an index object as it is stored. Record is json.RawMessage for a writer, which keeps the fields that it
// does not know, and record for a reader.
type index[Record any] struct {
	Images map[string]indexEntry[Record] // by ID
	Nonce  string                        // see record
}

// An indexEntry is a record at a version. The record is left out where the index would be too long.
type indexEntry[Record any] struct {
	Version string
	Record  Record
}

// loadIndex returns the records in a shard's index. One that cannot be read is an empty one.
func (e *objects) loadIndex(ctx context.Context, shard string) map[string]indexEntry[record] {
	text, _, err := e.keys.Get(ctx, indexKey(shard))
	if err != nil {
		return nil
	}
	var x index[record]
	if json.Unmarshal(text, &x) != nil {
		return nil
	}
	for id, at := range x.Images {
		if at.Record.ID != id || at.Record.State == "" || at.Record.Name == "" {
			delete(x.Images, id)
		}
	}
	return x.Images
}

// versioned are keys whose listings give versions and not values: those for which an index pays.
type versioned interface{ ListsVersions() bool }

// index brings the index of the image's shard up to date. That it cannot is nobody's loss but a little time's.
func (e *objects) index(ctx context.Context, id string) {
	if v, ok := e.keys.(versioned); !ok || !v.ListsVersions() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, indexTime)
	defer cancel()
	for range indexAttempts {
		if err := e.updateIndex(ctx, shardOf(id)); !moved(err) && !errors.Is(err, fs.ErrExist) {
			return
		}
	}
}

// updateIndex makes a shard's index hold what a listing of the shard finds.
func (e *objects) updateIndex(ctx context.Context, shard string) error {
	var entries []store.Entry
	for entry, err := range e.keys.List(ctx, imagePrefix+"ami-"+shard) {
		if err != nil {
			return err
		}
		if _, ok := imageID(entry.Key); ok {
			entries = append(entries, entry)
		}
	}
	if len(entries) < e.indexed {
		return nil
	}
	text, version, err := e.keys.Get(ctx, indexKey(shard))
	if err != nil && !isMissing(err) {
		return err
	}
	var x index[json.RawMessage]
	if json.Unmarshal(text, &x) != nil { // missing, or damaged
		x = index[json.RawMessage]{}
	}
	changed, err := e.refresh(ctx, &x, entries)
	if err != nil || !changed {
		return err
	}
	return e.storeIndex(ctx, shard, x, version)
}

// refresh makes x hold the entries' records, as many of those that it lacks as it may read.
func (e *objects) refresh(ctx context.Context, x *index[json.RawMessage], entries []store.Entry) (changed bool, err error) {
	was := x.Images
	x.Images = make(map[string]indexEntry[json.RawMessage], len(entries))
	for _, entry := range entries {
		id, _ := imageID(entry.Key)
		if at, ok := was[id]; ok && at.Version == entry.Version {
			x.Images[id] = at
		}
	}
	var lacking []string
	for _, entry := range entries {
		id, _ := imageID(entry.Key)
		if _, ok := x.Images[id]; !ok && len(lacking) < indexRepairs {
			lacking = append(lacking, id)
		}
	}
	read := e.repair(ctx, lacking)
	maps.Copy(x.Images, read)
	return len(read) > 0 || len(x.Images) != len(was), ctx.Err()
}

// repair reads records for an index, as many as come in half of its time. Those that cannot be read a listing tells.
func (e *objects) repair(ctx context.Context, ids []string) map[string]indexEntry[json.RawMessage] {
	ctx, cancel := context.WithTimeout(ctx, indexTime/2)
	defer cancel()
	var mu sync.Mutex
	read := map[string]indexEntry[json.RawMessage]{}
	var group errgroup.Group
	group.SetLimit(fetchers)
	for _, id := range ids {
		group.Go(func() error {
			r, err := e.load(ctx, id)
			if err != nil {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			read[id] = indexEntry[json.RawMessage]{Version: r.version, Record: r.text}
			return nil
		})
	}
	_ = group.Wait() // it fails for none
	return read
}

// fit leaves out the largest records, not their versions, until the index is not longer than size bytes. A listing
// reads those from their keys, and writers know that they need not.
func fit(raw map[string]indexEntry[json.RawMessage], size int) {
	const around = 128 // bytes of an entry beside its record, at most: its ID and its version
	total := around
	for _, at := range raw {
		total += around + len(at.Record)
	}
	larger := func(a, b string) int { return len(raw[b].Record) - len(raw[a].Record) }
	for _, id := range slices.SortedFunc(maps.Keys(raw), larger) {
		if total <= size {
			return
		}
		at := raw[id]
		total -= len(at.Record)
		at.Record = nil
		raw[id] = at
	}
}

// storeIndex writes a shard's index, unless another writer comes first.
func (e *objects) storeIndex(ctx context.Context, shard string, x index[json.RawMessage], version string) error {
	var err error
	if x.Nonce, err = newNonce(e.random); err != nil {
		return err
	}
	fit(x.Images, store.MaxValue)
	text, err := encode(x)
	if err != nil {
		return err
	}
	if version != "" {
		_, err = e.keys.Replace(ctx, indexKey(shard), text, version)
		return err
	}
	_, err = e.keys.Create(ctx, indexKey(shard), text)
	return err
}
