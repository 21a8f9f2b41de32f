package diskimg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A vhdWay is a way to write a VHD.
type vhdWay struct {
	name      string
	subformat Subformat
	mapped    bool
}

func vhdWays() []vhdWay {
	return []vhdWay{{"fixed", Fixed, false}, {"dynamic", Dynamic, false}, {"dynamic with a map", Dynamic, true}}
}

// vhdTestOptions returns options that make the same file each time.
func vhdTestOptions(subformat Subformat) *CreateOptions {
	return &CreateOptions{
		Format: VHD, Subformat: subformat,
		Rand: bytes.NewReader(bytes.Repeat([]byte{0xaa}, 16)),
		Time: time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC),
	}
}

// options returns the options to write d this way.
func (w vhdWay) options(tb testing.TB, d *Disk) *CreateOptions {
	tb.Helper()
	o := vhdTestOptions(w.subformat)
	if w.mapped {
		extents, err := d.Map(tb.Context(), vhdBlockSize)
		if err != nil {
			tb.Fatal(err)
		}
		o.Map = append([]Extent{}, extents...)
	}
	return o
}

// write writes content this way.
func (w vhdWay) write(tb testing.TB, content []byte) []byte {
	tb.Helper()
	d := openBytes(tb, content)
	o := w.options(tb, d)
	layout, err := o.Layout(d.Size())
	if err != nil {
		tb.Fatal(err)
	}
	target := &memTarget{t: tb, head: layout.Head}
	if err := Copy(tb.Context(), target, d, o); err != nil {
		tb.Fatal(err)
	}
	target.whole()
	if layout.FileSize >= 0 && layout.FileSize != int64(len(target.b)) {
		tb.Errorf("the file has %d bytes, and its layout %d", len(target.b), layout.FileSize)
	}
	if (layout.FileSize < 0) != (layout.Head > 0) {
		tb.Errorf("layout %+v: either the whole file is known or the head comes last", layout)
	}
	return target.b
}

// vhdContents returns contents of each size and kind that may make a difference.
func vhdContents() map[string][]byte {
	contents := map[string][]byte{}
	for name, size := range map[string]int{
		"1 sector": 512, "3 sectors": 3 * 512, "a block -1": vhdBlockSize - 512, "2 MiB": vhdBlockSize,
		"a block +1": vhdBlockSize + 512, "5 MiB": 5 << 20, "odd": 5<<20 + 3*512,
	} {
		contents[name+" of zeros"] = make([]byte, size)
		contents[name+" of data"] = noise(size, uint64(size))
		contents[name+", the last byte"] = sparseContent(size, Extent{int64(size) - 1, 1})
	}
	alternating, blocks := []Extent{}, []Extent{}
	for off := int64(0); off < 9<<20; off += 128 << 10 {
		alternating = append(alternating, Extent{off, 64 << 10})
	}
	for off := int64(2 << 20); off < 9<<20; off += 4 << 20 {
		blocks = append(blocks, Extent{off, 2 << 20})
	}
	contents["alternating"] = sparseContent(9<<20, alternating...)
	contents["alternating blocks"] = sparseContent(9<<20, blocks...)
	contents["islands"] = sparseContent(21<<20+512, Extent{0, 100}, Extent{7<<20 - 5, 70_000}, Extent{20<<20 + 1, 1})
	return contents
}

func TestVHDRoundTrip(t *testing.T) {
	for name, content := range vhdContents() {
		for _, way := range vhdWays() {
			t.Run(way.name+"/"+name, func(t *testing.T) {
				d := openVHDBytes(t, way.write(t, content))
				checkOwnVHD(t, d, way.subformat, int64(len(content)))
				got := make([]byte, len(content))
				if _, err := d.ReadAt(got, 0); err != nil || !bytes.Equal(got, content) {
					t.Errorf("ReadAt gives another content, %v", err)
				}
				a, b := d.NewReader(t.Context()), openBytes(t, content).NewReader(t.Context())
				defer a.Close()
				defer b.Close()
				if off, err := Compare(a, b); off != -1 || err != nil {
					t.Errorf("differs at %d, %v", off, err)
				}
			})
		}
	}
}

