package registry

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"amiforge/internal/store"
)

// staleKeys answer some reads with what was there before: as a read through a cache may.
type staleKeys struct {
	Keys
	mu    sync.Mutex
	stale func(key string) (value []byte, version string, err error, ok bool)
}

func (k *staleKeys) Get(ctx context.Context, key string) ([]byte, string, error) {
	k.mu.Lock()
	stale := k.stale
	k.mu.Unlock()
	if stale != nil {
		if value, version, err, ok := stale(key); ok {
			return value, version, err
		}
	}
	return k.Keys.Get(ctx, key)
}

// lost answers a read as if nothing were there.
func lost(key string) ([]byte, string, error, bool) {
	return nil, "", fmt.Errorf("%s: %w", key, fs.ErrNotExist), true
}

// A writer that was taken over, and then reads its own record as it was, has not won.
func TestStaleReadAfterTakeOver(t *testing.T) {
	inner := NewDirKeys(t.TempDir())
	keys := &takenOver{staleKeys: staleKeys{Keys: inner}}
	keys.takeOver = func() { register(t, impatient(inner), web("web-1")) }
	_, err := impatient(keys).Register(t.Context(), web("web-1"))
	winner := describe(t, New(inner, nil), Query{})
	if len(winner) != 1 {
		t.Fatalf("images are %v", idsOf(winner))
	}
	wantDuplicate(t, err, winner[0])
}

// takenOver are the keys of a writer whose claim another takes over before its last write; the read after that is stale.
type takenOver struct {
	staleKeys
	takeOver func()
	done     bool
}

func (k *takenOver) Replace(ctx context.Context, key string, value []byte, version string) (string, error) {
	if !k.done && strings.HasPrefix(key, imagePrefix) {
		k.done = true
		before, beforeVersion, err := k.Keys.Get(ctx, key)
		if err != nil {
			return "", err
		}
		k.takeOver()
		reads := 0
		k.stale = func(read string) ([]byte, string, error, bool) {
			if read != key || reads >= 3 {
				return nil, "", nil, false
			}
			reads++
			return before, beforeVersion, nil, true
		}
	}
	return k.Keys.Replace(ctx, key, value, version)
}

// A holder whose record does not show is waited for, within bounds and for as long as the caller wants.
func TestHolderThatDoesNotShow(t *testing.T) {
	inner := newMemKeys()
	holder := register(t, New(inner, nil), web("web-1"))
	keys := &staleKeys{Keys: inner, stale: func(key string) ([]byte, string, error, bool) {
		if key == imageKey(holder.ID) {
			return lost(key)
		}
		return nil, "", nil, false
	}}
	waits := 0
	e := newObjects(keys, nil)
	e.wait = func(ctx context.Context, _ time.Duration) error {
		waits++
		return ctx.Err()
	}
	if _, err := e.Register(t.Context(), web("web-1")); err == nil || waits == 0 || waits > 4*updateAttempts {
		t.Errorf("after %d waits: %v", waits, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	e.wait = func(ctx context.Context, _ time.Duration) error {
		cancel()
		return context.Cause(ctx)
	}
	if _, err := e.Register(ctx, web("web-1")); err == nil {
		t.Error("a registration that was cancelled succeeds")
	}
	if all := idsOf(describe(t, New(inner, nil), Query{})); len(all) != 1 || all[0] != holder.ID {
		t.Errorf("images are %v", all)
	}
}

// A place that somebody has just taken, and that does not show yet, is not free.
func TestPlaceThatDoesNotShow(t *testing.T) {
	inner := NewDirKeys(t.TempDir())
	e := New(inner, nil)
	for n := range maxCopies - 1 {
		r := request()
		r.Name = fmt.Sprintf("copy %d", n)
		begin(t, e, copyOf(t, sourceOf(), r))
	}
	keys := &staleKeys{Keys: inner, stale: func(key string) ([]byte, string, error, bool) {
		if strings.HasPrefix(key, copyPrefix) {
			return lost(key)
		}
		return nil, "", nil, false
	}}
	last := request()
	last.Name = "last"
	begin(t, impatient(keys), copyOf(t, sourceOf(), last))
	more := request()
	more.Name = "more"
	_, err := impatient(keys).BeginCopy(t.Context(), copyOf(t, sourceOf(), more), inWest)
	wantCode(t, err, ResourceLimit)
}

// Copies that died before they had their names take no place and are in no listing.
func TestCopiesThatNeverBegan(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		m := copyOf(t, sourceOf(), request())
		for range maxCopies + 1 {
			crash{write: 2}.die(open, func(e Engine) error {
				_, err := e.BeginCopy(context.Background(), m, inWest)
				return err
			})
		}
		e := New(open(), nil)
		if listed := describe(t, e, Query{}); len(listed) != 0 {
			t.Errorf("images are %v", idsOf(listed))
		}
		if all := describe(t, e, Query{IncludePending: true}); len(all) != maxCopies+1 {
			t.Errorf("with the pending ones %d images, want what is to be cleared away", len(all))
		}
		begun := begin(t, e, m)
		if listed := describe(t, e, Query{}); len(listed) != 1 || listed[0].ID != begun.ID {
			t.Errorf("images are %v, want %s", idsOf(listed), begun.ID)
		}
	})
}

// A copy that died between its name and its place gets one when it goes on.
func TestCopyWithoutPlaceGoesOn(t *testing.T) {
	dir := t.TempDir()
	open := func() Keys { return NewDirKeys(dir) }
	m := copyOf(t, sourceOf(), request())
	crash{write: 3}.die(open, func(e Engine) error {
		_, err := e.BeginCopy(context.Background(), m, inWest)
		return err
	})
	places := func() (n int) {
		for entry, err := range open().List(t.Context(), copyPrefix) {
			if err != nil {
				t.Fatal(entry, err)
			}
			n++
		}
		return n
	}
	if n := places(); n != 0 {
		t.Fatalf("%d places are taken", n)
	}
	first := begin(t, New(open(), nil), m)
	again := begin(t, New(open(), nil), m)
	if n := places(); n != 1 || first.ID != again.ID {
		t.Errorf("%d places are taken by %s and %s", n, first.ID, again.ID)
	}
}

