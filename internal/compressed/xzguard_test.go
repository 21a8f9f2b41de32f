package compressed

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/ulikunitz/xz"
)

// makeXZ makes a stream of three blocks, of which one has another dictionary than it needs.
func makeXZ(t testing.TB, block int, bits byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := xz.WriterConfig{BlockSize: 100_000, DictCap: 1 << 20}.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(bytes.Repeat([]byte("a line of it\n"), 250_000/13)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	p := b.Bytes()
	header := []byte{2, 0, 0x21, 1}
	at := 12
	for i := range 3 {
		n := bytes.Index(p[at:], header)
		if n < 0 {
			t.Fatal("there are not three blocks")
		}
		if at += n; i == block {
			p[at+4] = bits
			binary.LittleEndian.PutUint32(p[at+8:], crc32.ChecksumIEEE(p[at:at+8]))
		}
		at += len(header)
	}
	return p
}

func TestXZGuard(t *testing.T) {
	plain := makeXZ(t, 0, 18)
	tests := []struct {
		name string
		in   []byte
		want string
	}{
		{"plain", plain, ""},
		{"the most", makeXZ(t, 0, 32), ""},
		{"two streams", slices.Concat(plain, plain), ""},
		{"streams and padding", slices.Concat(plain, make([]byte, 8), plain, make([]byte, 12)), ""},
		{"384 MiB", makeXZ(t, 0, 33), "384 MiB"},
		{"4 GiB", makeXZ(t, 0, 40), "dictionary"},
		{"in the second block", makeXZ(t, 1, 36), "1024 MiB"},
		{"in the last block", makeXZ(t, 2, 36), "1024 MiB"},
		{"in the second stream", slices.Concat(plain, makeXZ(t, 0, 36)), "1024 MiB"},
		{"behind padding", slices.Concat(plain, make([]byte, 4), makeXZ(t, 2, 36)), "1024 MiB"},
		{"no size", makeXZ(t, 1, 41), "damaged"},
		{"something behind", slices.Concat(plain, []byte("more")), "damaged"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, r := range []io.Reader{bytes.NewReader(tt.in), iotest.OneByteReader(bytes.NewReader(tt.in))} {
				got, err := io.ReadAll(newXZGuard(r, 256<<20))
				if tt.want == "" && (err != nil || !bytes.Equal(got, tt.in)) || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
					t.Errorf("%d bytes of %d: %v, want %q", len(got), len(tt.in), err, tt.want)
				}
			}
			z, err := NewReader(bytes.NewReader(tt.in), 256<<20)
			if err == nil {
				_, err = io.Copy(io.Discard, z)
			}
			if (err == nil) != (tt.want == "") || strings.Contains(tt.want, "MiB") && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("decompressed: %v, want %q", err, tt.want)
			}
		})
	}
}

func FuzzXZGuard(f *testing.F) {
	f.Add(makeXZ(f, 0, 18))
	f.Add(makeXZ(f, 1, 36))
	f.Fuzz(func(t *testing.T, p []byte) {
		whole, err := io.ReadAll(newXZGuard(bytes.NewReader(p), 256<<20))
		if err == nil && !bytes.Equal(whole, p) {
			t.Error("it changes what it passes on")
		}
		if _, again := io.ReadAll(newXZGuard(iotest.OneByteReader(bytes.NewReader(p)), 256<<20)); (err == nil) != (again == nil) {
			t.Errorf("%v, and in single bytes %v", err, again)
		}
	})
}
