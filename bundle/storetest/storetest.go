// Package storetest is the conformance suite of bundle.Store: what every store must do alike, so that a
// directory can stand for a bucket.
package storetest

import (
	"bytes"
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/iotest"

	"golang.org/x/sync/errgroup"

	"amiforge/bundle"
	"amiforge/manifest"
)

// Run runs the suite. open returns an empty store, a new one each time.
func Run(t *testing.T, open func(t *testing.T) bundle.Store) {
	tests := []struct {
		name string
		test func(*testing.T, bundle.Store)
	}{
		{"Missing", testMissing},
		{"Sizes", testSizes},
		{"Reader", testReader},
		{"Names", testNames},
		{"BadNames", testBadNames},
		{"Replace", testReplace},
		{"Remove", testRemove},
		{"WrongDigest", testWrongDigest},
		{"ShortBody", testShortBody},
		{"BrokenBody", testBrokenBody},
		{"ConcurrentPuts", testConcurrentPuts},
		{"Cancelled", testCancelled},
		{"ListMany", testListMany},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.test(t, open(t)) })
	}
}

func testMissing(t *testing.T, s bundle.Store) {
	if s.String() == "" {
		t.Error("String is empty")
	}
	if _, err := s.Stat(t.Context(), "none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat: %v, want fs.ErrNotExist", err)
	}
	if _, _, err := s.Open(t.Context(), "none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open: %v, want fs.ErrNotExist", err)
	}
	if err := s.Remove(t.Context(), "none"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Remove: %v, want fs.ErrNotExist or none", err)
	}
	wantList(t, s, map[string]int64{})
}

// sizes are around the buffers that implementations like, and one is larger than a part of 10 MiB.
var sizes = []int{0, 1, 4095, 4096, 4097, 32<<10 + 1, 1<<20 + 1, 11 << 20}

func testSizes(t *testing.T, s bundle.Store) {
	want := map[string]int64{}
	for _, size := range sizes {
		name, content := fmt.Sprintf("image.part.%d", size), random(size)
		put(t, s, name, content)
		want[name] = int64(size)
		wantContent(t, s, name, content)
	}
	wantList(t, s, want)
}

func testReader(t *testing.T, s bundle.Store) {
	content := random(10_000)
	put(t, s, "image.part.00", content)
	body, _, err := s.Open(t.Context(), "image.part.00")
	if err != nil {
		t.Fatal(err)
	}
	defer closeBody(t, body)
	if err := iotest.TestReader(body, content); err != nil {
		t.Error(err)
	}
}

// names are legal: old tools made such ones.
var names = []string{
	"image.part.03", "image.manifest.xml", "a b", " leading and trailing ", `say "hi"`, "it's", "a;b", "a&b", "a<b>",
	"a+b", "a%20b", "100%", "é", "日本", "a?b", "a#b", "a=b", "a*b", "a~b", "a:b", "a,b", "(a)[b]{c}", "$HOME", "`x`", "!",
	"...", "a..b", ".hidden", "x.tmp",
}

func testNames(t *testing.T, s bundle.Store) {
	want := map[string]int64{}
	for _, name := range names {
		put(t, s, name, []byte(name))
		want[name] = int64(len(name))
	}
	for _, name := range names {
		wantContent(t, s, name, []byte(name))
	}
	wantList(t, s, want)
	for _, name := range names {
		if err := s.Remove(t.Context(), name); err != nil {
			t.Errorf("Remove: %v", err)
		}
	}
	wantList(t, s, map[string]int64{})
}

func testBadNames(t *testing.T, s bundle.Store) {
	content := []byte("x")
	for _, name := range []string{"", ".", "..", "/a", "a/", "a/b", "../a", "a\x00b"} {
		if err := s.Put(t.Context(), name, bytes.NewReader(content), 1, sha1.Sum(content)); err == nil {
			t.Errorf("Put of %q succeeds", name)
		}
		if _, err := s.Stat(t.Context(), name); err == nil {
			t.Errorf("Stat of %q succeeds", name)
		}
		if _, _, err := s.Open(t.Context(), name); err == nil {
			t.Errorf("Open of %q succeeds", name)
		}
		if err := s.Remove(t.Context(), name); err == nil {
			t.Errorf("Remove of %q succeeds", name)
		}
	}
	wantList(t, s, map[string]int64{})
}

