package bundle

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// A sliceSource is a Source of the extents of content. It ends with err, or io.EOF.
type sliceSource struct {
	content []byte
	extents []Extent
	left    []byte
	err     error
}

func (s *sliceSource) Next() (Extent, error) {
	if len(s.extents) == 0 {
		if s.err != nil {
			return Extent{}, s.err
		}
		return Extent{}, io.EOF
	}
	e := s.extents[0]
	s.extents, s.left = s.extents[1:], s.content[e.Offset:e.End()]
	return e, nil
}

func (s *sliceSource) Read(p []byte) (int, error) {
	if len(s.left) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.left[:min(len(s.left), 7777)])
	s.left = s.left[n:]
	return n, nil
}

// sparseImage returns n bytes that are zero but for the extents.
func sparseImage(n int, extents []Extent) []byte {
	p := make([]byte, n)
	for i, e := range extents {
		copy(p[e.Offset:e.End()], noise(int(e.Length), uint64(i+1)))
	}
	return p
}

// TestNewImageFrom bundles a stream of odd extents and reads it back.
func TestNewImageFrom(t *testing.T) {
	const size = 3*mib + 512
	tests := map[string][]Extent{
		"empty":        nil,
		"all":          {{0, size}},
		"odd":          {{5, 1}, {mib + 1, 100000}, {size - 3, 3}},
		"adjoining":    {{mib, 4096}, {mib + 4096, 77}, {mib + 4173, 1}},
		"many":         manyExtents(300, 8192, 4096),
		"empty extent": {{100, 0}, {2 * mib, 10}},
	}
	for name, extents := range tests {
		t.Run(name, func(t *testing.T) {
			image := sparseImage(size, extents)
			src := &sliceSource{content: image, extents: extents}
			st := newMemStore()
			if _, err := Create(t.Context(), st, NewImageFrom(src, size, extents), testOptions()); err != nil {
				t.Fatal(err)
			}
			b, err := Open(t.Context(), st, "image.manifest.xml", &OpenOptions{Key: testKey()})
			if err != nil {
				t.Fatal(err)
			}
			got := &flatTarget{make([]byte, size)}
			if err := b.Extract(t.Context(), got, nil); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.p, image) {
				t.Error("it comes back as something else")
			}
		})
	}
}

// A flatTarget is a Target in memory.
type flatTarget struct{ p []byte }

func (f *flatTarget) WriteAt(p []byte, off int64) (int, error) { return copy(f.p[off:], p), nil }
func (f *flatTarget) Zero(off, n int64) error                  { clear(f.p[off : off+n]); return nil }

// manyExtents returns n extents of the given length at multiples of step.
func manyExtents(n int, step, length int64) (extents []Extent) {
	for i := range int64(n) {
		extents = append(extents, Extent{i * step, length})
	}
	return extents
}

func TestFilledReader(t *testing.T) {
	image := sparseImage(1000, []Extent{{3, 10}, {13, 20}, {700, 100}})
	wanted := []Extent{{0, 100}, {512, 388}}
	want := append(slices.Clone(image[:100]), image[512:900]...)
	for name, given := range map[string][]Extent{
		"its data":        {{3, 10}, {13, 20}, {700, 100}},
		"zeros around it": {{0, 90}, {95, 100}, {300, 700}},
		"all":             {{0, 1000}},
	} {
		t.Run(name, func(t *testing.T) {
			r := &filledReader{src: &sliceSource{content: image, extents: given}, extents: slices.Clone(wanted)}
			if err := iotest.TestReader(r, want); err != nil {
				t.Error(err)
			}
		})
	}
}

// What does not keep to its extents, or does not end well, is no image.
func TestFilledReaderRefuses(t *testing.T) {
	image := bytes.Repeat([]byte{1}, 1000)
	boom := errors.New("boom")
	tests := []struct {
		name  string
		src   *sliceSource
		wants string
	}{
		{"before", &sliceSource{extents: []Extent{{0, 10}}}, "data at byte 0"},
		{"between", &sliceSource{extents: []Extent{{100, 100}, {200, 1}}}, "data at byte 200"},
		{"across", &sliceSource{extents: []Extent{{199, 2}}}, "data at byte 200"},
		{"behind", &sliceSource{extents: []Extent{{500, 101}}}, "data at byte 600"},
		{"error at its end", &sliceSource{extents: []Extent{{100, 100}}, err: boom}, "boom"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.src.content = image
			r := &filledReader{src: tt.src, extents: []Extent{{100, 100}, {500, 100}}}
			if _, err := io.Copy(io.Discard, r); err == nil || !strings.Contains(err.Error(), tt.wants) {
				t.Errorf("%v, want %q", err, tt.wants)
			}
		})
	}
}

// TestReaderExtents asks for the map before, while and after the image is read.
func TestReaderExtents(t *testing.T) {
	want := []Extent{{0, mib}, {2 * mib, mib}}
	image := sparseImage(4*mib, want)
	st := newMemStore()
	src := &sliceSource{content: image, extents: want}
	if _, err := Create(t.Context(), st, NewImageFrom(src, 4*mib, want), testOptions()); err != nil {
		t.Fatal(err)
	}
	b, err := Open(t.Context(), st, "image.manifest.xml", &OpenOptions{Key: testKey()})
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.NewReader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for err == nil {
		extents, mapErr := r.Extents()
		if mapErr != nil || !slices.Equal(extents, want) {
			t.Errorf("%v, %v, want %v", extents, mapErr, want)
		}
		clear(extents) // the caller's
		_, err = r.Next()
	}
	if err != io.EOF {
		t.Error(err)
	}
}

func TestReaderExtentsFails(t *testing.T) {
	st := foreign{size: 5, tar: []byte("no tar")}.build(t)
	b, err := Open(t.Context(), st, "image.manifest.xml", &OpenOptions{Key: testKey()})
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.NewReader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for range 2 {
		if _, err := r.Extents(); !errors.Is(err, ErrVerify) {
			t.Errorf("%v, want ErrVerify", err)
		}
	}
	if _, err := r.Next(); !errors.Is(err, ErrVerify) {
		t.Errorf("%v, want ErrVerify", err)
	}
}