// An index that would be too long leaves out the largest records, and no writer reads them again.
func TestIndexThatIsFull(t *testing.T) {
	keys := &versionedKeys{Keys: newMemKeys()}
	e := sameShard(keys)
	large := func(n int) Image {
		m := register(t, e, web(fmt.Sprintf("web-%d", n)))
		shares := make([]LaunchPermission, maxShares)
		for i := range shares {
			shares[i].UserID = fmt.Sprintf("%012d", i)
		}
		m, err := e.Modify(t.Context(), m.ID, Caller{}, Share(shares...))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	const images = 45 // of 25 KB
	for n := range images {
		large(n)
	}
	text, _ := getKey(t, keys, indexKey("00"))
	if len(text) < store.MaxValue*9/10 || len(text) > store.MaxValue {
		t.Errorf("the index has %d bytes", len(text))
	}
	listing, records := keys.cost(t, Query{})
	if len(listing.Images) != images || records == 0 || records > images/3 {
		t.Errorf("%d images, %d records read one by one", len(listing.Images), records)
	}
	keys.records.Store(0)
	register(t, e, web("one more"))
	if n := keys.records.Load(); n > 4 {
		t.Errorf("a registration read %d records", n)
	}
	if text, _ := getKey(t, keys, indexKey("00")); !strings.Contains(string(text), `"one more"`) {
		t.Error("the new image is not in the index")
	}
}

// A record that cannot be read keeps its place, and nobody else's copy from beginning.
func TestPlaceOfUnreadable(t *testing.T) {
	keys := newMemKeys()
	e := New(keys, nil)
	begun := begin(t, e, copyOf(t, sourceOf(), request()))
	_, version := getKey(t, keys, imageKey(begun.ID))
	if _, err := keys.Replace(t.Context(), imageKey(begun.ID), []byte("{"), version); err != nil {
		t.Fatal(err)
	}
	for n := range maxCopies - 1 {
		r := request()
		r.Name = fmt.Sprintf("copy %d", n)
		begin(t, e, copyOf(t, sourceOf(), r))
	}
	full := request()
	full.Name = "one more"
	for _, e := range []Engine{e, New(keys, &Options{DryRun: true})} {
		_, err := e.BeginCopy(t.Context(), copyOf(t, sourceOf(), full), inWest)
		wantCode(t, err, ResourceLimit)
	}
}

// One that is interrupted once it has the name leaves the copy to others who run the same command.
func TestInterruptedBeginLeavesTheCopy(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	keys := &interruptedKeys{Keys: NewDirKeys(dir), before: copyPrefix, interrupt: cancel}
	m := copyOf(t, sourceOf(), request())
	if _, err := New(keys, nil).BeginCopy(ctx, m, inWest); err == nil {
		t.Fatal("it is begun")
	}
	e := New(NewDirKeys(dir), nil)
	pending := describe(t, e, Query{})
	if len(pending) != 1 || pending[0].State != Pending {
		t.Fatalf("images are %+v", pending)
	}
	if again := begin(t, e, m); again.ID != pending[0].ID {
		t.Errorf("the same copy again is %s, want %s", again.ID, pending[0].ID)
	}
}

// interruptedKeys call interrupt before the first key with a prefix is created.
type interruptedKeys struct {
	Keys
	before    string
	interrupt func()
}

func (k *interruptedKeys) Create(ctx context.Context, key string, value []byte) (string, error) {
	if strings.HasPrefix(key, k.before) {
		k.interrupt()
	}
	return k.Keys.Create(ctx, key, value)
}

// What a killed registration left can be ended, but not once it has become available.
func TestAbortRegistration(t *testing.T) {
	keys := newMemKeys()
	e := newObjects(keys, nil)
	m := web("web-1")
	m.ID, m.State = "ami-00000000000000001", Pending
	if _, err := e.create(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if err := e.AbortCopy(t.Context(), m.ID, errCrash); err != nil {
		t.Error(err)
	}
	wantCode(t, e.AbortCopy(t.Context(), m.ID, errCrash), IDUnavailable)
	available := register(t, e, web("web-2"))
	wantCode(t, e.AbortCopy(t.Context(), available.ID, errCrash), IDUnavailable)
}

// A slow store gets its index all the same.
func TestIndexOfSlowStore(t *testing.T) {
	inner := newMemKeys()
	keys := &versionedKeys{Keys: inner}
	e := sameShard(keys)
	for n := range 70 {
		m := web(fmt.Sprintf("web-%d", n))
		id, err := NewID(e.random)
		if err != nil {
			t.Fatal(err)
		}
		m.ID, m.State = id, Available
		text, err := encode(record{Image: m, Nonce: id})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := inner.Create(t.Context(), imageKey(id), text); err != nil {
			t.Fatal(err)
		}
	}
	slow := &versionedKeys{Keys: &staleKeys{Keys: inner, stale: func(key string) ([]byte, string, error, bool) {
		if strings.HasPrefix(key, imagePrefix) {
			time.Sleep(20 * time.Millisecond)
		}
		return nil, "", nil, false
	}}}
	start := time.Now()
	if err := newObjects(slow, nil).updateIndex(t.Context(), "00"); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
	if _, records := keys.cost(t, Query{}); records != 70-indexRepairs {
		t.Errorf("a listing reads %d records one by one, want %d", records, 70-indexRepairs)
	}
}
