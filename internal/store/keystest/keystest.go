// Package keystest is the conformance suite of the key-value access that the registry works on.
package keystest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	"amiforge/internal/store"
)

// Keys is what is tested; store.Keys is one.
type Keys interface {
	Get(ctx context.Context, key string) (value []byte, version string, err error)
	Create(ctx context.Context, key string, value []byte) (version string, err error)
	Replace(ctx context.Context, key string, value []byte, version string) (newVersion string, err error)
	List(ctx context.Context, prefix string) iter.Seq2[store.Entry, error]
}

// Run runs the suite. open returns empty keys, new ones each time.
func Run(t *testing.T, open func(t *testing.T) Keys) {
	tests := []struct {
		name string
		test func(*testing.T, Keys)
	}{
		{"Missing", testMissing},
		{"Create", testCreate},
		{"Replace", testReplace},
		{"Sizes", testSizes},
		{"BadKeys", testBadKeys},
		{"List", testList},
		{"ListStops", testListStops},
		{"Cancelled", testCancelled},
		{"CreateRace", testCreateRace},
		{"Counter", testCounter},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.test(t, open(t)) })
	}
}

func testMissing(t *testing.T, k Keys) {
	if _, _, err := k.Get(t.Context(), "images/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Get: %v, want fs.ErrNotExist", err)
	}
	_, err := k.Replace(t.Context(), "images/none", []byte("x"), "0123456789abcdef0123456789abcdef")
	if !errors.Is(err, store.ErrConflict) && !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Replace: %v, want store.ErrConflict or fs.ErrNotExist", err)
	}
	if _, _, err := k.Get(t.Context(), "images/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Get after Replace: %v, want fs.ErrNotExist", err)
	}
	for entry, err := range k.List(t.Context(), "") {
		t.Errorf("List yields %q, %v", entry.Key, err)
	}
}

func testCreate(t *testing.T, k Keys) {
	version, err := k.Create(t.Context(), "images/ami-1", []byte("one"))
	if err != nil || version == "" {
		t.Fatalf("Create = %q, %v", version, err)
	}
	wantValue(t, k, "images/ami-1", "one", version)
	if _, err := k.Create(t.Context(), "images/ami-1", []byte("two")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second Create: %v, want fs.ErrExist", err)
	}
	wantValue(t, k, "images/ami-1", "one", version)
}