// checkOwnVHD checks what the image that we wrote says of itself.
func checkOwnVHD(t *testing.T, d *Disk, subformat Subformat, size int64) {
	t.Helper()
	if err := d.Check(t.Context()); err != nil {
		t.Errorf("check: %v", err)
	}
	i := d.Info()
	if i.Size != size || i.Subformat != subformat || len(i.Warnings) > 0 || i.Creator != "win" {
		t.Errorf("info: %+v", i)
	}
	if i.UUID != "aaaaaaaa-aaaa-4aaa-aaaa-aaaaaaaaaaaa" || !i.Created.Equal(time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)) {
		t.Errorf("UUID %s, created %s", i.UUID, i.Created)
	}
	if i.CHS.Size() > size {
		t.Errorf("the geometry %+v is larger than %d bytes", i.CHS, size)
	}
}

func TestVHDAllocatesWhatHasData(t *testing.T) {
	tests := []struct {
		name    string
		content []byte
		dynamic int64 // blocks
	}{
		{"zeros", make([]byte, 9<<20), 0},
		{"a byte", sparseContent(9<<20, Extent{5 << 20, 1}), 1},
		{"a byte at a block's end and the next", sparseContent(9<<20, Extent{4<<20 - 1, 2}), 2},
		{"all", noise(9<<20, 1), 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := vhdHead(9<<20) + tt.dynamic*(512+2<<20) + 512
			for _, way := range vhdWays()[1:] {
				if got := len(way.write(t, tt.content)); int64(got) != want {
					t.Errorf("%s: %d bytes, want %d", way.name, got, want)
				}
			}
		})
	}
}

// Whatever the map has is allocated, data or not; what it has not is refused.
func TestVHDMap(t *testing.T) {
	const size = 9 << 20
	write := func(extents []Extent, data ...Extent) (*memTarget, error) {
		o := vhdTestOptions(Dynamic)
		o.Map = extents
		target := &memTarget{t: t}
		content := sparseContent(size, data...)
		return target, CopyFrom(t.Context(), target, &sliceSource{content: content, extents: data}, size, o)
	}
	target, err := write([]Extent{{1, 1}, {2 << 20, 0}, {4 << 20, 5 << 20}}, Extent{7 << 20, 10})
	if err != nil {
		t.Fatal(err)
	}
	var got []Extent
	for e := range openVHDBytes(t, target.b).Extents() {
		got = append(got, e)
	}
	if want := fmt.Sprint([]Extent{{0, 2 << 20}, {4 << 20, 5 << 20}}); fmt.Sprint(got) != want {
		t.Errorf("allocated are %v, want %v", got, want)
	}
	if _, err := write([]Extent{}, Extent{7 << 20, 10}); err == nil || !strings.Contains(err.Error(), "the map has none") {
		t.Errorf("data outside the map: %v", err)
	}
	if _, err := write([]Extent{{8 << 20, 2 << 20}}); err == nil {
		t.Error("a map that is longer than the disk is accepted")
	}
}

func TestVHDSizeLimits(t *testing.T) {
	const limit = 2040 << 30
	tests := []struct {
		subformat Subformat
		size      int64
		want      string // of the error
	}{
		{Dynamic, 0, ""},
		{Dynamic, limit, ""},
		{Dynamic, limit + 512, "2040 GiB"},
		{Dynamic, 100, "multiple of 512"},
		{Fixed, 0, "0 bytes"},
		{Fixed, limit + 512, ""},
		{Fixed, 32 << 40, ""},
		{Fixed, 32<<40 + 512, "32 TiB"},
	}
	for _, tt := range tests {
		_, err := vhdTestOptions(tt.subformat).Layout(tt.size)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s of %d bytes: %v, want %q", tt.subformat, tt.size, err, tt.want)
		}
	}
}

