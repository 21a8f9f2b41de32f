package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiforge/internal/store"
)

// versionedKeys give versions along with listed keys, as a bucket does, and count what is read one by one.
type versionedKeys struct {
	Keys
	records, indexes atomic.Int32 // that were read
}

func (k *versionedKeys) Get(ctx context.Context, key string) ([]byte, string, error) {
	switch {
	case strings.HasPrefix(key, imagePrefix):
		k.records.Add(1)
	case strings.HasPrefix(key, indexPrefix):
		k.indexes.Add(1)
	}
	return k.Keys.Get(ctx, key)
}

func (k *versionedKeys) ListsVersions() bool { return true }

func (k *versionedKeys) List(ctx context.Context, prefix string) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		for entry, err := range k.Keys.List(ctx, prefix) {
			if err == nil {
				_, entry.Version, err = k.Keys.Get(ctx, entry.Key)
			}
			if !yield(entry, err) {
				return
			}
		}
	}
}

// cost forgets what was read and returns what listing reads.
func (k *versionedKeys) cost(t *testing.T, query Query) (listing *Listing, records int32) {
	t.Helper()
	k.records.Store(0)
	listing, err := New(k, nil).Describe(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	return listing, k.records.Load()
}

// sameShard returns an engine whose IDs all begin alike, so that its images are in one shard.
func sameShard(keys Keys) *objects {
	e := newObjects(keys, nil)
	e.random = &oneShard{}
	return e
}

// oneShard is randomness that counts: what is read differs, but for how it begins.
type oneShard struct {
	mu sync.Mutex
	n  int
}

func (r *oneShard) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n++
	clear(p)
	copy(p[1:], fmt.Sprintf("%07d", r.n))
	return len(p), nil
}

func TestListingReadsIndex(t *testing.T) {
	keys := &versionedKeys{Keys: NewDirKeys(t.TempDir())}
	e := sameShard(keys)
	var want []Image
	for n := range 20 {
		want = append(want, register(t, e, web(fmt.Sprintf("web-%d", n))))
	}
	listing, records := keys.cost(t, Query{})
	if records != 0 {
		t.Errorf("a listing read %d records one by one", records)
	}
	byID := cmp.Transformer("byID", func(list []Image) map[string]Image {
		all := map[string]Image{}
		for _, m := range list {
			all[m.ID] = m
		}
		return all
	})
	if diff := cmp.Diff(want, listing.Images, byID); diff != "" {
		t.Errorf("images (-registered +listed):\n%s", diff)
	}
}