func testReplace(t *testing.T, s bundle.Store) {
	for _, size := range []int{5000, 3, 0, 70_000} {
		content := random(size)
		put(t, s, "image.part.00", content)
		wantContent(t, s, "image.part.00", content)
	}
	wantList(t, s, map[string]int64{"image.part.00": 70_000})
}

func testRemove(t *testing.T, s bundle.Store) {
	put(t, s, "a", []byte("a"))
	put(t, s, "ab", []byte("ab"))
	if err := s.Remove(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Stat(t.Context(), "a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat after Remove: %v, want fs.ErrNotExist", err)
	}
	wantList(t, s, map[string]int64{"ab": 2})
}

// testWrongDigest wants wrong content refused both as the first object of a store and later, and what had the
// name before to stay.
func testWrongDigest(t *testing.T, s bundle.Store) {
	content, other := random(100_000), random(100_000)
	refused := func() {
		t.Helper()
		err := s.Put(t.Context(), "image.part.00", bytes.NewReader(other), 100_000, sha1.Sum(content))
		if !errors.Is(err, bundle.ErrVerify) {
			t.Errorf("Put with the digest of other content: %v, want bundle.ErrVerify", err)
		}
	}
	refused()
	wantList(t, s, map[string]int64{})
	put(t, s, "image.part.00", content)
	refused()
	wantContent(t, s, "image.part.00", content)
	wantList(t, s, map[string]int64{"image.part.00": 100_000})
}

func testShortBody(t *testing.T, s bundle.Store) {
	content := random(5000)
	for range 2 { // a store may treat its first object in another way
		err := s.Put(t.Context(), "short", bytes.NewReader(content[:4000]), 5000, sha1.Sum(content))
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("Put of a body that is too short: %v, want io.ErrUnexpectedEOF", err)
		}
		wantList(t, s, map[string]int64{})
		put(t, s, "good", content)
		if err := s.Remove(t.Context(), "good"); err != nil {
			t.Fatal(err)
		}
	}
}

// errBroken is the error of a brokenBody.
var errBroken = errors.New("disk is on fire")

// A brokenBody cannot be read from the middle on.
type brokenBody []byte

func (b brokenBody) ReadAt(p []byte, offset int64) (int, error) {
	half := int64(len(b) / 2)
	if offset >= half {
		return 0, errBroken
	}
	n := copy(p, b[offset:half])
	if n < len(p) {
		return n, errBroken
	}
	return n, nil
}

func testBrokenBody(t *testing.T, s bundle.Store) {
	content := random(200_000)
	for range 2 {
		err := s.Put(t.Context(), "broken", brokenBody(content), 200_000, sha1.Sum(content))
		if !errors.Is(err, errBroken) {
			t.Errorf("Put of a broken body: %v, want %v", err, errBroken)
		}
		wantList(t, s, map[string]int64{})
		put(t, s, "good", content)
		if err := s.Remove(t.Context(), "good"); err != nil {
			t.Fatal(err)
		}
	}
}

