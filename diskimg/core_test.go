package diskimg

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"amiforge/internal/sparse"
)

// A memTarget is a Target in memory that checks that it is covered in order, each byte once.
type memTarget struct {
	t      testing.TB
	b      []byte
	end    int64 // of what came in order
	head   int64 // the length of the tables in front, which come last
	tables []Extent
}

func (m *memTarget) cover(off, n int64) {
	m.t.Helper()
	if off < m.head {
		if off+n > m.head {
			m.t.Errorf("%d bytes at %d cross the end of the head, %d", n, off, m.head)
		}
		for _, e := range m.tables {
			if off < e.End() && e.Offset < off+n {
				m.t.Errorf("%d bytes at %d come after %v", n, off, e)
			}
		}
		m.tables = append(m.tables, Extent{off, n})
		return
	}
	if len(m.tables) > 0 {
		m.t.Errorf("bytes at %d come after the head", off)
	}
	if want := max(m.end, m.head); off != want {
		m.t.Errorf("bytes at %d follow those before %d", off, want)
	}
	m.end = off + n
}

// whole checks that the head is there, all of it.
func (m *memTarget) whole() {
	m.t.Helper()
	if n := sparse.Length(m.tables); n != m.head {
		m.t.Errorf("%d of the %d bytes of the head were written", n, m.head)
	}
}

func (m *memTarget) WriteAt(p []byte, off int64) (int, error) {
	m.t.Helper()
	m.cover(off, int64(len(p)))
	m.grow(off + int64(len(p)))
	return copy(m.b[off:], p), nil
}

func (m *memTarget) Zero(off, n int64) error {
	m.t.Helper()
	m.cover(off, n)
	m.grow(off + n)
	clear(m.b[off : off+n])
	return nil
}

func (m *memTarget) grow(n int64) {
	if n > int64(len(m.b)) {
		m.b = append(m.b, make([]byte, n-int64(len(m.b)))...)
	}
}

// noise returns n bytes that are neither compressible nor zero.
func noise(n int, seed uint64) []byte {
	p := make([]byte, n)
	r := rand.New(rand.NewPCG(seed, seed))
	for i := range p {
		p[i] = byte(1 + r.IntN(255))
	}
	return p
}

// sparseContent returns n bytes with data at the given extents.
func sparseContent(n int, extents ...Extent) []byte {
	p := make([]byte, n)
	for i, e := range extents {
		copy(p[e.Offset:e.End()], noise(int(e.Length), uint64(i+1)))
	}
	return p
}

