package export

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"amiforge/diskimg"
)

// A content is a Content in memory.
type content struct {
	data    []byte
	extents []diskimg.Extent
	known   bool
}

func (c *content) Size() int64  { return int64(len(c.data)) }
func (c *content) Close() error { return nil }

func (c *content) Source(context.Context) (Source, error) {
	return &contentSource{content: c, extents: c.extents}, nil
}

func (c *content) Map(context.Context, int64) ([]diskimg.Extent, bool, error) {
	return c.extents, c.known, nil
}

type contentSource struct {
	content *content
	extents []diskimg.Extent
	left    []byte
}

func (s *contentSource) Next() (diskimg.Extent, error) {
	if len(s.extents) == 0 {
		return diskimg.Extent{}, io.EOF
	}
	e := s.extents[0]
	s.extents, s.left = s.extents[1:], s.content.data[e.Offset:e.End()]
	return e, nil
}

func (s *contentSource) Read(p []byte) (int, error) {
	if len(s.left) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.left)
	s.left = s.left[n:]
	return n, nil
}

func (s *contentSource) Close() error { return nil }

// newContent returns n bytes that are zero but for the extents.
func newContent(n int, extents ...diskimg.Extent) *content {
	c := &content{data: make([]byte, n), extents: extents, known: true}
	random := rand.NewChaCha8([32]byte{})
	for _, e := range extents {
		io.ReadFull(random, c.data[e.Offset:e.End()])
	}
	return c
}

// A memory is a Target that tells whether it was written in ascending order.
type memory struct {
	b         []byte
	end       int64
	unordered bool
}

func (m *memory) WriteAt(p []byte, off int64) (int, error) {
	m.cover(off, int64(len(p)))
	return copy(m.b[off:], p), nil
}

func (m *memory) Zero(off, n int64) error {
	m.cover(off, n)
	return nil
}

func (m *memory) cover(off, n int64) {
	m.unordered = m.unordered || off != m.end
	m.end = off + n
	if grow := m.end - int64(len(m.b)); grow > 0 {
		m.b = append(m.b, make([]byte, grow)...)
	}
}

// write writes c and returns the disk that it is read back as.
func write(t *testing.T, c Content, opts *diskimg.CreateOptions, inOrder bool) (*diskimg.Disk, *Job) {
	t.Helper()
	j, err := Prepare(t.Context(), c, opts, inOrder)
	if err != nil {
		t.Fatal(err)
	}
	m, h := &memory{}, sha256.New()
	var done int64
	if err := j.Write(t.Context(), m, h, func(n int64) { done += n }); err != nil {
		t.Fatal(err)
	}
	if inOrder && m.unordered {
		t.Error("it was not written in order")
	}
	if done != c.Size() {
		t.Errorf("progress told of %d bytes, want %d", done, c.Size())
	}
	if n := int64(len(m.b)); n > j.Limit() || j.Layout.FileSize >= 0 && n != j.Layout.FileSize {
		t.Errorf("%d bytes were written; the layout says %d, the limit is %d", n, j.Layout.FileSize, j.Limit())
	}
	d, err := diskimg.Open(bytes.NewReader(m.b), int64(len(m.b)), &diskimg.OpenOptions{Format: opts.Format})
	if err != nil {
		t.Fatal(err)
	}
	all := make([]byte, d.Size())
	if _, err := d.ReadAt(all, 0); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(all); !bytes.Equal(sum[:], h.Sum(nil)) {
		t.Error("the digest is not that of the disk")
	}
	return d, j
}

// kinds returns all formats that are written.
func kinds() map[string]diskimg.CreateOptions {
	return map[string]diskimg.CreateOptions{
		"raw":             {Format: diskimg.RAW},
		"vhd dynamic":     {Format: diskimg.VHD, Subformat: diskimg.Dynamic},
		"vhd fixed":       {Format: diskimg.VHD, Subformat: diskimg.Fixed},
		"streamOptimized": {Format: diskimg.VMDK, Subformat: diskimg.StreamOptimized},
		"sparse vmdk":     {Format: diskimg.VMDK, Subformat: diskimg.MonolithicSparse},
	}
}