// testConcurrentPuts wants one whole object, whoever is last.
func testConcurrentPuts(t *testing.T, s bundle.Store) {
	contents := map[manifest.Digest][]byte{}
	g, ctx := errgroup.WithContext(t.Context())
	for i := range 12 {
		content := random(200_000 + i)
		sum := manifest.Digest(sha1.Sum(content))
		contents[sum] = content
		g.Go(func() error {
			return s.Put(ctx, "image.part.00", bytes.NewReader(content), int64(len(content)), sum)
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	got := read(t, s, "image.part.00")
	if _, ok := contents[sha1.Sum(got)]; !ok {
		t.Errorf("the object of %d bytes is none of those that were put", len(got))
	}
	wantList(t, s, map[string]int64{"image.part.00": int64(len(got))})
}

func testCancelled(t *testing.T, s bundle.Store) {
	content := random(1000)
	put(t, s, "a", content)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, statErr := s.Stat(ctx, "a")
	_, _, openErr := s.Open(ctx, "a")
	var listErr error
	for _, err := range s.List(ctx) {
		listErr = err
	}
	for name, err := range map[string]error{
		"Put":    s.Put(ctx, "b", bytes.NewReader(content), 1000, sha1.Sum(content)),
		"Stat":   statErr,
		"Open":   openErr,
		"Remove": s.Remove(ctx, "a"),
		"List":   listErr,
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want context.Canceled", name, err)
		}
	}
	wantList(t, s, map[string]int64{"a": 1000})
}

// testListMany wants more objects than S3 lists on a page, or two.
func testListMany(t *testing.T, s bundle.Store) {
	const count = 2500
	want := map[string]int64{}
	g, ctx := errgroup.WithContext(t.Context())
	g.SetLimit(16)
	for i := range count {
		name, content := fmt.Sprintf("image.part.%02d", i), bytes.Repeat([]byte("x"), i%7)
		want[name] = int64(len(content))
		g.Go(func() error {
			return s.Put(ctx, name, bytes.NewReader(content), int64(len(content)), sha1.Sum(content))
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	wantList(t, s, want)
	n := 0
	for _, err := range s.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("List yielded %d objects until a break after 3", n)
	}
}

// random returns size bytes that are the same in no two calls.
func random(size int) []byte {
	var seed [32]byte
	for i := range seed {
		seed[i] = byte(rand.Uint32())
	}
	b := make([]byte, size)
	rand.NewChaCha8(seed).Read(b)
	return b
}

func put(t *testing.T, s bundle.Store, name string, content []byte) {
	t.Helper()
	if err := s.Put(t.Context(), name, bytes.NewReader(content), int64(len(content)), sha1.Sum(content)); err != nil {
		t.Fatal(err)
	}
}

// read returns the content of an object, and wants that the size which Open tells is right.
func read(t *testing.T, s bundle.Store, name string) []byte {
	t.Helper()
	body, size, err := s.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer closeBody(t, body)
	content, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	if size != int64(len(content)) {
		t.Errorf("%s: Open says %d bytes, there are %d", name, size, len(content))
	}
	return content
}

func closeBody(t *testing.T, body io.Closer) {
	t.Helper()
	if err := body.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// wantContent wants an object with this content, and Stat to tell its size and, if it does, its digest.
func wantContent(t *testing.T, s bundle.Store, name string, content []byte) {
	t.Helper()
	if got := read(t, s, name); !bytes.Equal(got, content) {
		t.Errorf("%q: content of %d bytes differs from the %d that were put", name, len(got), len(content))
	}
	o, err := s.Stat(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if o.Name != name || o.Size != int64(len(content)) {
		t.Errorf("Stat says %q of %d bytes, want %q of %d", o.Name, o.Size, name, len(content))
	}
	if sum := manifest.Digest(sha1.Sum(content)); o.SHA1 != nil && *o.SHA1 != sum {
		t.Errorf("%q: Stat says SHA-1 %v, want %v", name, o.SHA1, sum)
	}
}

// wantList wants exactly these objects.
func wantList(t *testing.T, s bundle.Store, want map[string]int64) {
	t.Helper()
	got := map[string]int64{}
	for o, err := range s.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := got[o.Name]; twice {
			t.Errorf("List yields %q twice", o.Name)
		}
		got[o.Name] = o.Size
	}
	if !maps.Equal(got, want) {
		t.Errorf("List yields %d objects %.300q, want %d %.300q",
			len(got), slices.Sorted(maps.Keys(got)), len(want), slices.Sorted(maps.Keys(want)))
	}
}
