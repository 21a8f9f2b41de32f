package bundle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"amiforge/internal/sparse"
)

// readTar reads an archive as a Reader does. It returns the image's data.
func readTar(r io.Reader) (*tarMember, []byte, error) {
	m, err := readTarHeader(r)
	if err != nil {
		return nil, nil, err
	}
	data, err := io.ReadAll(io.LimitReader(r, m.stored))
	if err == nil && int64(len(data)) < m.stored {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return m, data, err
	}
	return m, data, readTarEnd(r, m.stored)
}

// tarHead returns the header of a member, changed by edit before its checksum is set.
func tarHead(name string, kind byte, size int64, edit func(h []byte)) []byte {
	h := tarBlockFor(name, kind, size)
	if edit != nil {
		edit(h)
	}
	return sealTar(h)
}

// blocks joins pieces of an archive, each filled up to a block, and ends it.
func blocks(pieces ...[]byte) []byte {
	var out []byte
	for _, p := range pieces {
		out = append(out, p...)
		out = append(out, make([]byte, pad(int64(len(p)), tarBlock))...)
	}
	return append(out, make([]byte, 2*tarBlock)...)
}

// paxHeader returns an extended header of these records, KEY=VALUE each.
func paxHeader(kind byte, records ...string) []byte {
	var body []byte
	for _, r := range records {
		n := len(r) + 3
		for len(fmt.Sprintf("%d %s\n", n, r)) != n {
			n++
		}
		body = fmt.Appendf(body, "%d %s\n", n, r)
	}
	out := append(tarHead("PaxHeaders/image", kind, int64(len(body)), nil), body...)
	return append(out, make([]byte, pad(int64(len(body)), tarBlock))...)
}

// oldSparse returns an old GNU sparse header with this map, whatever it says.
func oldSparse(size, stored int64, extents ...Extent) []byte {
	return tarHead("image", 'S', stored, func(h []byte) {
		putTarNumber(h[tarRealSize:tarRealSize+12], size)
		putEntries(h[tarSparse:], extents, tarEntries, &h[tarIsExtended])
	})
}

