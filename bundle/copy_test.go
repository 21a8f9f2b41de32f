package bundle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiforge/manifest"
)

const doc = "image.manifest.xml"

// manyParts is a bundle of n parts.
func manyParts(t testing.TB, n int) *memStore {
	t.Helper()
	f := foreign{tar: ourTar(t, noise(n*1000, 90)), size: int64(n * 1000), cipher: random(n * 16), sizes: []int{16}}
	return f.build(t)
}

// parts lists the names of the first n parts.
func parts(n int) []string {
	var out []string
	for i := range n {
		out = append(out, PartName("image", i))
	}
	slices.Sort(out)
	return out
}

func wantSame(t *testing.T, got, want *memStore) {
	t.Helper()
	if diff := cmp.Diff(want.objects, got.objects); diff != "" {
		t.Errorf("the stores differ (-want +got):\n%.2000s", diff)
	}
}

func TestCopy(t *testing.T) {
	src, dst := manyParts(t, 30), newMemStore()
	var total, sum atomic.Int64
	done, err := Copy(t.Context(), dst, src, doc, &CopyOptions{Begin: total.Store, Progress: func(n int64) { sum.Add(n) }})
	if err != nil || done != (CopyResult{Sent: 30}) {
		t.Errorf("%+v: %v", done, err)
	}
	if total.Load() != 480 || sum.Load() != 480 {
		t.Errorf("%d bytes announced, %d reported, want 480", total.Load(), sum.Load())
	}
	wantSame(t, dst, src)
	if puts := dst.calls["put"]; puts[len(puts)-1] != doc {
		t.Errorf("%s was put last, want the manifest", puts[len(puts)-1])
	}
	sum.Store(0)
	done, err = Copy(t.Context(), dst, src, doc, &CopyOptions{Progress: func(n int64) { sum.Add(n) }})
	if err != nil || done != (CopyResult{Kept: 30}) || sum.Load() != 480 {
		t.Errorf("again: %+v, %d bytes: %v", done, sum.Load(), err)
	}
}

// After a failure, the same command sends what is missing and no more.
func TestCopyResumes(t *testing.T) {
	boom := errors.New("boom")
	for n := range 31 {
		src, dst := manyParts(t, 30), newMemStore()
		var puts atomic.Int64
		noLeak(t, func(t *testing.T) {
			dst.hook = func(op, _ string) error {
				if op == "put" && puts.Add(1) > int64(n) {
					return boom
				}
				return nil
			}
			if _, err := Copy(t.Context(), dst, src, doc, nil); !errors.Is(err, boom) {
				t.Errorf("put %d fails: %v", n, err)
			}
		})
		if _, err := dst.object(doc); err == nil {
			t.Errorf("put %d fails, and the manifest is there", n)
		}
		there := len(dst.names())
		dst.hook = nil
		done, err := Copy(t.Context(), dst, src, doc, nil)
		if err != nil || done != (CopyResult{Sent: 30 - there, Kept: there}) {
			t.Errorf("with %d parts there: %+v: %v", there, done, err)
		}
		wantSame(t, dst, src)
	}
}

func TestCopyCancelled(t *testing.T) {
	src, cause := manyParts(t, 50), errors.New("enough")
	noLeak(t, func(t *testing.T) {
		dst := newMemStore()
		ctx, cancel := context.WithCancelCause(t.Context())
		dst.hook = func(op, name string) error {
			if op == "put" && name == "image.part.20" {
				cancel(cause)
			}
			return nil
		}
		if _, err := Copy(ctx, dst, src, doc, nil); !errors.Is(err, cause) {
			t.Errorf("%v, want %v", err, cause)
		}
		if n := len(dst.names()); n > 40 {
			t.Errorf("%d objects were still sent", n)
		}
	})
}

// What is wrong at the source is not sent, nor is a manifest then.
func TestCopyBadSource(t *testing.T) {
	tests := []struct {
		name string
		edit func(t *testing.T, st *memStore)
		part string // that the error names
	}{
		{"flipped", func(t *testing.T, st *memStore) { flip(t, st, "image.part.03", 7) }, "image.part.03"},
		{"truncated", func(_ *testing.T, st *memStore) { st.putRaw("image.part.03", st.objects["image.part.03"][:15]) }, "image.part.03"},
		{"longer", func(_ *testing.T, st *memStore) { st.putRaw("image.part.03", make([]byte, 17)) }, "image.part.03"},
		{"missing", func(_ *testing.T, st *memStore) { delete(st.objects, "image.part.03") }, "image.part.03"},
		{"first missing", func(_ *testing.T, st *memStore) { delete(st.objects, "image.part.00") }, "image.part.00"},
		{"bundled size", func(t *testing.T, st *memStore) {
			other := foreign{tar: []byte("x"), size: 1, cipher: random(160), sizes: []int{16}, edit: func(m *manifest.Manifest) { m.Image.BundledSize++ }}
			st.objects = other.build(t).objects
		}, ""},
		{"no manifest", func(_ *testing.T, st *memStore) { delete(st.objects, doc) }, ""},
		{"no manifest at all", func(_ *testing.T, st *memStore) { st.putRaw(doc, []byte("hello")) }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src, dst := manyParts(t, 10), newMemStore()
			tt.edit(t, src)
			_, err := Copy(t.Context(), dst, src, doc, nil)
			if err == nil || tt.part != "" && !isPartError(err, tt.part) {
				t.Errorf("%v, want one of %s", err, tt.part)
			}
			for _, name := range dst.names() {
				if name == doc || name == tt.part {
					t.Errorf("%s was sent", name)
				}
			}
		})
	}
}

