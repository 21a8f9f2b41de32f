package partition

import (
	"bytes"
	"strings"
	"testing"
)

func TestBootCode(t *testing.T) {
	tests := []struct {
		kind  Kind
		size  int
		fails string
	}{
		{MBR, 1, ""},
		{MBR, 439, ""},
		{MBR, 440, ""},
		{MBR, 441, "does not end in 55 AA"},
		{MBR, 511, "does not end in 55 AA"},
		{MBR, 512, ""},
		{MBR, 513, ""},
		{MBR, 32 << 10, ""},
		{MBR, mib, ""},
		{MBR, mib + 1, "more than the 1048576"},
		{MBR, 0, "no bytes"},
		{GPT, 0, "no bytes"},
		{GPT, 1, ""},
		{GPT, 440, ""},
		{GPT, 441, "use an mbr table"},
		{GPT, 512, "use an mbr table"},
		{GPT, mib, "use an mbr table"},
		{"bsd", 1, `want mbr or gpt`},
	}
	for _, tt := range tests {
		code := bytes.Repeat([]byte{0xf4}, tt.size)
		if tt.size >= sectorSize {
			copy(code[sectorSize-2:], "\x55\xaa")
		}
		plain, _ := Wrap(tt.kind, 5*mib, &WrapOptions{Rand: bytes.NewReader(make([]byte, 64))})
		w, err := Wrap(tt.kind, 5*mib, &WrapOptions{Rand: bytes.NewReader(make([]byte, 64)), BootCode: code})
		if tt.fails != "" {
			if err == nil || !strings.Contains(err.Error(), tt.fails) {
				t.Errorf("%s, %d bytes: %v, want %q", tt.kind, tt.size, err, tt.fails)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s, %d bytes: %v", tt.kind, tt.size, err)
			continue
		}
		if n := min(tt.size, codeSize); !bytes.Equal(w.Head[:n], code[:n]) {
			t.Errorf("%s, %d bytes: the code in the MBR is not what was given", tt.kind, tt.size)
		}
		if !bytes.Equal(w.Head[codeSize:sectorSize], plain.Head[codeSize:sectorSize]) {
			t.Errorf("%s, %d bytes: disk ID, table or signature is not what it is without code", tt.kind, tt.size)
		}
		if tt.size > sectorSize && !bytes.Equal(w.Head[sectorSize:tt.size], code[sectorSize:]) {
			t.Errorf("%s, %d bytes: what is behind the MBR is not what was given", tt.kind, tt.size)
		}
		table, err := Read(sparseDisk{w}, w.Size)
		if err != nil || table == nil || len(table.Partitions) != 1 || len(table.Warnings) > 0 {
			t.Errorf("%s, %d bytes: the table is %+v (%v)", tt.kind, tt.size, table, err)
		}
		if boots := tt.kind != GPT || w.Head[2*sectorSize+48]&legacyBoot != 0; !boots {
			t.Errorf("%s: the partition is not one that the code would boot", tt.kind)
		}
	}
}

func TestBootCodeWithoutSignature(t *testing.T) {
	if err := CheckBootCode(MBR, bytes.Repeat([]byte("a tar "), 1000)); err == nil || !strings.Contains(err.Error(), "55 AA") {
		t.Errorf("got %v", err)
	}
}
