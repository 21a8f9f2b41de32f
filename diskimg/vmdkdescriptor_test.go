package diskimg

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestIsDescriptor(t *testing.T) {
	text := splitText("monolithicFlat", `RW 16 FLAT "flat.img" 0`)
	padded := text + strings.Repeat("\x00", 512-len(text)%512)
	tests := []struct {
		name, head string
		size       int64
		want       bool
	}{
		{"a descriptor", text, int64(len(text)), true},
		{"padded to a sector", padded, int64(len(padded)), true},
		{"shorter than it was, of qemu-img", text + "\x00\"\n\x00\x00", int64(len(text)) + 5, true},
		{"other bytes behind it", text + "\x00x\n\x00\x00", int64(len(text)) + 5, false},
		{"more of it behind it", text + "\x00" + text[len(text)-8:], int64(len(text)) + 9, false},
		{"CRLF", strings.ReplaceAll(text, "\n", "\r\n"), int64(len(text)), true},
		{"case", strings.ToUpper(text), int64(len(text)), true},
		{"blanks", strings.Replace(text, "# Disk D", " #  DISK d", 1), int64(len(text)), true},
		{"VirtualBox", strings.Replace(text, "rF", "r F", 1), int64(len(text)), true},
		{"long", text + strings.Repeat("#", 4096-len(text)), 64 << 10, true},
		{"a disk that begins as one", text + strings.Repeat("#", 4096-len(text)), 64<<10 + 512, false},
		{"a small disk that begins as one", text + strings.Repeat("\x00", 1024), int64(len(text)) + 1024, false},
		{"text behind zeros", text + "\x00" + text, int64(2*len(text) + 1), false},
		{"blank lines first", "\n \r\n" + text, int64(len(text)) + 4, true},
		{"a comment first", "# mine\n" + text, int64(len(text)) + 7, true},
		{"byte order mark", "\ufeff" + text, int64(len(text)) + 3, true},
		{"a value first", "version=1\n" + text, int64(len(text)) + 10, false},
		{"other text", "#!/bin/sh\n", 10, false},
		{"nothing", "", 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := isDescriptor([]byte(tt.head[:min(4096, len(tt.head))]), tt.size); got != tt.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func TestDescriptorZeroByte(t *testing.T) {
	text := splitText("monolithicFlat", `RW 16 FLAT "flat.img" 0`) + strings.Repeat("#", 5000) + "\x00 x"
	if _, err := Open(strings.NewReader(text), int64(len(text)), nil); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "zero byte") {
		t.Errorf("%v, want a zero byte", err)
	}
}

// TestDescriptorLeftovers opens what qemu-img makes of one descriptor in 256: the content ID that it makes up first
// has two digits more than the one that it puts in its place.
func TestDescriptorLeftovers(t *testing.T) {
	text := splitText("monolithicFlat", `RW 10 FLAT "flat.img" 0`) + "\x00" + "\"\n" + strings.Repeat("\x00", 100)
	got, err := readAllSplit(t, text)
	if want := noise(10*SectorSize, 1); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, want %d, or they differ: %v", len(got), len(want), err)
	}
}

func FuzzDescriptor(f *testing.F) {
	f.Add(splitText("twoGbMaxExtentSparse", "RW 10 FLAT \"flat.img\" 0\nRDONLY 4099 SPARSE \"sparse.vmdk\"\nNOACCESS 3 ZERO"))
	f.Add(splitText("monolithicFlat", "rw 1 flat \"a b\" 9\r\n"))
	f.Add("RW")
	f.Add("=\nRW = 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := parseDescriptor([]byte(text), 0)
		if err != nil {
			if e, ok := errors.AsType[*Error](err); !ok || e.Offset > int64(len(text)) {
				t.Errorf("%v: no Error with an offset in the text", err)
			}
			return
		}
		for _, e := range d.extents {
			if e.size < 0 || e.size > MaxSize || e.offset < 0 || e.offset > MaxSize {
				t.Errorf("extent %+v", e)
			}
		}
		_, _, _ = d.check(), d.subformat(), d.uuid()
	})
}
