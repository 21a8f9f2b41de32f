package bundle

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"amiforge/manifest"
)

// badParts lists the parts that err reports, which must all be ErrVerify.
func badParts(t *testing.T, err error) []string {
	t.Helper()
	var out []string
	var walk func(err error)
	walk = func(err error) {
		if p, ok := err.(*PartError); ok {
			out = append(out, p.Name)
			if !errors.Is(p, ErrVerify) {
				t.Errorf("%v is not ErrVerify", p)
			}
			return
		}
		switch w := err.(type) {
		case interface{ Unwrap() []error }:
			for _, e := range w.Unwrap() {
				walk(e)
			}
		case interface{ Unwrap() error }:
			walk(w.Unwrap())
		}
	}
	walk(err)
	return out
}

func TestVerifyReportsAll(t *testing.T) {
	image := noise(200_000, 95)
	good := foreign{tar: ourTar(t, image), size: 200_000, sizes: []int{5000}}.build(t)
	tests := []struct {
		name string
		edit func(t *testing.T, st *memStore)
		want []string
	}{
		{"none", func(*testing.T, *memStore) {}, nil},
		{"flipped", func(t *testing.T, st *memStore) { flip(t, st, "image.part.03", 70) }, []string{"image.part.03"}},
		{"truncated", func(_ *testing.T, st *memStore) { st.putRaw("image.part.03", st.objects["image.part.03"][:4999]) }, []string{"image.part.03"}},
		{"emptied", func(_ *testing.T, st *memStore) { st.putRaw("image.part.00", nil) }, []string{"image.part.00"}},
		{"longer", func(_ *testing.T, st *memStore) { st.putRaw("image.part.03", make([]byte, 5001)) }, []string{"image.part.03"}},
		{"missing", func(_ *testing.T, st *memStore) { delete(st.objects, "image.part.05") }, []string{"image.part.05"}},
		{"swapped", func(_ *testing.T, st *memStore) {
			o := st.objects
			o["image.part.01"], o["image.part.06"] = o["image.part.06"], o["image.part.01"]
		}, []string{"image.part.01", "image.part.06"}},
		{"many", func(t *testing.T, st *memStore) {
			flip(t, st, "image.part.01", 0)
			delete(st.objects, "image.part.02")
			st.putRaw("image.part.04", nil)
			flip(t, st, "image.part.09", 4999)
		}, []string{"image.part.01", "image.part.02", "image.part.04", "image.part.09"}},
	}
	for _, tt := range tests {
		for _, key := range []bool{true, false} {
			t.Run(tt.name+strings.Repeat(" with a key", btoi(key)), func(t *testing.T) {
				st := good.clone()
				opts := &OpenOptions{Signer: &testKey().PublicKey}
				if key {
					opts.Key = testKey()
				}
				b, err := Open(t.Context(), st, doc, opts)
				if err != nil {
					t.Fatal(err)
				}
				tt.edit(t, st)
				err = b.Verify(t.Context(), nil)
				if (err != nil) != (tt.want != nil) || err != nil && !errors.Is(err, ErrVerify) {
					t.Errorf("%v", err)
				}
				if got := badParts(t, err); !slices.Equal(got, tt.want) {
					t.Errorf("%q are reported, want %q: %v", got, tt.want, err)
				}
			})
		}
	}
}

// The archive is wrong from the start, and a part that is not reached is bad too.
func TestVerifyReportsPartsBesideArchive(t *testing.T) {
	st := foreign{tar: ourTar(t, noise(20*mib, 96)), size: 20*mib + 1, sizes: []int{mib}}.build(t)
	b := openMem(t, st)
	last := b.Manifest.Image.Parts[len(b.Manifest.Image.Parts)-1].Name
	flip(t, st, last, 0)
	err := b.Verify(t.Context(), nil)
	if got := badParts(t, err); !slices.Equal(got, []string{last}) || !strings.Contains(err.Error(), "the image is 20971520 bytes long") {
		t.Errorf("%v", err)
	}
}

