package partition

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"amiforge/diskimg"

	"github.com/google/go-cmp/cmp"
)

func TestWrap(t *testing.T) {
	tests := []struct {
		kind        Kind
		size        int64
		sectors     int64 // of the partition
		diskSize    int64
		tail        int
		first, last string // the partition in CHS
	}{
		{MBR, 1, 1, 2 * mib, 0, "\x20\x21\x00", "\x20\x21\x00"},
		{MBR, 513, 2, 2 * mib, 0, "\x20\x21\x00", "\x20\x22\x00"},
		{MBR, mib, 2048, 2 * mib, 0, "\x20\x21\x00", "\x41\x01\x00"},
		{MBR, mib + 1, 2049, 3 * mib, 0, "\x20\x21\x00", "\x41\x02\x00"},
		{MBR, 10 << 30, 20971520, 10<<30 + mib, 0, "\x20\x21\x00", "\xfe\xff\xff"},
		{GPT, 1, 1, 2 * mib, 16896, "", ""},
		{GPT, mib - 16896, 2015, 2 * mib, 16896, "", ""},
		{GPT, mib - 16896 + 1, 2016, 3 * mib, 16896, "", ""},
		{GPT, mib, 2048, 3 * mib, 16896, "", ""},
		{GPT, 3 << 40, 3 << 31, 3<<40 + 2*mib, 16896, "", ""},
	}
	for _, tt := range tests {
		w, err := Wrap(tt.kind, tt.size, nil)
		if err != nil {
			t.Fatal(err)
		}
		if w.Size != tt.diskSize || w.Offset != mib || len(w.Head) != mib || len(w.Tail) != tt.tail {
			t.Errorf("%s %d: size %d, offset %d, head %d, tail %d", tt.kind, tt.size, w.Size, w.Offset, len(w.Head), len(w.Tail))
		}
		if chs := w.Head[entriesOffset:]; tt.first != "" && (string(chs[1:4]) != tt.first || string(chs[5:8]) != tt.last) {
			t.Errorf("%s %d: CHS %x to %x, want %x to %x", tt.kind, tt.size, chs[1:4], chs[5:8], tt.first, tt.last)
		}
		table, err := Read(sparseDisk{w}, w.Size)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int64{1, 2048, tt.sectors}, summary(table)); diff != "" || len(table.Warnings) > 0 {
			t.Errorf("%s %d: %s%q", tt.kind, tt.size, diff, table.Warnings)
		}
	}
}

// A sparseDisk is the disk of a Wrapping whose content is zeros.
type sparseDisk struct{ w *Wrapping }

func (d sparseDisk) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	if off < mib {
		copy(p, d.w.Head[off:])
	}
	if tail := off - d.w.tail().Offset; tail >= 0 {
		copy(p, d.w.Tail[tail:])
	}
	return len(p), nil
}

func TestWrapRefuses(t *testing.T) {
	tests := []struct {
		kind    Kind
		size    int64
		opts    *WrapOptions
		message string
	}{
		{MBR, 0, nil, "0 bytes is no size"},
		{GPT, -1, nil, "is no size"},
		{GPT, diskimg.MaxSize, nil, "is no size"},
		{MBR, 2 << 40, nil, "gpt has no such limit"},
		{"apm", mib, nil, `partition table "apm": want mbr or gpt`},
		{MBR, mib, &WrapOptions{Rand: strings.NewReader("123")}, "disk ID"},
		{GPT, mib, &WrapOptions{Rand: strings.NewReader("1234567890123456")}, "GUID"},
	}
	for _, tt := range tests {
		w, err := Wrap(tt.kind, tt.size, tt.opts)
		if w != nil || err == nil || !strings.Contains(err.Error(), tt.message) {
			t.Errorf("%s of %d: %v, want %q", tt.kind, tt.size, err, tt.message)
		}
	}
}

// A pieces is a Source of bytes at offsets.
type pieces struct {
	list    []piece
	current bytes.Reader
	end     error
}

func (s *pieces) Next() (diskimg.Extent, error) {
	if len(s.list) == 0 {
		return diskimg.Extent{}, s.end
	}
	p := s.list[0]
	s.list = s.list[1:]
	s.current.Reset(p.b)
	return diskimg.Extent{Offset: p.off, Length: int64(len(p.b))}, nil
}

func (s *pieces) Read(p []byte) (int, error) { return s.current.Read(p) }

func TestWrapSource(t *testing.T) {
	for _, kind := range []Kind{MBR, GPT} {
		w, err := Wrap(kind, 2*mib, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := make([]byte, w.Size)
		copy(want, w.Head)
		copy(want[mib+100:], "first")
		copy(want[3*mib-6:], "second")
		copy(want[w.Size-int64(len(w.Tail)):], w.Tail)

		got := make([]byte, w.Size)
		src := w.Source(&pieces{list: []piece{{100, []byte("first")}, {2*mib - 6, []byte("second")}}, end: io.EOF})
		for {
			e, err := src.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(src)
			if err != nil || int64(len(b)) != e.Length {
				t.Fatalf("extent %v: %d bytes, %v", e, len(b), err)
			}
			copy(got[e.Offset:], b)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: the disk differs", kind)
		}
		if _, err := src.Next(); err != io.EOF {
			t.Errorf("%s: after the end: %v", kind, err)
		}
	}
}

func TestWrapSourceErrors(t *testing.T) {
	broken := errors.New("part 3 is damaged")
	tests := []struct {
		name    string
		src     *pieces
		message string
	}{
		{"too long", &pieces{list: []piece{{mib - 1, []byte("xx")}}, end: io.EOF}, "2 bytes at 1048575 are more"},
		{"broken", &pieces{end: broken}, broken.Error()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, err := Wrap(GPT, mib, nil)
			if err != nil {
				t.Fatal(err)
			}
			src := w.Source(tt.src)
			if _, err := src.Next(); err != nil {
				t.Fatal(err)
			}
			if _, err := src.Next(); err == nil || !strings.Contains(err.Error(), tt.message) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestWrapMap(t *testing.T) {
	w, err := Wrap(GPT, mib, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := w.Map([]diskimg.Extent{{Offset: 0, Length: 4096}, {Offset: 65536, Length: 1}})
	want := []diskimg.Extent{{Offset: 0, Length: mib}, {Offset: mib, Length: 4096}, {Offset: mib + 65536, Length: 1}, {Offset: 3*mib - 16896, Length: 16896}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