// Every way in which an index may be wrong costs time only: the listing is that of the records.
func TestListingIsRightWhateverTheIndex(t *testing.T) {
	const shard = "00"
	rewrite := func(t *testing.T, keys Keys, change func(x *index[json.RawMessage])) {
		text, version := getKey(t, keys, indexKey(shard))
		var x index[json.RawMessage]
		if err := json.Unmarshal(text, &x); err != nil {
			t.Fatal(err)
		}
		change(&x)
		text, err := encode(x)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := keys.Replace(t.Context(), indexKey(shard), text, version); err != nil {
			t.Fatal(err)
		}
	}
	first := func(x *index[json.RawMessage]) (id string) {
		for id = range x.Images {
			break
		}
		return id
	}
	replace := func(t *testing.T, keys Keys, text string) {
		_, version := getKey(t, keys, indexKey(shard))
		if _, err := keys.Replace(t.Context(), indexKey(shard), []byte(text), version); err != nil {
			t.Fatal(err)
		}
	}
	for name, spoil := range map[string]func(t *testing.T, keys Keys){
		"old version": func(t *testing.T, keys Keys) {
			rewrite(t, keys, func(x *index[json.RawMessage]) {
				id := first(x)
				x.Images[id] = indexEntry[json.RawMessage]{"stale", x.Images[id].Record}
			})
		},
		"entry lost": func(t *testing.T, keys Keys) {
			rewrite(t, keys, func(x *index[json.RawMessage]) { delete(x.Images, first(x)) })
		},
		"all lost":     func(t *testing.T, keys Keys) { replace(t, keys, `{"Images":{}}`) },
		"empty":        func(t *testing.T, keys Keys) { replace(t, keys, "") },
		"not JSON":     func(t *testing.T, keys Keys) { replace(t, keys, `{"Images":{`) },
		"another type": func(t *testing.T, keys Keys) { replace(t, keys, `{"Images":{"ami-00000000000000000":7}}`) },
		"an image that is none": func(t *testing.T, keys Keys) {
			rewrite(t, keys, func(x *index[json.RawMessage]) {
				x.Images["ami-00ffffffffffffff0"] = indexEntry[json.RawMessage]{"v", x.Images[first(x)].Record}
			})
		},
		"another image's record": func(t *testing.T, keys Keys) {
			rewrite(t, keys, func(x *index[json.RawMessage]) {
				id := first(x)
				at := x.Images[id]
				at.Record = json.RawMessage(strings.ReplaceAll(string(at.Record), id, "ami-00ffffffffffffff0"))
				x.Images[id] = at
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			keys := &versionedKeys{Keys: NewDirKeys(t.TempDir())}
			e := sameShard(keys)
			for n := range 5 {
				register(t, e, web(fmt.Sprintf("web-%d", n)))
			}
			want := describe(t, New(keys.Keys, nil), Query{})
			spoil(t, keys)
			listing, records := keys.cost(t, Query{})
			if diff := cmp.Diff(want, listing.Images); diff != "" {
				t.Errorf("listing (-records +got):\n%s", diff)
			}
			if name != "an image that is none" && records == 0 {
				t.Error("nothing was read beside the index")
			}
			register(t, e, web("repair"))
			listing, records = keys.cost(t, Query{})
			if name != "another image's record" && records != 0 || len(listing.Images) != 6 {
				t.Errorf("after the next write %d images, %d records read", len(listing.Images), records)
			}
		})
	}
}

// A record that cannot be understood is reported by name, index or not.
func TestUnreadableBesideIndex(t *testing.T) {
	keys := &versionedKeys{Keys: NewDirKeys(t.TempDir())}
	e := sameShard(keys)
	const bad = "ami-00000000000000bad"
	if _, err := keys.Create(t.Context(), imageKey(bad), []byte("{")); err != nil {
		t.Fatal(err)
	}
	for n := range 5 {
		register(t, e, web(fmt.Sprintf("web-%d", n)))
	}
	listing, records := keys.cost(t, Query{})
	if len(listing.Images) != 5 || len(listing.Unreadable) != 1 || records != 1 {
		t.Fatalf("%d images, unreadable %v, %d records read", len(listing.Images), listing.Unreadable, records)
	}
	if unreadable, ok := errors.AsType[*UnreadableError](listing.Unreadable[0]); !ok || unreadable.Key != imageKey(bad) {
		t.Errorf("unreadable is %v", listing.Unreadable[0])
	}
}

// Fields that this version does not know stay in the index, for those who do.
func TestIndexKeepsUnknownFields(t *testing.T) {
	keys := &versionedKeys{Keys: NewDirKeys(t.TempDir())}
	e := sameShard(keys)
	m := register(t, e, web("web-0"))
	text, version := getKey(t, keys, imageKey(m.ID))
	later := strings.Replace(string(text), "{", `{"TpmSupport":"v2.0",`, 1)
	if _, err := keys.Replace(t.Context(), imageKey(m.ID), []byte(later), version); err != nil {
		t.Fatal(err)
	}
	for n := 1; n < 5; n++ {
		register(t, e, web(fmt.Sprintf("web-%d", n)))
	}
	if text, _ := getKey(t, keys, indexKey("00")); !strings.Contains(string(text), `"TpmSupport":"v2.0"`) {
		t.Errorf("the index is %s", text)
	}
}

// TestIndexAfterCrashes has a writer die at any of its writes, those of the index included.
func TestIndexAfterCrashes(t *testing.T) {
	const writes = registerWrites + 1
	for _, c := range crashes(writes) {
		t.Run(c.String(), func(t *testing.T) {
			dir := t.TempDir()
			open := func() Keys { return &versionedKeys{Keys: NewDirKeys(dir)} }
			random := &oneShard{}
			shared := func(keys Keys) *objects {
				e := impatient(keys)
				e.random = random
				return e
			}
			for n := range 4 {
				register(t, shared(open()), web(fmt.Sprintf("web-%d", n)))
			}
			keys := &crashingKeys{Keys: open(), left: c.write, applied: c.applied}
			_, _ = shared(keys).Register(t.Context(), web("web-4"))
			if !keys.dead {
				t.Fatal("registering has fewer writes")
			}
			wantAll(t, shared(open()), web("web-4"), 5)
		})
	}
}

// wantAll registers m again and wants so many images in all, one of them under its name.
func wantAll(t *testing.T, e *objects, m Image, all int) {
	t.Helper()
	if _, err := e.Register(t.Context(), m); err != nil {
		wantCode(t, err, NameDuplicate)
	}
	if named := describe(t, e, Query{Name: m.Name}); len(named) != 1 {
		t.Errorf("%d images are called %s", len(named), m.Name)
	}
	if listed := describe(t, e, Query{}); len(listed) != all {
		t.Errorf("%d images, want %d", len(listed), all)
	}
}

// TestRaceForIndex has writers of one shard at once. Nobody waits for the index, so it may lack some of them; the next
// write makes it whole.
func TestRaceForIndex(t *testing.T) {
	keys := &versionedKeys{Keys: NewDirKeys(t.TempDir())}
	e := sameShard(keys)
	var group sync.WaitGroup
	for n := range writers {
		group.Go(func() {
			if _, err := e.Register(t.Context(), web(fmt.Sprintf("web-%d", n))); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if listing, _ := keys.cost(t, Query{}); len(listing.Images) != writers {
		t.Errorf("%d images, want %d", len(listing.Images), writers)
	}
	register(t, e, web("last"))
	if listing, records := keys.cost(t, Query{}); len(listing.Images) != writers+1 || records != 0 {
		t.Errorf("%d images, %d records read one by one", len(listing.Images), records)
	}
}

// TestBigListing lists more keys than a server returns at a time.
func TestBigListing(t *testing.T) {
	const images = bigListing + 200
	keys := &versionedKeys{Keys: newMemKeys()}
	for n := range images {
		m := web(fmt.Sprintf("web-%d", n))
		m.ID, m.State, m.Type = fmt.Sprintf("ami-%017x", uint64(n)*0x9e3779b97f4a7c15>>4), Available, "machine"
		text, err := encode(record{Image: m, Nonce: m.ID})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := keys.Create(t.Context(), imageKey(m.ID), text); err != nil {
			t.Fatal(err)
		}
	}
	listing, _ := keys.cost(t, Query{})
	if len(listing.Images) != images {
		t.Errorf("%d images, want %d", len(listing.Images), images)
	}
}

// The index is for those stores that need one.
func TestDirectoryHasNoIndex(t *testing.T) {
	keys := NewDirKeys(t.TempDir())
	e := sameShard(keys)
	for n := range 5 {
		register(t, e, web(fmt.Sprintf("web-%d", n)))
	}
	for entry := range keys.List(t.Context(), indexPrefix) {
		t.Errorf("it has %s", entry.Key)
	}
}