// openBytes returns content as a Disk.
func openBytes(t testing.TB, content []byte) *Disk {
	t.Helper()
	d, err := Open(bytes.NewReader(content), int64(len(content)), &OpenOptions{Format: RAW})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A sliceSource is a Source of the extents of content.
type sliceSource struct {
	content []byte
	extents []Extent
	left    []byte
}

func (s *sliceSource) Next() (Extent, error) {
	if len(s.extents) == 0 {
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
	n := copy(p, s.left[:min(len(s.left), 777)])
	s.left = s.left[n:]
	return n, nil
}

func contents() map[string][]byte {
	return map[string][]byte{
		"empty":       {},
		"one byte":    {1},
		"zeros":       make([]byte, 3<<20),
		"noise":       noise(3<<20+5, 1),
		"islands":     sparseContent(5<<20, Extent{0, 100}, Extent{1 << 20, 70000}, Extent{5<<20 - 1, 1}),
		"alternating": sparseContent(4<<20, Extent{0, 1 << 20}, Extent{2 << 20, 1 << 20}),
	}
}

func TestRawToRaw(t *testing.T) {
	for name, content := range contents() {
		t.Run(name, func(t *testing.T) {
			target := &memTarget{t: t}
			var progress int64
			opts := &CreateOptions{Format: RAW, Progress: func(n int64) { progress += n }}
			if err := Copy(t.Context(), target, openBytes(t, content), opts); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(target.b, content) || progress != int64(len(content)) {
				t.Errorf("the copy differs, or progress %d is not %d", progress, len(content))
			}
		})
	}
}

func TestCompare(t *testing.T) {
	for name, content := range contents() {
		t.Run(name, func(t *testing.T) {
			changed := func(i int) []byte {
				c := slices.Clone(content)
				c[i]++
				return c
			}
			if got := compareBytes(t, content, content); got != -1 {
				t.Errorf("differs at %d from itself", got)
			}
			if got := compareBytes(t, content, append(slices.Clone(content), 0, 0)); got != -1 {
				t.Errorf("with zeros behind it differs at %d", got)
			}
			if got := compareBytes(t, append(slices.Clone(content), 0, 1), content); got != int64(len(content))+1 {
				t.Errorf("with more behind it differs at %d", got)
			}
			for _, i := range []int{0, 99, 1 << 20, len(content) / 2, len(content) - 1} {
				if i < 0 || i >= len(content) {
					continue
				}
				if got := compareBytes(t, content, changed(i)); got != int64(i) {
					t.Errorf("differs at %d, want %d", got, i)
				}
			}
		})
	}
}

func compareBytes(t *testing.T, a, b []byte) int64 {
	t.Helper()
	x, y := openBytes(t, a).NewReader(t.Context()), openBytes(t, b).NewReader(t.Context())
	defer x.Close()
	defer y.Close()
	off, err := Compare(x, y)
	if err != nil {
		t.Fatal(err)
	}
	return off
}

func TestReadAt(t *testing.T) {
	content := contents()["noise"]
	d := openBytes(t, content)
	if got, err := io.ReadAll(io.NewSectionReader(d, 0, int64(len(content)))); err != nil || !bytes.Equal(got, content) {
		t.Errorf("differs: %v", err)
	}
	n, err := d.ReadAt(make([]byte, 10), int64(len(content))-4)
	if n != 4 || err != io.EOF {
		t.Errorf("at the end: %d, %v", n, err)
	}
	for _, tt := range []struct {
		n    int
		off  int64
		want error
	}{{0, 0, nil}, {0, d.Size(), nil}, {1, d.Size(), io.EOF}, {0, d.Size() + 1, nil}, {1, d.Size() + 1, io.EOF}, {1, -1, fs.ErrInvalid}} {
		if n, err := d.ReadAt(make([]byte, tt.n), tt.off); n != 0 || !errors.Is(err, tt.want) {
			t.Errorf("%d bytes at %d: %d, %v, want %v", tt.n, tt.off, n, err, tt.want)
		}
	}
}

func TestWriterRefuses(t *testing.T) {
	w, err := Create(t.Context(), &memTarget{t: t}, 100, &CreateOptions{Format: RAW})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.WriteAt(make([]byte, 101), 0); err == nil || !strings.Contains(err.Error(), "more than its 100") {
		t.Errorf("too much: %v", err)
	}
	if err := w.Finish(); err == nil {
		t.Error("Finish after an error is no error")
	}
	for _, o := range []*CreateOptions{nil, {}, {Format: "qcow2"}, {Format: RAW, Subformat: Fixed}, {Format: RAW, Level: 10}} {
		if _, err := Create(t.Context(), &memTarget{t: t}, 512, o); err == nil {
			t.Errorf("%v is accepted", o)
		}
	}
}

func TestDetectForeign(t *testing.T) {
	for _, f := range foreignFormats() {
		head := make([]byte, 1024)
		copy(head[f.offset:], f.magic)
		_, err := Detect(bytes.NewReader(head), int64(len(head)))
		if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), f.name) {
			t.Errorf("%s: %v", f.name, err)
		}
		if d := openBytes(t, head); d.Size() != 1024 {
			t.Errorf("%s as raw: %d bytes", f.name, d.Size())
		}
	}
}

func TestOpenFile(t *testing.T) {
	dir := t.TempDir()
	if _, err := OpenFile(dir, nil); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("directory: %v", err)
	}
	if _, err := OpenFile(os.DevNull, nil); err == nil || !strings.Contains(err.Error(), "neither a file nor") {
		t.Errorf("device: %v", err)
	}
	path := filepath.Join(dir, "disk.raw")
	content := contents()["islands"]
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := OpenFile(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := os.Truncate(path, 1000); err != nil {
		t.Fatal(err)
	}
	err = Copy(t.Context(), &memTarget{t: t}, d, &CreateOptions{Format: RAW})
	if err == nil || !strings.Contains(err.Error(), path+": size changed from") {
		t.Errorf("a file that became shorter was copied, or it was not said: %v", err)
	}
}
