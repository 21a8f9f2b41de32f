package bundle

import (
	"context"
	"crypto/sha1"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"amiforge/manifest"
)

// renamed is the manifest of a bundle of two parts, with those names, and the store that it is in.
func renamed(t *testing.T, image string, parts ...string) *memStore {
	t.Helper()
	st := manyParts(t, len(parts))
	_, m, err := readParsed(t.Context(), st, doc)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range m.Image.Parts {
		st.putRaw(parts[i], st.objects[p.Name])
		m.Image.Parts[i].Name = parts[i]
	}
	m.Image.Name = image
	text, err := m.Sign(testKey())
	if err != nil {
		t.Fatal(err)
	}
	st.putRaw("evil.manifest.xml", text)
	return st
}

// A manifest that anybody may have written does not overwrite what is not a part of its bundle, nor make files
// that mean something to other programs.
func TestCopyInTheWay(t *testing.T) {
	t.Run("another bundle's part", func(t *testing.T) {
		src, dst := renamed(t, "evil", "evil.part.00", "image.part.00"), newMemStore()
		dst.putRaw("image.part.00", []byte("of another bundle"))
		_, err := Copy(t.Context(), dst, src, "evil.manifest.xml", nil)
		if !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), "image.part.00") {
			t.Errorf("%v, want fs.ErrExist", err)
		}
		if string(dst.objects["image.part.00"]) != "of another bundle" || dst.objects["evil.manifest.xml"] != nil {
			t.Errorf("the store holds %q", dst.names())
		}
		if _, err := Copy(t.Context(), dst, src, "evil.manifest.xml", &CopyOptions{Replace: true}); err != nil {
			t.Errorf("with Replace: %v", err)
		}
	})
	t.Run("hidden file", func(t *testing.T) {
		src, dst := renamed(t, "evil", "evil.part.00", ".profile"), newMemStore()
		_, err := Copy(t.Context(), dst, src, "evil.manifest.xml", &CopyOptions{Replace: true})
		if !errors.Is(err, ErrVerify) || !strings.Contains(err.Error(), `".profile"`) || len(dst.objects) > 0 {
			t.Errorf("%v, and the store holds %q", err, dst.names())
		}
	})
}

func TestRemoveOnlyParts(t *testing.T) {
	for _, name := range []string{"notes.txt", ".profile", "a.part.1x", "a.part.", ".part.00"} {
		st := renamed(t, "evil", "evil.part.00", name)
		before := st.names()
		err := Remove(t.Context(), st, "evil.manifest.xml")
		if !errors.Is(err, ErrVerify) || !strings.Contains(err.Error(), name) || !slices.Equal(st.names(), before) {
			t.Errorf("%s: %v, left %q", name, err, st.names())
		}
	}
}

// What another manifest names stays, and everything does where one cannot be understood.
func TestRemoveSharedParts(t *testing.T) {
	other := renamed(t, "image", "image.part.07", "image.part.01")
	st := manyParts(t, 3)
	st.putRaw("other.manifest.xml", other.objects["evil.manifest.xml"])
	if err := Remove(t.Context(), st, doc); err != nil {
		t.Error(err)
	}
	wantNames(t, st, "image.part.01", "other.manifest.xml")

	st = manyParts(t, 3)
	st.putRaw("other.manifest.xml", []byte("<manifest>"))
	before := st.names()
	if err := Remove(t.Context(), st, doc); !errors.Is(err, ErrVerify) || !strings.Contains(err.Error(), "nothing is deleted") {
		t.Errorf("%v, want ErrVerify", err)
	}
	wantNames(t, st, before...)
}

// A manifest that was looked at is the one that is followed, whatever has come in its place.
func TestRemoveDocument(t *testing.T) {
	st := manyParts(t, 3)
	text := st.objects[doc]
	st.putRaw(doc, []byte("<manifest>"))
	st.putRaw("other.part.00", nil)
	if err := RemoveDocument(t.Context(), st, doc, text); err != nil {
		t.Error(err)
	}
	wantNames(t, st, "other.part.00")
	if err := RemoveDocument(t.Context(), st, doc, []byte("<manifest>")); err == nil {
		t.Error("followed what is no manifest")
	}
}

// Surplus parts stay where another manifest names them, or may name them.
func TestSurplusOfOthers(t *testing.T) {
	other := renamed(t, "image", "image.part.07", "image.part.08")
	for name, tt := range map[string]struct {
		manifest []byte
		stays    bool
	}{
		"none":       {nil, false},
		"names it":   {other.objects["evil.manifest.xml"], true},
		"unreadable": {[]byte("<manifest>"), true},
	} {
		t.Run(name, func(t *testing.T) {
			src, dst := manyParts(t, 3), newMemStore()
			dst.putRaw("image.part.07", other.objects["image.part.07"])
			if tt.manifest != nil {
				dst.putRaw("other.manifest.xml", tt.manifest)
			}
			if _, err := Copy(t.Context(), dst, src, doc, nil); err != nil {
				t.Fatal(err)
			}
			if _, stays := dst.objects["image.part.07"]; stays != tt.stays {
				t.Errorf("surplus part stays: %t, want %t", stays, tt.stays)
			}
		})
	}
}

// sumStore is a store that keeps digests, as S3 does.
type sumStore struct{ *memStore }

func (s sumStore) Stat(ctx context.Context, name string) (Object, error) {
	o, err := s.memStore.Stat(ctx, name)
	if err == nil {
		sum := manifest.Digest(sha1.Sum(s.objects[name]))
		o.SHA1 = &sum
	}
	return o, err
}

// Another process puts its own part just before our manifest: no bundle is better than a mixed one.
func TestCreateBesideAnother(t *testing.T) {
	for name, interfere := range map[string]func(*memStore){
		"overwritten": func(st *memStore) { st.putRaw("image.part.01", []byte("theirs")) },
		"removed":     func(st *memStore) { delete(st.objects, "image.part.01") },
	} {
		t.Run(name, func(t *testing.T) {
			st := sumStore{newMemStore()}
			st.hook = func(op, name string) error {
				if op == "put" && name == doc {
					interfere(st.memStore)
				}
				return nil
			}
			im, opts := fourParts()
			_, err := Create(t.Context(), st, im, opts)
			if !errors.Is(err, ErrVerify) || !strings.Contains(err.Error(), "image.part.01") {
				t.Errorf("%v, want ErrVerify", err)
			}
			if st.objects[doc] != nil {
				t.Error("the manifest stays")
			}
		})
	}
}

// What goes wrong after the manifest is in does not take the bundle back.
func TestCreateInterruptedAtTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	st, stop := sumStore{newMemStore()}, errors.New("stop")
	st.hook = func(op, name string) error {
		if op == "stat" && st.objects[doc] != nil {
			cancel(stop)
			return stop
		}
		return nil
	}
	im, opts := fourParts()
	m, err := Create(ctx, st, im, opts)
	if !errors.Is(err, stop) || m == nil {
		t.Errorf("manifest %v, %v; want one, and the error", m, err)
	}
	st.hook = nil
	if err := openMem(t, st).Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
}