// TestJob writes each format, to what can be written to anywhere and to a pipe.
func TestJob(t *testing.T) {
	for name, opts := range kinds() {
		for way, inOrder := range map[string]bool{"anywhere": false, "in order": true} {
			t.Run(name+" "+way, func(t *testing.T) {
				c := newContent(9<<20, diskimg.Extent{Offset: 3 << 20, Length: 70000}, diskimg.Extent{Offset: 9<<20 - 1, Length: 1})
				d, j := write(t, c, &opts, inOrder)
				want, err := c.Source(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				r := d.NewReader(t.Context())
				defer r.Close()
				if off, err := diskimg.Compare(want, r); off >= 0 || err != nil {
					t.Errorf("first difference at %d (%v)", off, err)
				}
				if j.Dense {
					t.Error("said to be dense")
				}
			})
		}
	}
}

// TestJobDense has no map of the content: only what comes after its tables on a pipe suffers.
func TestJobDense(t *testing.T) {
	for name, opts := range kinds() {
		t.Run(name, func(t *testing.T) {
			c := newContent(5<<20, diskimg.Extent{Offset: 0, Length: 5 << 20})
			clear(c.data[1<<20:])
			c.known = false
			_, j := write(t, c, &opts, true)
			tablesFirst := opts.Subformat == diskimg.Dynamic || opts.Subformat == diskimg.MonolithicSparse
			if j.Dense != tablesFirst {
				t.Errorf("dense is %t, want %t", j.Dense, tablesFirst)
			}
			if _, j := write(t, c, &opts, false); j.Dense {
				t.Error("said to be dense although the tables can come last")
			}
		})
	}
}

// TestLimit writes disks without a hole: no image file is longer than was said before, however small the disk. The
// longest are those of whole blocks, of which the last one is hardly begun.
func TestLimit(t *testing.T) {
	for name, opts := range kinds() {
		for _, size := range []int{512, 64<<10 + 512, 2<<20 - 512, 2<<20 + 512, 32<<20 + 512} {
			t.Run(fmt.Sprintf("%s of %d", name, size), func(t *testing.T) {
				write(t, newContent(size, diskimg.Extent{Length: int64(size)}), &opts, false)
			})
		}
	}
}

func TestShape(t *testing.T) {
	const size = 3<<20 + 1000
	tests := []struct {
		name  string
		shape Shape
		want  int64
		says  int
		fails string
	}{
		{"as it is", Shape{}, size, 0, ""},
		{"aligned", Shape{Align: 1 << 20}, 4 << 20, 1, ""},
		{"aligned already", Shape{Align: 8}, size, 0, ""},
		{"grown", Shape{Grow: 24}, size + 24, 1, ""},
		{"grown and aligned", Shape{Grow: 24, Align: 512}, size + 24, 1, ""},
		{"resized", Shape{Size: 5 << 20}, 5 << 20, 1, ""},
		{"resized to what it is", Shape{Size: size}, size, 0, ""},
		{"smaller", Shape{Size: size - 1}, 0, 0, "never made smaller"},
		{"too large", Shape{Grow: 1<<63 - 1}, 0, 0, "at most"},
		{"aligned too far", Shape{Align: 1<<63 - 1}, 0, 0, "at most"},
		{"resized too far", Shape{Size: 1<<63 - 1}, 0, 0, "at most"},
		{"mbr", Shape{Partition: "mbr"}, 5 << 20, 1, ""},
		{"gpt", Shape{Partition: "gpt"}, 5 << 20, 1, ""},
		{"gpt, resized", Shape{Partition: "gpt", Size: 16 << 20}, 16 << 20, 2, ""},
		{"gpt, aligned", Shape{Partition: "gpt", Align: 4 << 20}, 8 << 20, 2, ""},
		{"mbr, grown by a byte", Shape{Partition: "mbr", Grow: 1}, 6 << 20, 3, ""},
		{"mbr, aligned oddly", Shape{Partition: "mbr", Align: 3<<20 + 512}, 0, 0, "whole MiB"},
		{"another table", Shape{Partition: "bsd"}, 0, 0, "bsd"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newContent(size, diskimg.Extent{Offset: 4096, Length: 100}, diskimg.Extent{Offset: 1 << 20, Length: 1 << 20})
			shaped, said, err := tt.shape.Apply(c)
			if tt.fails != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fails) {
					t.Fatalf("%v, want %q", err, tt.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(said) != tt.says {
				t.Errorf("it says %q, want %d lines", said, tt.says)
			}
			if shaped.Size() != tt.want {
				t.Errorf("%d bytes, want %d", shaped.Size(), tt.want)
			}
			d, _ := write(t, shaped, &diskimg.CreateOptions{Format: diskimg.RAW}, true)
			inner := make([]byte, size)
			offset := int64(0)
			if tt.shape.Partition != "" {
				offset = 1 << 20
			}
			if _, err := d.ReadAt(inner, offset); err != nil && err != io.EOF {
				t.Fatal(err)
			}
			if !bytes.Equal(c.data, inner) {
				t.Error("the content is not what it was")
			}
		})
	}
}

// A disk that has partitions already is not wrapped once more.
func TestPartitionTwice(t *testing.T) {
	for _, kind := range []string{"mbr", "gpt"} {
		t.Run(kind, func(t *testing.T) {
			first, _, err := (&Shape{Partition: kind}).Apply(newContent(2<<20, diskimg.Extent{Offset: 0, Length: 4096}))
			if err != nil {
				t.Fatal(err)
			}
			second, _, err := (&Shape{Partition: "gpt"}).Apply(first)
			if err != nil {
				t.Fatal(err)
			}
			j, err := Prepare(t.Context(), second, &diskimg.CreateOptions{Format: diskimg.RAW}, true)
			if err != nil {
				t.Fatal(err)
			}
			err = j.Write(t.Context(), &memory{}, nil, nil)
			if err == nil || !strings.Contains(err.Error(), "has a partition table already ("+kind+")") {
				t.Errorf("%v, want a refusal", err)
			}
		})
	}
}

func TestPresets(t *testing.T) {
	for _, p := range Presets() {
		t.Run(p.Name, func(t *testing.T) {
			found, err := FindPreset(strings.ToUpper(p.Name))
			if diff := cmp.Diff(p, found); diff != "" || err != nil {
				t.Errorf("%v\n%s", err, diff)
			}
			opts := &diskimg.CreateOptions{Format: p.Format, Subformat: p.Subformat}
			if _, err := opts.Layout(1 << 30); err != nil {
				t.Error(err)
			}
			if err := p.Check(1 << 30); err != nil {
				t.Error(err)
			}
			if p.Least > 0 && p.Check(p.Least-1) == nil {
				t.Error("a disk that is too small is good")
			}
			if p.Most > 0 && p.Check(p.Most+1) == nil {
				t.Error("a disk that is too large is good")
			}
		})
	}
	if _, err := FindPreset("gcp"); err == nil {
		t.Error("gcp is known")
	}
}

func TestRandom(t *testing.T) {
	read := func(at time.Time, size int64, name string) string {
		p := make([]byte, 64)
		if _, err := io.ReadFull(Random(at, size, diskimg.VHD, diskimg.Fixed, name), p); err != nil {
			t.Fatal(err)
		}
		return string(p)
	}
	at := time.Unix(1700000000, 0)
	first := read(at, 5, "a")
	if read(at, 5, "a") != first {
		t.Error("it is not the same again")
	}
	for name, other := range map[string]string{
		"time": read(at.Add(time.Second), 5, "a"), "size": read(at, 6, "a"), "name": read(at, 5, "b"),
	} {
		if other == first {
			t.Errorf("another %s makes no difference", name)
		}
	}
}

// A file that changes while it is read makes no image.
func TestFileChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk.raw")
	if err := os.WriteFile(path, newContent(1<<20, diskimg.Extent{Offset: 0, Length: 1 << 20}).data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := OpenFile(path, "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	j, err := Prepare(t.Context(), f, &diskimg.CreateOptions{Format: diskimg.VMDK}, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 2<<20); err != nil {
		t.Fatal(err)
	}
	if err := j.Write(t.Context(), &memory{}, nil, nil); err == nil || !strings.Contains(err.Error(), "size changed") {
		t.Errorf("%v, want that the size changed", err)
	}
}

// What ends the context ends the work, with its cause.
func TestJobCancelled(t *testing.T) {
	enough := errors.New("enough")
	for name, opts := range kinds() {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			j, err := Prepare(ctx, newContent(4<<20, diskimg.Extent{Offset: 0, Length: 4 << 20}), &opts, false)
			if err != nil {
				t.Fatal(err)
			}
			cancel(enough)
			if err := j.Write(ctx, &memory{}, nil, nil); !errors.Is(err, enough) {
				t.Errorf("%v, want the cause", err)
			}
		})
	}
}
