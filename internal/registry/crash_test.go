package registry

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"amiforge/internal/store"
)

var errCrash = errors.New("the writer is dead")

// crashingKeys are the keys of a writer that dies at its nth write: that and all after it fail, reads too.
type crashingKeys struct {
	Keys
	left    int  // writes until it dies
	applied bool // the last write reaches the store, only its answer is lost
	dead    bool
}

func (k *crashingKeys) write(do func() (string, error)) (string, error) {
	if k.dead {
		return "", errCrash
	}
	k.left--
	if k.left > 0 {
		return do()
	}
	k.dead = true
	if k.applied {
		_, _ = do()
	}
	return "", errCrash
}

func (k *crashingKeys) Get(ctx context.Context, key string) ([]byte, string, error) {
	if k.dead {
		return nil, "", errCrash
	}
	return k.Keys.Get(ctx, key)
}

func (k *crashingKeys) Create(ctx context.Context, key string, value []byte) (string, error) {
	return k.write(func() (string, error) { return k.Keys.Create(ctx, key, value) })
}

func (k *crashingKeys) Replace(ctx context.Context, key string, value []byte, version string) (string, error) {
	return k.write(func() (string, error) { return k.Keys.Replace(ctx, key, value, version) })
}

func (k *crashingKeys) ListsVersions() bool {
	v, ok := k.Keys.(versioned)
	return ok && v.ListsVersions()
}

func (k *crashingKeys) List(ctx context.Context, prefix string) iter.Seq2[store.Entry, error] {
	return k.Keys.List(ctx, prefix)
}

// impatient returns an engine that does not wait for other writers. It takes them for dead at once.
func impatient(keys Keys) *objects {
	e := newObjects(keys, nil)
	e.wait = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	return e
}

// A crash is a writer's death at its nth write.
type crash struct {
	write   int
	applied bool
}

func (c crash) String() string { return fmt.Sprintf("write %d, applied %v", c.write, c.applied) }

// Attempts at writing that an operation makes at most.
const (
	registerWrites   = 3 // image, claim, image
	takeOverWrites   = 5 // image, claim, the dead one's image, claim, image
	deregisterWrites = 2 // image, claim
)

// crashes are the points at which an operation of so many writes can die.
func crashes(writes int) []crash {
	var all []crash
	for n := 1; n <= writes; n++ {
		all = append(all, crash{n, false}, crash{n, true})
	}
	return all
}

// die runs operation on an engine that dies there, and reports whether it came to that.
func (c crash) die(open func() Keys, operation func(Engine) error) bool {
	keys := &crashingKeys{Keys: open(), left: c.write, applied: c.applied}
	_ = operation(impatient(keys))
	return keys.dead
}

func TestRegisterAfterCrashes(t *testing.T) {
	try := func(e Engine) error {
		_, err := e.Register(t.Context(), web("web-1"))
		return err
	}
	for _, first := range crashes(registerWrites) {
		for _, second := range crashes(takeOverWrites) {
			t.Run(fmt.Sprintf("%v, then %v", first, second), func(t *testing.T) {
				onEach(t, func(t *testing.T, open func() Keys) {
					if !first.die(open, try) {
						t.Fatal("registering has fewer writes")
					}
					second.die(open, try)
					wantOneHolder(t, impatient(open()), web("web-1"))
				})
			})
		}
	}
}

// wantOneHolder registers m and wants one image to live under its name: the new one, or a holder that a
// crashed writer had committed.
func wantOneHolder(t *testing.T, e Engine, m Image) {
	t.Helper()
	before := describe(t, e, Query{})
	registered, err := e.Register(t.Context(), m)
	switch {
	case len(before) > 1:
		t.Fatalf("%d images have one name", len(before))
	case len(before) == 1:
		wantDuplicate(t, err, before[0])
	case err != nil:
		t.Fatalf("register again: %v", err)
	default:
		before = []Image{registered}
	}
	after := idsOf(describe(t, e, Query{}))
	if len(after) != 1 || after[0] != before[0].ID {
		t.Fatalf("images are %v, want %s", after, before[0].ID)
	}
}

func TestDeregisterAfterCrashes(t *testing.T) {
	for _, c := range crashes(deregisterWrites) {
		t.Run(c.String(), func(t *testing.T) {
			onEach(t, func(t *testing.T, open func() Keys) {
				m := register(t, New(open(), nil), web("web-1"))
				died := c.die(open, func(e Engine) error {
					_, err := e.Deregister(t.Context(), m.ID, Caller{})
					return err
				})
				if !died {
					t.Fatal("deregistering has fewer writes")
				}
				gone, err := New(open(), nil).Deregister(t.Context(), m.ID, Caller{})
				if refusal, ok := errors.AsType[*Error](err); err != nil && (!ok || refusal.Code != IDUnavailable) {
					t.Fatalf("deregister again: %v", err)
				}
				if gone.Location != m.Location {
					t.Errorf("the image's location is %q, want %q", gone.Location, m.Location)
				}
				wantOneHolder(t, impatient(open()), web("web-1"))
			})
		})
	}
}

func TestRegisterAfterLostRecord(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		keys, m := open(), web("web-1")
		m.ID = "ami-00000000000000001"
		text, err := newObjects(keys, nil).encodeClaim(m, false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := keys.Create(t.Context(), claimKey(m), text); err != nil {
			t.Fatal(err)
		}
		wantOneHolder(t, New(keys, nil), web("web-1"))
		if lost := describe(t, New(keys, nil), Query{IDs: []string{m.ID}}); lost[0].State != Failed {
			t.Errorf("the lost image is %s, want failed", lost[0].State)
		}
	})
}

// TestSlowWriterIsTakenOver stops a writer between its steps for as long as another takes to register the
// name, and then lets it go on.
func TestSlowWriterIsTakenOver(t *testing.T) {
	for _, after := range []int{1, 2} {
		onEach(t, func(t *testing.T, open func() Keys) {
			var winner Image
			slow := &pausingKeys{Keys: open(), after: after}
			slow.pause = func() { winner = register(t, impatient(open()), web("web-1")) }
			_, err := New(slow, nil).Register(t.Context(), web("web-1"))
			wantDuplicate(t, err, winner)
			if all := idsOf(describe(t, New(open(), nil), Query{IncludePending: true})); len(all) != 1 {
				t.Errorf("paused after write %d: images are %v", after, all)
			}
		})
	}
}

// pausingKeys call pause once, after so many writes.
type pausingKeys struct {
	Keys
	after int
	pause func()
}

func (k *pausingKeys) Create(ctx context.Context, key string, value []byte) (string, error) {
	version, err := k.Keys.Create(ctx, key, value)
	if k.after--; k.after == 0 {
		k.pause()
	}
	return version, err
}

func TestInterruptedWhileWaiting(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		stuck := crash{write: 3}
		stuck.die(open, func(e Engine) error {
			_, err := e.Register(t.Context(), web("web-1"))
			return err
		})
		ctx, cancel := context.WithCancelCause(t.Context())
		e := newObjects(open(), nil)
		e.wait = func(ctx context.Context, d time.Duration) error {
			cancel(errCrash)
			return wait(ctx, d)
		}
		if _, err := e.Register(ctx, web("web-1")); !errors.Is(err, errCrash) {
			t.Errorf("error is %v, want the cause of the cancellation", err)
		}
		if left := idsOf(describe(t, New(open(), nil), Query{IncludePending: true})); len(left) != 1 {
			t.Errorf("pending images are %v, want the stuck one: the other gave up", left)
		}
	})
}
