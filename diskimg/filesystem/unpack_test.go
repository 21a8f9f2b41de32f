package filesystem

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"runtime"
	"slices"
	"testing"

	"amiforge/diskimg"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

// kinds are the numbers of the compressions that are supported.
func kinds() map[string]uint16 {
	return map[string]uint16{"gzip": 1, "lzma": 2, "xz": 4, "lz4": 5, "zstd": 6}
}

// pack packs what w writes to.
func pack(t testing.TB, kind string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch kind {
	case "gzip":
		w = zlib.NewWriter(&b)
	case "lzma":
		w, err = lzma.WriterConfig{DictCap: 4096, Size: int64(len(data)), SizeInHeader: true}.NewWriter(&b)
	case "xz":
		w, err = xz.WriterConfig{DictCap: 4096, CheckSum: xz.CRC32}.NewWriter(&b)
	case "zstd":
		w, err = zstd.NewWriter(&b, zstd.WithWindowSize(4096))
	case "lz4": // one byte, and the same again
		n := len(data) - 1 - 4 - 15
		b.Write([]byte{0x1f, data[0], 1, 0})
		b.Write(slices.Repeat([]byte{255}, n/255))
		b.Write([]byte{byte(n % 255), 0})
		return b.Bytes()
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// allocated returns how many bytes do makes.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// What would become 16 MiB does not become more than it may, and one byte less than all is an error.
func TestUnpackBombs(t *testing.T) {
	for name, kind := range kinds() {
		unpack, err := newUnpacker(kind, maxSquashBlock)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			bomb := pack(t, name, make([]byte, 16*mib))
			n := allocated(func() {
				if out, err := unpack(bomb, squashMetadata); !errors.Is(err, diskimg.ErrDamaged) {
					t.Errorf("%d bytes, %v", len(out), err)
				}
			})
			if n > 8*mib {
				t.Errorf("%d bytes of memory are made", n)
			}
			data := bytes.Repeat([]byte{7}, 3000)
			if out, err := unpack(pack(t, name, data), 3000); err != nil || !bytes.Equal(out, data) {
				t.Errorf("%d bytes, %v", len(out), err)
			}
			if out, err := unpack(pack(t, name, data), 2999); err == nil {
				t.Errorf("%d bytes of 2999", len(out))
			}
			if out, err := unpack(nil, 3000); err == nil {
				t.Errorf("%d bytes of nothing", len(out))
			}
		})
	}
}

// A header that says that there will be much makes no memory.
func TestUnpackLies(t *testing.T) {
	order := binary.LittleEndian
	data := bytes.Repeat([]byte("data"), 100)
	tests := []struct {
		name, kind string
		patch      func(b []byte) []byte
	}{
		{"a dictionary of 4 GiB", "lzma", func(b []byte) []byte {
			order.PutUint32(b[1:], ^uint32(0))
			return b
		}},
		{"a frame of 1 GiB", "zstd", func([]byte) []byte {
			head := []byte{0x28, 0xb5, 0x2f, 0xfd, 0xa0}
			return append(order.AppendUint32(head, 1<<30), 3, 0, 0, 'x')
		}},
		{"a window of 512 MiB", "zstd", func([]byte) []byte { return []byte{0x28, 0xb5, 0x2f, 0xfd, 0, 19 << 3, 9, 0, 0, 'x'} }},
		{"a damaged checksum", "xz", func(b []byte) []byte {
			i := bytes.LastIndex(b, order.AppendUint32(nil, crc32.ChecksumIEEE(data)))
			b[i]++
			return b
		}},
		{"a damaged header", "xz", func(b []byte) []byte {
			b[13]++
			return b
		}},
		{"cut off", "xz", func(b []byte) []byte { return b[:len(b)-40] }},
		{"cut off", "gzip", func(b []byte) []byte { return b[:len(b)-5] }},
		{"cut off", "lzma", func(b []byte) []byte { return b[:len(b)-5] }},
		{"cut off", "zstd", func(b []byte) []byte { return b[:len(b)-5] }},
		{"a distance of nothing", "lz4", func([]byte) []byte { return []byte{0x11, 'a', 0, 0, 0} }},
		{"a distance too far", "lz4", func([]byte) []byte { return []byte{0x11, 'a', 2, 0, 0} }},
		{"ending in a sequence", "lz4", func([]byte) []byte { return []byte{0x11, 'a', 1} }},
		{"ending behind a sequence", "lz4", func([]byte) []byte { return []byte{0x11, 'a', 1, 0} }},
		{"more bytes than there are", "lz4", func([]byte) []byte { return []byte{0xf0, 255, 255, 0} }},
		{"a length without end", "lz4", func([]byte) []byte { return []byte{0xf0, 255, 255} }},
	}
	for _, tt := range tests {
		t.Run(tt.kind+": "+tt.name, func(t *testing.T) {
			unpack, err := newUnpacker(kinds()[tt.kind], 8192)
			if err != nil {
				t.Fatal(err)
			}
			b := tt.patch(pack(t, tt.kind, data))
			n := allocated(func() {
				if out, err := unpack(b, 8192); !errors.Is(err, diskimg.ErrDamaged) {
					t.Errorf("%d bytes, %v", len(out), err)
				}
			})
			if n > 2*mib {
				t.Errorf("%d bytes of memory are made", n)
			}
		})
	}
	// A dictionary of 4 GiB in xz is none, as no more than 8 KiB of it can be used.
	unpack, err := newUnpacker(kinds()["xz"], 8192)
	if err != nil {
		t.Fatal(err)
	}
	b := pack(t, "xz", data)
	head := b[12:24]
	head[4] = 40
	order.PutUint32(head[8:], crc32.ChecksumIEEE(head[:8]))
	n := allocated(func() {
		if out, err := unpack(b, 8192); err != nil || !bytes.Equal(out, data) {
			t.Errorf("%d bytes, %v", len(out), err)
		}
	})
	if n > 2*mib {
		t.Errorf("%d bytes of memory are made", n)
	}
}

// A filter for machine code is refused by name.
func TestUnpackFilter(t *testing.T) {
	unpack, err := newUnpacker(kinds()["xz"], 8192)
	if err != nil {
		t.Fatal(err)
	}
	b := pack(t, "xz", []byte("data"))
	head := b[12:24]
	head[1] |= 1
	binary.LittleEndian.PutUint32(head[8:], crc32.ChecksumIEEE(head[:8]))
	_, err = unpack(b, 8192)
	if !errors.Is(err, diskimg.ErrUnsupported) || errors.Is(err, diskimg.ErrDamaged) {
		t.Errorf("%v", err)
	}
}