// What is wrong at the destination is sent again.
func TestCopyBadDestination(t *testing.T) {
	src := manyParts(t, 10)
	dst := src.clone()
	flip(t, dst, "image.part.02", 3)
	dst.putRaw("image.part.04", []byte("short"))
	dst.putRaw("image.part.05", make([]byte, 99))
	dst.putRaw("image.part.06", src.objects["image.part.07"])
	delete(dst.objects, "image.part.08")
	dst.putRaw("image.part.10", []byte("surplus"))
	done, err := Copy(t.Context(), dst, src, doc, nil)
	if err != nil || done != (CopyResult{Sent: 5, Kept: 5}) {
		t.Errorf("%+v: %v", done, err)
	}
	wantSame(t, dst, src)
}

func TestCopyFrom(t *testing.T) {
	src := manyParts(t, 10)
	for from, want := range map[int]int{0: 10, 3: 7, 9: 1, 10: 0} {
		dst, partial := newMemStore(), src.clone()
		for i := range from { // they need not be at the source any more
			name := PartName("image", i)
			dst.putRaw(name, partial.objects[name])
			delete(partial.objects, name)
		}
		done, err := Copy(t.Context(), dst, partial, doc, &CopyOptions{From: from})
		if err != nil || done.Sent != want || len(dst.names()) != 11 {
			t.Errorf("from %d: %+v, %q: %v", from, done, dst.names(), err)
		}
	}
	dst := newMemStore()
	if _, err := Copy(t.Context(), dst, src, doc, &CopyOptions{From: 3}); !errors.Is(err, ErrVerify) || dst.objects[doc] != nil {
		t.Errorf("from 3, to a store without the parts before it: %v, want ErrVerify", err)
	}
	for _, from := range []int{-1, 11} {
		if _, err := Copy(t.Context(), newMemStore(), src, doc, &CopyOptions{From: from}); err == nil || !strings.Contains(err.Error(), "parts 0 to 9") {
			t.Errorf("from %d: %v", from, err)
		}
	}
}

func TestCopyOptions(t *testing.T) {
	src := manyParts(t, 10)
	dst := newMemStore()
	if _, err := Copy(t.Context(), dst, src, doc, &CopyOptions{SkipManifest: true}); err != nil {
		t.Error(err)
	}
	wantNames(t, dst, parts(10)...)

	manifests, dst := newMemStore(), newMemStore()
	manifests.putRaw(doc, src.objects[doc])
	if _, err := Copy(t.Context(), dst, manifests, doc, &CopyOptions{Parts: src}); err != nil {
		t.Error(err)
	}
	wantSame(t, dst, src)
}

// Another bundle of the same name is only replaced on demand, its manifest first.
func TestCopyReplace(t *testing.T) {
	src, other := manyParts(t, 10), manyParts(t, 14)
	for _, opts := range []*CopyOptions{nil, {SkipManifest: true}} {
		dst := other.clone()
		if _, err := Copy(t.Context(), dst, src, doc, opts); !errors.Is(err, ErrExist) {
			t.Errorf("%+v: %v, want ErrExist", opts, err)
		}
		wantSame(t, dst, other)
	}
	dst := other.clone()
	dst.hook = func(op, name string) error {
		if _, err := dst.object(doc); op == "put" && name != doc && err == nil {
			return fmt.Errorf("%s is put while the manifest is there", name)
		}
		return nil
	}
	if _, err := Copy(t.Context(), dst, src, doc, &CopyOptions{Replace: true}); err != nil {
		t.Error(err)
	}
	wantSame(t, dst, src)
}

// RemoveCopy takes away what Copy puts there, however far it came and in spite of an end of its context.
func TestRemoveCopy(t *testing.T) {
	src := manyParts(t, 3)
	b := openMem(t, src)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, without := range []string{"", doc, "image.part.01"} {
		dst := src.clone()
		delete(dst.objects, without)
		dst.putRaw("image.part.03", []byte("another's"))
		dst.putRaw("other.manifest.xml", []byte("another's"))
		if err := b.RemoveCopy(cancelled, dst, doc); err != nil {
			t.Error(err)
		}
		wantNames(t, dst, "image.part.03", "other.manifest.xml")
		if removed := dst.calls["remove"]; removed[0] != doc {
			t.Errorf("%s was removed first, want the manifest", removed[0])
		}
	}
	dst := src.clone()
	dst.hook = func(op, name string) error {
		if op == "remove" && name == doc {
			return errors.New("denied")
		}
		return nil
	}
	if err := b.RemoveCopy(t.Context(), dst, doc); err == nil || !strings.Contains(err.Error(), doc+" is left behind: denied") {
		t.Errorf("%v", err)
	}
	wantSame(t, dst, src)
}