func TestVHDSparse(t *testing.T) {
	for _, size := range []int64{0, 127 << 30, 2040 << 30} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			o := vhdTestOptions(Dynamic)
			target := &memTarget{t: t, head: vhdHead(size)}
			w, err := Create(t.Context(), target, size, o)
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			if size > 0 {
				if _, err := w.WriteAt([]byte("end"), size-3); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Finish(); err != nil {
				t.Fatal(err)
			}
			d := openVHDBytes(t, target.b)
			checkOwnVHD(t, d, Dynamic, size)
			end := make([]byte, min(size, 3))
			if _, err := d.ReadAt(end, size-int64(len(end))); err != nil && err != io.EOF || size > 0 && string(end) != "end" {
				t.Errorf("the end is %q, %v", end, err)
			}
		})
	}
}

func TestVHDIsDeterministic(t *testing.T) {
	for _, way := range vhdWays() {
		content := vhdContents()["islands"]
		if !bytes.Equal(way.write(t, content), way.write(t, content)) {
			t.Errorf("%s: two files of one disk differ", way.name)
		}
	}
}

func TestVHDWriteErrors(t *testing.T) {
	content := noise(5<<20, 1)
	for _, way := range vhdWays() {
		o := way.options(t, openBytes(t, content))
		o.Rand = strings.NewReader("short")
		err := Copy(t.Context(), new(nullTarget), openBytes(t, content), o)
		if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "UUID") {
			t.Errorf("%s, no randomness: %v", way.name, err)
		}
		for n := range 6 {
			o := way.options(t, openBytes(t, content))
			if err := Copy(t.Context(), &fullTarget{left: n}, openBytes(t, content), o); !errors.Is(err, errFull) {
				t.Errorf("%s, full after %d writes: %v", way.name, n, err)
			}
		}
	}
}

var errFull = errors.New("no space left")

// A fullTarget fails after some writes.
type fullTarget struct{ left int }

func (f *fullTarget) WriteAt(p []byte, _ int64) (int, error) {
	if f.left == 0 {
		return 0, errFull
	}
	f.left--
	return len(p), nil
}

func (f *fullTarget) Zero(int64, int64) error { return nil }

// A vhdFile is a Target that is a file, new and empty.
type vhdFile struct{ *os.File }

func (f vhdFile) Zero(off, n int64) error { return f.Truncate(off + n) }

// writeVHDFile writes d to a file.
func writeVHDFile(tb testing.TB, d *Disk, o *CreateOptions) string {
	tb.Helper()
	f, err := os.Create(filepath.Join(tb.TempDir(), "disk.vhd"))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	if err := Copy(context.WithoutCancel(tb.Context()), vhdFile{f}, d, o); err != nil {
		tb.Fatal(err)
	}
	return f.Name()
}

func BenchmarkVHDWrite(b *testing.B) {
	content := noise(64<<20, 1)
	for _, way := range vhdWays()[:2] {
		b.Run(way.name, func(b *testing.B) {
			d := openBytes(b, content)
			b.SetBytes(d.Size())
			b.ReportAllocs()
			for b.Loop() {
				o := vhdTestOptions(way.subformat)
				if err := Copy(b.Context(), new(nullTarget), d, o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVHDRead(b *testing.B) {
	content := noise(64<<20, 1)
	for _, way := range vhdWays()[:2] {
		b.Run(way.name, func(b *testing.B) {
			d := openVHDBytes(b, way.write(b, content))
			b.SetBytes(d.Size())
			b.ReportAllocs()
			for b.Loop() {
				r := d.NewReader(b.Context())
				for err := error(nil); err != io.EOF; {
					if _, _, err = r.chunk(); err != nil && err != io.EOF {
						b.Fatal(err)
					}
				}
				r.Close()
			}
		})
	}
}