func TestTarRefused(t *testing.T) {
	data := noise(1024, 40)
	plain := tarHead("image", '0', 1024, nil)
	sparse := func(stored int64, extents ...Extent) []byte {
		return blocks(oldSparse(8192, stored, extents...), data[:stored])
	}
	pax := func(body []byte, records ...string) []byte {
		return blocks(paxHeader('x', records...), tarHead("image", '0', int64(len(body)), nil), body)
	}
	block := func(s string) []byte { return append([]byte(s), make([]byte, pad(int64(len(s)), tarBlock))...) }
	v1 := []string{"GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.realsize=8192"}
	tests := []struct {
		name    string
		archive []byte
		want    string
	}{
		{"empty archive", make([]byte, 10240), "the archive is empty"},
		{"noise", noise(10240, 41), "not a tar header"},
		{"checksum", blocks(append([]byte("X"), plain[1:]...), data), "not a tar header"},
		{"checksum in base 256", blocks(func() []byte { h := bytes.Clone(plain); h[148] = 0x80; return h }(), data), "not a tar header"},
		{"two members", blocks(plain, data, plain, data), "more than one member"},
		{"data after the end", append(blocks(plain, data), noise(512, 42)...), "more than one member"},
		{"endless zeros", append(blocks(plain, data), make([]byte, 2<<20)...), "zero bytes follow the member"},
		{"hard link", blocks(tarHead("image", '1', 0, nil)), "hard link"},
		{"symbolic link", blocks(tarHead("image", '2', 0, nil)), "symbolic link"},
		{"device", blocks(tarHead("image", '4', 0, nil)), "block device"},
		{"directory", blocks(tarHead("image", '5', 0, nil)), "directory"},
		{"directory of old", blocks(tarHead("image/", 0, 0, nil)), "not a plain file name"},
		{"fifo", blocks(tarHead("image", '6', 0, nil)), "fifo"},
		{"continued file", blocks(tarHead("image", 'M', 1024, nil), data), "continued file"},
		{"unknown kind", blocks(tarHead("image", 'Q', 1024, nil), data), "'Q'"},
		{"path", blocks(tarHead("a/image", '0', 1024, nil), data), "not a plain file name"},
		{"path up", blocks(tarHead("../image", '0', 1024, nil), data), "not a plain file name"},
		{"path up alone", blocks(tarHead("..", '0', 1024, nil), data), "not a plain file name"},
		{"absolute path", blocks(tarHead("/image", '0', 1024, nil), data), "not a plain file name"},
		{"no name", blocks(tarHead("", '0', 1024, nil), data), "not a plain file name"},
		{"ustar prefix", blocks(tarHead("image", '0', 1024, func(h []byte) { copy(h[257:], "ustar\x0000"); copy(h[345:], "etc") }), data), "not a plain file name"},
		{"pax path", pax(data, "path=../image"), "not a plain file name"},
		{"pax sparse path", pax(data, "GNU.sparse.name=/etc/passwd"), "not a plain file name"},
		{"size is negative", blocks(tarHead("image", '0', 0, func(h []byte) { copy(h[124:], bytes.Repeat([]byte{0xff}, 12)) })), "number"},
		{"size is beyond 63 bits", blocks(tarHead("image", '0', 0, func(h []byte) { h[124] = 0x80; binary.BigEndian.PutUint64(h[128:], 1<<63) })), "number"},
		{"size is beyond 64 bits", blocks(tarHead("image", '0', 0, func(h []byte) { h[124] = 0x80; h[126] = 1 })), "number"},
		{"size is not octal", blocks(tarHead("image", '0', 0, func(h []byte) { copy(h[124:], "00000009999\x00") })), "number"},
		{"size has a sign", blocks(tarHead("image", '0', 0, func(h []byte) { copy(h[124:], "-0000000001\x00") })), "number"},

		{"extents overlap", sparse(1024, Extent{0, 512}, Extent{256, 512}), "overlaps"},
		{"extents descend", sparse(1024, Extent{4096, 512}, Extent{0, 512}), "overlaps"},
		{"extent twice", sparse(1024, Extent{0, 512}, Extent{0, 512}), "overlaps"},
		{"extent beyond the end", sparse(1024, Extent{0, 512}, Extent{7936, 512}), "beyond"},
		{"extent far beyond the end", sparse(512, Extent{math.MaxInt64 - 100, 512}), "beyond"},
		{"extents that overflow", sparse(1024, Extent{4096, math.MaxInt64}, Extent{4096, math.MaxInt64}), "beyond"},
		{"end mark beyond the end", sparse(512, Extent{0, 512}, Extent{8193, 0}), "beyond"},
		{"extents are less than stored", sparse(1024, Extent{0, 512}), "stored"},
		{"extents are more than stored", sparse(512, Extent{0, 512}, Extent{4096, 512}), "stored"},
		{"no extents, but data", sparse(512), "stored"},
		{"odd extent in the middle", sparse(612, Extent{0, 100}, Extent{4096, 512}), "whole block"},
		{"extent is negative", blocks(tarHead("image", 'S', 0, func(h []byte) { copy(h[tarSparse:], bytes.Repeat([]byte{0xff}, 24)) })), "number"},
		{"real size is negative", blocks(tarHead("image", 'S', 0, func(h []byte) { copy(h[tarRealSize:], bytes.Repeat([]byte{0xff}, 12)) })), "number"},

		{"pax 0.1 overlap", pax(data, "GNU.sparse.size=8192", "GNU.sparse.map=0,512,256,512"), "overlaps"},
		{"pax 0.1 odd count", pax(data, "GNU.sparse.size=8192", "GNU.sparse.map=0,512,4096"), "damaged"},
		{"pax 0.1 empty", pax(data, "GNU.sparse.size=8192", "GNU.sparse.map="), "number"},
		{"pax 0.1 negative", pax(data, "GNU.sparse.size=8192", "GNU.sparse.map=-1,512"), "number"},
		{"pax 0.1 huge", pax(data, "GNU.sparse.size=8192", "GNU.sparse.map=0,99999999999999999999"), "number"},
		{"pax 0.1 endless digits", pax(data, "GNU.sparse.size=8192", "GNU.sparse.map="+strings.Repeat("1", 10_000)), "number"},
		{"pax 0.1 no size", pax(data, "GNU.sparse.map=0,1024"), "beyond"},
		{"pax 0.0 length without offset", pax(data, "GNU.sparse.size=8192", "GNU.sparse.numbytes=1024"), "damaged"},
		{"pax 0.0 offset without length", pax(data, "GNU.sparse.size=8192", "GNU.sparse.offset=0"), "without its length"},
		{"pax 0.0 two offsets", pax(data, "GNU.sparse.size=8192", "GNU.sparse.offset=0", "GNU.sparse.offset=1", "GNU.sparse.numbytes=1024"), "damaged"},
		{"pax 1.0 no map", pax(make([]byte, 512), v1...), "number"},
		{"pax 1.0 map cut short", pax(block("200\n0\n512\n"), v1...), "number"},
		{"pax 1.0 map not there", pax(nil, v1...), "cut short"},
		{"pax 1.0 map is all", pax(bytes.Repeat([]byte("1\n"), 256), v1...), "stored"},
		{"pax 1.0 too many", pax(block("1048577\n"), v1...), "more than"},
		{"pax 1.0 huge count", pax(block("9223372036854775807\n"), v1...), "more than"},
		{"pax 1.0 negative count", pax(block("-1\n"), v1...), "number"},
		{"pax 2.0", pax(data, "GNU.sparse.major=2", "GNU.sparse.minor=0"), "2.0 is unknown"},
		{"pax 1.1", pax(data, "GNU.sparse.major=1", "GNU.sparse.minor=1"), "1.1 is unknown"},
		{"pax size", pax(data, "size=-1"), "number"},
		{"pax size is hex", pax(data, "size=0x10"), "number"},
		{"pax global size", blocks(paxHeader('g', "size=5"), plain, data), "global"},
		{"pax global map", blocks(paxHeader('g', "GNU.sparse.map=0,1"), plain, data), "global"},
		{"pax record of no length", blocks(tarHead("p", 'x', 5, nil), []byte("a=bc\n"), plain, data), "number"},
		{"pax record too short", blocks(tarHead("p", 'x', 6, nil), []byte("2 a=b\n"), plain, data), "damaged"},
		{"pax record without =", blocks(tarHead("p", 'x', 7, nil), []byte("7 abcd\n"), plain, data), "damaged"},
		{"pax record without end", blocks(tarHead("p", 'x', 6, nil), []byte("6 a=bc"), plain, data), "damaged"},
		{"pax record beyond", blocks(tarHead("p", 'x', 6, nil), []byte("9 a=b\n"), plain, data), "unexpected EOF"},
		{"pax huge record", blocks(tarHead("p", 'x', 6, nil), []byte("9999999 a=\n"), plain, data), ""},
		{"pax huge header", blocks(tarHead("p", 'x', 1<<40, nil)), "extended header of"},
		{"long name of nothing", blocks(tarHead("l", 'L', 0, nil), plain, data), "long name of 0"},
		{"long name too long", blocks(tarHead("l", 'L', 1<<40, nil), plain, data), "long name of"},
		{"chain of headers", blocks(append(bytes.Repeat(paxHeader('x', "a=b"), 9), plain...), data), "headers before the member"},
		{"chain of long names", blocks(append(bytes.Repeat(append(tarHead("l", 'L', 5, nil), make([]byte, 512)...), 9), plain...), data), "headers before the member"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, _, err := readTar(bytes.NewReader(tt.archive))
			if err == nil {
				t.Fatalf("accepted: %+v", m)
			}
			if !errors.Is(err, ErrVerify) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%v is not ErrVerify", err)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

// What is unusual and right.
func TestTarAccepted(t *testing.T) {
	data := noise(1024, 43)
	tests := []struct {
		name    string
		archive []byte
		want    string
	}{
		{"contiguous file", blocks(tarHead("image", '7', 1024, nil), data), "image"},
		{"v7", blocks(tarHead("image", 0, 1024, func(h []byte) { clear(h[257:265]) }), data), "image"},
		{"spaces in numbers", blocks(tarHead("image", '0', 0, func(h []byte) { copy(h[124:], "      2000 \x00") }), data), "image"},
		{"base 256", blocks(tarHead("image", '0', 0, func(h []byte) { clear(h[124:136]); h[124], h[134] = 0x80, 4 }), data), "image"},
		{"dot slash", blocks(tarHead("./image", '0', 1024, nil), data), "./image"},
		{"long link", blocks(append(tarHead("l", 'K', 5, nil), make([]byte, 512)...), tarHead("image", '0', 1024, nil), data), "image"},
		{"global comment", blocks(paxHeader('g', "comment=hello"), tarHead("image", '0', 1024, nil), data), "image"},
		{"pax path", blocks(paxHeader('x', "path=other", "mtime=1.5"), tarHead("image", '0', 1024, nil), data), "other"},
		{"pax size", blocks(paxHeader('x', "size=1024"), tarHead("image", '0', 0, nil), data), "image"},
		{"signed checksum", blocks(signedHead("\xffimage", 1024), data), "\xffimage"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, got, err := readTar(iotest.OneByteReader(bytes.NewReader(tt.archive)))
			if err != nil {
				t.Fatal(err)
			}
			if m.name != tt.want || m.size != 1024 || !bytes.Equal(got, data) {
				t.Errorf("%q of %d bytes, want %q", m.name, m.size, tt.want)
			}
		})
	}
}

// signedHead returns a header whose checksum was made of signed bytes.
func signedHead(name string, size int64) []byte {
	h := tarBlockFor(name, '0', size)
	copy(h[148:156], fmt.Sprintf("%06o\x00 ", signedTarSum(h)))
	return h
}

// Wherever an archive is cut, its end is unexpected.
func TestTarTruncated(t *testing.T) {
	data := noise(1000, 44)
	for name, archive := range map[string][]byte{
		"plain":     blocks(tarHead("image", '0', 1000, nil), data),
		"old":       blocks(oldSparse(8192, 1000, Extent{0, 512}, Extent{4096, 488}), data),
		"extended":  append(tarHeader("image", 1<<30, everyOther(30, 1<<20, 512)), blocks(make([]byte, 30*512))...),
		"pax":       blocks(paxHeader('x', "size=1000", "path=x"), tarHead("image", '0', 0, nil), data),
		"pax 0.1":   blocks(paxHeader('x', "GNU.sparse.size=8192", "GNU.sparse.map=0,512,4096,488"), tarHead("image", '0', 1000, nil), data),
		"long name": append(tarHeader(strings.Repeat("n", 200), 1000, []Extent{{0, 1000}}), blocks(data)...),
	} {
		if _, _, err := readTar(bytes.NewReader(archive)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for n := range archive {
			if _, _, err := readTar(bytes.NewReader(archive[:n])); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("%s cut at %d of %d: %v", name, n, len(archive), err)
			}
		}
	}
}

// As many extents as may be are read, and one more is not; neither takes much memory.
func TestTarMostExtents(t *testing.T) {
	for _, count := range []int{maxExtents, maxExtents + 1} {
		extents := everyOther(count, 1024, 512)
		size := int64(count) * 1024
		lines := fmt.Appendln(nil, count)
		numbers := len(lines)
		for _, e := range extents {
			lines = append(strconv.AppendInt(lines, e.Offset, 10), '\n')
			lines = append(strconv.AppendInt(lines, e.Length, 10), '\n')
		}
		pairs := strings.ReplaceAll(string(lines[numbers:len(lines)-1]), "\n", ",")
		sized := fmt.Sprint("GNU.sparse.size=", size)
		stored := sparse.Length(extents)
		mapped := int64(len(lines)) + pad(int64(len(lines)), tarBlock)
		for name, head := range map[string][]byte{
			"old":     tarHeader("image", size-512, extents), // ends in data, so that no end mark is needed
			"pax 0.1": append(paxHeader('x', sized, "GNU.sparse.map="+pairs), tarHead("image", '0', stored, nil)...),
			"pax 1.0": append(append(paxHeader('x', "GNU.sparse.major=1", "GNU.sparse.minor=0", fmt.Sprint("GNU.sparse.realsize=", size)),
				tarHead("image", '0', stored+mapped, nil)...), blocks(lines)...),
		} {
			t.Run(fmt.Sprint(name, count), func(t *testing.T) {
				before := allocatedBytes()
				m, err := readTarHeader(bytes.NewReader(head))
				if got := allocatedBytes() - before; got > 256<<20 {
					t.Errorf("%d MiB were allocated", got>>20)
				}
				switch {
				case count <= maxExtents && (err != nil || len(m.extents) != count):
					t.Errorf("%v", err)
				case count > maxExtents && (err == nil || !strings.Contains(err.Error(), "more than 1048576 extents")):
					t.Errorf("one too many: %v", err)
				}
			})
		}
	}
}

// allocatedBytes returns what has been allocated so far, freed or not.
func allocatedBytes() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}

func TestTarSourceError(t *testing.T) {
	boom := errors.New("boom")
	archive := blocks(paxHeader('x', "path=x"), oldSparse(8192, 1000, Extent{0, 512}, Extent{4096, 488}), noise(1000, 45))
	for n := range archive {
		_, _, err := readTar(io.MultiReader(bytes.NewReader(archive[:n]), iotest.ErrReader(boom)))
		if !errors.Is(err, boom) {
			t.Fatalf("after %d bytes: %v, want %v", n, err, boom)
		}
	}
}