func testReplace(t *testing.T, k Keys) {
	first, err := k.Create(t.Context(), "a", []byte("one"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := k.Replace(t.Context(), "a", []byte("two"), first)
	if err != nil || second == first || second == "" {
		t.Fatalf("Replace = %q, %v; the version before is %q", second, err, first)
	}
	wantValue(t, k, "a", "two", second)
	if _, err := k.Replace(t.Context(), "a", []byte("three"), first); !errors.Is(err, store.ErrConflict) {
		t.Errorf("Replace of a stale version: %v, want store.ErrConflict", err)
	}
	if _, err := k.Replace(t.Context(), "a", []byte("three"), ""); err == nil {
		t.Error("Replace without a version succeeds")
	}
	wantValue(t, k, "a", "two", second)
}

func testSizes(t *testing.T, k Keys) {
	for _, size := range []int{0, 1, 4095, 4096, 4097, store.MaxValue} {
		value := bytes.Repeat([]byte("x"), size)
		key := "size/" + strconv.Itoa(size)
		version, err := k.Create(t.Context(), key, value)
		if err != nil {
			t.Errorf("Create of %d bytes: %v", size, err)
			continue
		}
		wantValue(t, k, key, string(value), version)
	}
	if _, err := k.Create(t.Context(), "big", make([]byte, store.MaxValue+1)); err == nil {
		t.Error("a value longer than store.MaxValue is stored")
	}
}

func testBadKeys(t *testing.T, k Keys) {
	for _, key := range []string{"", ".", "..", "/a", "a/", "a//b", "../a", "a/../b", "./a", "a\x00b", "a\nb"} {
		if _, err := k.Create(t.Context(), key, []byte("x")); err == nil {
			t.Errorf("Create of %q succeeds", key)
		}
		if _, _, err := k.Get(t.Context(), key); err == nil {
			t.Errorf("Get of %q succeeds", key)
		}
	}
}

func testList(t *testing.T, k Keys) {
	want := []string{"b", "images/ami-1", "images/ami-2", "images/deep/er/x", "images2/y", "names/a b;é&<%+\"'"}
	for _, key := range want {
		if _, err := k.Create(t.Context(), key, []byte(key)); err != nil {
			t.Fatal(err)
		}
	}
	for prefix, want := range map[string][]string{
		"":             want,
		"images/":      want[1:4],
		"images/ami-1": want[1:2],
		"names/":       want[5:],
		"none/":        nil,
	} {
		if got := list(t, k, prefix); !slices.Equal(got, want) {
			t.Errorf("List(%q) = %q, want %q", prefix, got, want)
		}
	}
}

func testListStops(t *testing.T, k Keys) {
	for _, key := range []string{"a", "b", "c"} {
		if _, err := k.Create(t.Context(), key, []byte(key)); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for _, err := range k.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		n++
		break
	}
	if n != 1 {
		t.Errorf("List yielded %d keys before a break", n)
	}
}

func testCancelled(t *testing.T, k Keys) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := k.Create(ctx, "a", []byte("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("Create: %v, want context.Canceled", err)
	}
	if _, _, err := k.Get(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("Get: %v, want context.Canceled", err)
	}
	var last error
	for _, err := range k.List(ctx, "") {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("List: %v, want context.Canceled", last)
	}
}

// testCreateRace lets 24 writers create each of 8 keys: of every key exactly one wins, and its value is there.
func testCreateRace(t *testing.T, k Keys) {
	const writers, keys = 24, 8
	for i := range keys {
		key := fmt.Sprintf("race/%d", i)
		var winner atomic.Pointer[string]
		g, ctx := errgroup.WithContext(t.Context())
		for range writers {
			g.Go(func() error {
				value := rand.Text()
				_, err := k.Create(ctx, key, []byte(value))
				if errors.Is(err, fs.ErrExist) {
					return nil
				}
				if err == nil && winner.Swap(&value) != nil {
					return fmt.Errorf("%s: two writers won", key)
				}
				return err
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if winner.Load() == nil {
			t.Fatalf("%s: no writer won", key)
		}
		if value, _, err := k.Get(t.Context(), key); err != nil || string(value) != *winner.Load() {
			t.Errorf("%s has %q, %v; the winner wrote %q", key, value, err, *winner.Load())
		}
	}
}

// testCounter lets writers count one key up by compare and swap: no step is lost.
func testCounter(t *testing.T, k Keys) {
	const writers, steps = 4, 20
	if _, err := k.Create(t.Context(), "counter", []byte("0 "+rand.Text())); err != nil {
		t.Fatal(err)
	}
	g, ctx := errgroup.WithContext(t.Context())
	for range writers {
		g.Go(func() error {
			for range steps {
				if err := increment(ctx, k); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	n, _, err := count(t.Context(), k)
	if err != nil || n != writers*steps {
		t.Errorf("counter is %d, %v; want %d", n, err, writers*steps)
	}
}

// increment adds one to the counter, whatever other writers do.
func increment(ctx context.Context, k Keys) error {
	for {
		n, version, err := count(ctx, k)
		if err != nil {
			return err
		}
		next := fmt.Sprintf("%d %s", n+1, rand.Text()) // with the nonce that Keys wants
		_, err = k.Replace(ctx, "counter", []byte(next), version)
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
}

func count(ctx context.Context, k Keys) (n int, version string, err error) {
	value, version, err := k.Get(ctx, "counter")
	if err != nil {
		return 0, "", err
	}
	digits, _, _ := bytes.Cut(value, []byte(" "))
	n, err = strconv.Atoi(string(digits))
	return n, version, err
}

func wantValue(t *testing.T, k Keys, key, value, version string) {
	t.Helper()
	gotValue, gotVersion, err := k.Get(t.Context(), key)
	if err != nil || string(gotValue) != value || gotVersion != version {
		t.Errorf("Get(%q) = %d bytes, version %q, %v; want %d bytes, version %q",
			key, len(gotValue), gotVersion, err, len(value), version)
	}
}

// list returns the keys under prefix, sorted.
func list(t *testing.T, k Keys, prefix string) []string {
	t.Helper()
	var keys []string
	for entry, err := range k.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, entry.Key)
		wantEntry(t, k, entry)
	}
	slices.Sort(keys)
	return keys
}

// wantEntry wants what a listing gives along with a key to be what Get returns.
func wantEntry(t *testing.T, k Keys, entry store.Entry) {
	t.Helper()
	value, version, err := k.Get(t.Context(), entry.Key)
	if err != nil || entry.Version != "" && entry.Version != version {
		t.Errorf("List: %q has version %q; Get says %q, %v", entry.Key, entry.Version, version, err)
	}
	if entry.Value != nil && !bytes.Equal(entry.Value, value) {
		t.Errorf("List: %q has another value than Get returns", entry.Key)
	}
}