// What the store itself refuses is not the bundle's fault.
func TestVerifyStoreError(t *testing.T) {
	st := manyParts(t, 10)
	st.hook = func(op, name string) error {
		if op == "open" && name == "image.part.04" {
			return fs.ErrPermission
		}
		return nil
	}
	b, err := Open(t.Context(), st, doc, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Verify(t.Context(), nil); errors.Is(err, ErrVerify) || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("%v, want fs.ErrPermission alone", err)
	}
}

func TestCheckParts(t *testing.T) {
	good := manyParts(t, 10)
	b := openMem(t, good)
	tests := []struct {
		name string
		edit func(st *memStore)
		want []string
	}{
		{"none", func(*memStore) {}, nil},
		{"missing", func(st *memStore) { delete(st.objects, "image.part.02"); delete(st.objects, "image.part.09") }, []string{"image.part.02", "image.part.09"}},
		{"shorter", func(st *memStore) { st.putRaw("image.part.02", nil) }, []string{}},
	}
	for _, tt := range tests {
		st := good.clone()
		tt.edit(st)
		err := CheckParts(t.Context(), st, b.Manifest)
		if (err != nil) != (tt.want != nil) || err != nil && !errors.Is(err, ErrVerify) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if got := badParts(t, err); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		if n := len(st.called("open")); n > 0 {
			t.Errorf("%s: %d parts were read", tt.name, n)
		}
	}
}

func TestStrays(t *testing.T) {
	st := manyParts(t, 3)
	for _, name := range []string{"image.part.03", "image.part.2", "image.part.1000", "image.part.x", "other.part.05", "image.part."} {
		st.putRaw(name, nil)
	}
	got, err := openMem(t, st).Strays(t.Context())
	if want := []string{"image.part.03", "image.part.1000", "image.part.2"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q: %v, want %q", got, err, want)
	}
}

func TestRemove(t *testing.T) {
	st, boom := manyParts(t, 30), errors.New("boom")
	others := []string{"image.part.30", "other.xml", "image.part.x"}
	for _, name := range others {
		st.putRaw(name, nil)
	}
	for _, stop := range []string{"image.part.00", "image.part.17", doc} { // interrupted, and run again
		st.hook = func(op, name string) error {
			if op == "remove" && name == stop {
				return boom
			}
			return nil
		}
		if err := Remove(t.Context(), st, doc); !errors.Is(err, boom) {
			t.Errorf("%v, want %v", err, boom)
		}
		if _, err := st.object(doc); err != nil {
			t.Fatal("the manifest went before the parts")
		}
	}
	st.hook = nil
	if err := Remove(t.Context(), st, doc); err != nil {
		t.Error(err)
	}
	wantNames(t, st, others...)
	if err := Remove(t.Context(), st, doc); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("again: %v, want fs.ErrNotExist", err)
	}
}

// A manifest under the name of one of its own parts is not opened, copied or removed.
func TestManifestNamedAsPart(t *testing.T) {
	st := manyParts(t, 3)
	st.putRaw("image.part.01", st.objects[doc])
	_, openErr := Open(t.Context(), st, "image.part.01", nil)
	_, copyErr := Copy(t.Context(), newMemStore(), st, "image.part.01", nil)
	removeErr := Remove(t.Context(), st, "image.part.01")
	for _, err := range []error{openErr, copyErr, removeErr} {
		if _, ok := errors.AsType[*manifest.Error](err); !ok {
			t.Errorf("%v, want a manifest.Error", err)
		}
	}
}

// A document that is too long is not read.
func TestManifestTooLong(t *testing.T) {
	st := newMemStore()
	st.putRaw(doc, make([]byte, manifest.MaxSize+1))
	if _, err := Open(t.Context(), st, doc, nil); !errors.Is(err, ErrVerify) || !strings.Contains(err.Error(), "too long") {
		t.Errorf("%v", err)
	}
}
