package bundle

import (
	"bytes"
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"amiforge/manifest"
)

func TestPartWriter(t *testing.T) {
	const size = 10
	for _, total := range []int{0, 1, size - 1, size, size + 1, 2 * size, 99*size + 1, 101 * size, 1009} {
		for _, step := range []int{1, size, 3*size + 1} {
			st, content := newMemStore(), noise(total, 60)
			w := newPartWriter(t.Context(), st, "image", size)
			for p := content; len(p) > 0; {
				n, err := w.Write(p[:min(step, len(p))])
				if err != nil {
					t.Fatal(err)
				}
				p = p[n:]
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			parts, length := w.result()
			if want := (total + size - 1) / size; len(parts) != want || length != int64(total) || len(st.names()) != want {
				t.Errorf("%d bytes make %d parts of %d bytes, want %d", total, len(parts), length, want)
			}
			var got []byte
			for i, p := range parts {
				if p.Name != fmt.Sprintf("image.part.%02d", i) {
					t.Errorf("part %d is called %q", i, p.Name)
				}
				object, err := st.object(p.Name)
				if err != nil || checkDigest(sha1.Sum(object), p.Digest) != nil {
					t.Errorf("%s: %v", p.Name, err)
				}
				got = append(got, object...)
			}
			if !bytes.Equal(got, content) {
				t.Errorf("%d bytes in writes of %d: the parts differ", total, step)
			}
		}
	}
}

func TestPartWriterErrors(t *testing.T) {
	boom := errors.New("boom")
	for _, bad := range []int{0, 1, 7, 20} {
		noLeak(t, func(t *testing.T) {
			st := newMemStore()
			st.hook = func(_, name string) error {
				if name == PartName("image", bad) {
					return boom
				}
				return nil
			}
			w := newPartWriter(t.Context(), st, "image", 10)
			w.Write(make([]byte, 300)) // may come to an end before the part is put
			synctest.Wait()
			_, err := w.Write(make([]byte, 10_000))
			if !errors.Is(err, boom) {
				t.Errorf("write: %v, want %v", err, boom)
			}
			if err := w.Close(); !errors.Is(err, boom) {
				t.Errorf("close: %v, want %v", err, boom)
			}
		})
	}
}

// After abort nothing more is put.
func TestPartWriterAbort(t *testing.T) {
	noLeak(t, func(t *testing.T) {
		st, boom := newMemStore(), errors.New("boom")
		w := newPartWriter(t.Context(), st, "image", 10)
		if _, err := w.Write(make([]byte, 15)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		w.abort(boom)
		if err := w.Close(); err != boom {
			t.Errorf("close: %v, want %v", err, boom)
		}
		wantNames(t, st, "image.part.00")
	})
}

// Parts of any size, in any names.
func TestForeignParts(t *testing.T) {
	image := noise(2000, 61)
	small := foreign{tar: ourTar(t, image), size: 2000}
	tests := []struct {
		name  string
		sizes []int
		names func(int) string
	}{
		{"one", nil, nil},
		{"one byte", []int{1}, nil},
		{"three bytes", []int{3}, nil},
		{"sixteen bytes", []int{16}, nil},
		{"prime", []int{251}, nil},
		{"growing", []int{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048}, nil},
		{"shrinking", []int{500, 400, 300, 2, 1}, nil},
		{"empty in front", []int{0, 700}, nil},
		{"empty in the middle", []int{100, 0, 0, 700}, nil},
		{"empty at the end", []int{1 << 20, 0}, nil},
		{"names descend", []int{100}, func(i int) string { return fmt.Sprintf("image.part.%03d", 999-i) }},
		{"names of any kind", []int{100}, func(i int) string { return fmt.Sprintf("%d;& <\"part\"> 'é'", i) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			small.sizes, small.name = tt.sizes, tt.names
			b := openMem(t, small.build(t))
			got, err := extractMem(t, b)
			if err != nil || !bytes.Equal(got, image) {
				t.Errorf("the image differs: %v", err)
			}
			if err := b.Verify(t.Context(), nil); err != nil {
				t.Error(err)
			}
			if err := CheckParts(t.Context(), b.parts, b.Manifest); err != nil {
				t.Error(err)
			}
		})
	}
}

// A part that is larger than memory has room for waits in a file, which leaves nothing behind.
func TestSpooledPart(t *testing.T) {
	image := random(12 << 20)
	const tiny = 1000 // parts that make the mean short
	f := foreign{tar: ourTar(t, image), size: int64(len(image)), sizes: slices.Repeat([]int{1}, tiny)}
	f.sizes = append(f.sizes, 11<<20)
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	st := f.build(t)
	got, err := extractMem(t, openMem(t, st))
	if err != nil || !bytes.Equal(got, image) {
		t.Errorf("the image differs: %v", err)
	}
	big := PartName("image", tiny)
	bad := st.clone()
	flip(t, bad, big, 5<<20)
	if _, err := extractMem(t, openMem(t, bad)); !isPartError(err, big) || !errors.Is(err, ErrVerify) {
		t.Errorf("flipped: %v", err)
	}
	dst := newMemStore()
	if _, err := Copy(t.Context(), dst, st, "image.manifest.xml", nil); err != nil {
		t.Errorf("copy: %v", err)
	}
	if left := names(t, tmp); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	t.Setenv("TMPDIR", tmp+"/none")
	if _, err := extractMem(t, openMem(t, st)); !isPartError(err, big) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a place for temporary files: %v", err)
	}
}

// flip changes a bit of an object.
func flip(t testing.TB, st *memStore, name string, at int) {
	t.Helper()
	p, err := st.object(name)
	if err != nil {
		t.Fatal(err)
	}
	p = bytes.Clone(p)
	p[at] ^= 1
	st.putRaw(name, p)
}

func isPartError(err error, name string) bool {
	p, ok := errors.AsType[*PartError](err)
	return ok && p.Name == name && strings.HasPrefix(err.Error(), "part "+name+": ")
}

// What parts claim to be must not be allocated, and not waited for.
func TestClaimsAllocateNothing(t *testing.T) {
	image := noise(2000, 62)
	for name, edit := range map[string]func(*manifest.Manifest){
		"huge bundled size": func(m *manifest.Manifest) { m.Image.BundledSize = 1 << 60 },
		"tiny bundled size": func(m *manifest.Manifest) { m.Image.BundledSize = 1 },
		"huge image":        func(m *manifest.Manifest) { m.Image.Size = 1 << 60 },
		"many parts": func(m *manifest.Manifest) {
			for i := range 20_000 {
				m.Image.Parts = append(m.Image.Parts, manifest.Part{Name: fmt.Sprint("none", i)})
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := openMem(t, foreign{tar: ourTar(t, image), size: 2000, sizes: []int{500}, edit: edit}.build(t))
			before := allocatedBytes()
			err := b.Extract(t.Context(), discard{}, nil)
			if err == nil {
				t.Error("accepted")
			}
			if got := allocatedBytes() - before; got > 64<<20 {
				t.Errorf("%d MiB were allocated before %v", got>>20, err)
			}
			if err := b.Verify(t.Context(), nil); !errors.Is(err, ErrVerify) {
				t.Errorf("verify: %v, want ErrVerify", err)
			}
		})
	}
}

// How many parts are in memory follows from how long they are.
func TestSlots(t *testing.T) {
	for size, want := range map[int64]int{0: 8, 1: 8, 8 << 20: 8, 10 << 20: 6, 64 << 20: 1, 65 << 20: 1, 1 << 60: 1} {
		if got := slots(size); got != want {
			t.Errorf("%d bytes: %d slots, want %d", size, got, want)
		}
		if n := int64(slots(size)); n*size > memory && n > 1 {
			t.Errorf("%d bytes: %d slots are too many", size, n)
		}
	}
}

// How many parts a Reader holds follows from how much memory it may take, too. Of small parts that is 8 MiB each.
func TestReaderMemory(t *testing.T) {
	image := random(100_000)
	st := foreign{tar: ourTar(t, image), size: int64(len(image)), sizes: []int{10_000}}.build(t)
	for memory, want := range map[int64]int{0: 8, 1: 1, 8 << 20: 1, 32 << 20: 4, 64 << 20: 8, 1 << 62: 8} {
		b, err := Open(t.Context(), st, "image.manifest.xml", &OpenOptions{Key: testKey(), Memory: memory})
		if err != nil {
			t.Fatal(err)
		}
		r, err := newPartReader(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		if cap(r.slots) != want || r.slot != 8<<20 {
			t.Errorf("%d bytes of memory: %d slots of %d, want %d", memory, cap(r.slots), r.slot, want)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if got, err := extractMem(t, b); err != nil || !bytes.Equal(got, image) {
			t.Errorf("%d bytes of memory: %v, or another image", memory, err)
		}
	}
}

// Everything that was started ends when the context does, whatever the store is doing.
func TestExtractCancelled(t *testing.T) {
	cause := errors.New("enough")
	st := foreign{tar: ourTar(t, random(3<<20)), size: 3 << 20, sizes: []int{100_000}}.build(t)
	b := openMem(t, st)
	for _, at := range []int{0, 1, 5, 20, 31} {
		noLeak(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			n := st.clone()
			opened := make(chan struct{}, 100)
			n.hook = func(op, _ string) error {
				if op == "open" {
					opened <- struct{}{}
					if len(opened) == at+1 {
						cancel(cause)
					}
				}
				return nil
			}
			c := *b
			c.parts = n
			if err := c.Extract(ctx, discard{}, nil); !errors.Is(err, cause) {
				t.Errorf("extract cancelled at part %d: %v", at, err)
			}
		})
		noLeak(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			left := at
			err := b.Verify(ctx, func(int64) {
				if left--; left < 0 {
					cancel(cause)
				}
			})
			if !errors.Is(err, cause) && at < 10 {
				t.Errorf("verify cancelled at step %d: %v", at, err)
			}
		})
	}
}

// A store that waits for the end of the context does not hold up anything.
func TestExtractStuckStore(t *testing.T) {
	st := foreign{tar: ourTar(t, random(1<<20)), size: 1 << 20, sizes: []int{100_000}}.build(t)
	b := openMem(t, st)
	noLeak(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		n := st.clone()
		n.hook = func(op, name string) error {
			if op == "open" && name >= "image.part.03" {
				<-ctx.Done()
			}
			return nil
		}
		c := *b
		c.parts = n
		go func() { synctest.Wait(); cancel() }()
		if err := c.Extract(ctx, discard{}, nil); err != context.Canceled {
			t.Errorf("%v, want context.Canceled", err)
		}
	})
}
