package bundle

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"testing"
	"testing/iotest"
)

// gunzip decompresses p with a gzipReader.
func gunzip(p []byte) ([]byte, error) {
	return gunzipFrom(bytes.NewReader(p))
}

func gunzipFrom(src io.Reader) ([]byte, error) {
	z := newGzipReader(src, 2)
	defer z.Close()
	return io.ReadAll(z)
}

// stdGunzip is what compress/gzip makes of p: the members one after another and nothing behind them.
func stdGunzip(p []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(p))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func TestGunzipOurs(t *testing.T) {
	for _, size := range gzipSizes {
		plain := noise(size, 10)
		for name, source := range map[string]func(io.Reader) io.Reader{
			"":          func(r io.Reader) io.Reader { return r },
			" halves":   iotest.HalfReader,
			" late EOF": iotest.DataErrReader,
		} {
			got, err := gunzipFrom(source(bytes.NewReader(ourGzip(t, plain))))
			if err != nil || !bytes.Equal(got, plain) {
				t.Errorf("%d bytes%s: %d bytes: %v", size, name, len(got), err)
			}
		}
	}
	plain := noise(10_000, 11)
	got, err := gunzipFrom(iotest.OneByteReader(bytes.NewReader(ourGzip(t, plain))))
	if err != nil || !bytes.Equal(got, plain) {
		t.Errorf("byte by byte: %d bytes: %v", len(got), err)
	}
}

func TestGzipReaderReads(t *testing.T) {
	plain := noise(2*blockSize+3333, 12)
	for name, packed := range map[string][]byte{"ours": ourGzip(t, plain), "foreign": gzipped(t, plain)} {
		z := newGzipReader(bytes.NewReader(packed), 2)
		if err := iotest.TestReader(z, plain); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := z.Close(); err != nil {
			t.Error(err)
		}
	}
}

// member frames deflate data as a member that begins as ours do.
func member(deflated, plain []byte) []byte {
	p := append([]byte(gzipHeader), deflated...)
	p = binary.LittleEndian.AppendUint32(p, crc32.ChecksumIEEE(plain))
	return binary.LittleEndian.AppendUint32(p, uint32(len(plain)))
}

// stored returns a stored block.
func stored(final bool, p []byte) []byte {
	b := []byte{byte(btoi(final))}
	b = binary.LittleEndian.AppendUint16(b, uint16(len(p)))
	b = binary.LittleEndian.AppendUint16(b, ^uint16(len(p)))
	return append(b, p...)
}

// deflated compresses p with a dictionary and ends it with a sync flush, not finally.
func deflated(t testing.TB, p, dict []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := flate.NewWriterDict(&buf, 6, dict)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(p); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// Streams that look like ours and are not must be read as gunzip reads them.
func TestGunzipFalseMarkers(t *testing.T) {
	a, b := noise(100_000, 13), noise(100_000, 14)
	ab := append(bytes.Clone(a), b...)
	ours := func(p []byte) []byte { return append(deflated(t, p, nil), blockEnd[4:]...) }
	marked := func(before, after int) []byte { // data with a marker in it
		return append(append(noise(before, 15), blockEnd...), noise(after, 16)...)
	}
	many := bytes.Repeat(stored(false, nil), 1000)
	tests := []struct {
		name     string
		deflated []byte
		plain    []byte
	}{
		{"marker in a stored block", append(stored(false, marked(100, 100)), finalBlock...), marked(100, 100)},
		{"marker in a final stored block", stored(true, marked(100, 100)), marked(100, 100)},
		{"marker in a final stored block, then as long as a final block", stored(true, marked(100, 5)), marked(100, 5)},
		{"marker begins a stored block", append(stored(false, marked(0, 9)), finalBlock...), marked(0, 9)},
		{"marker ends a stored block", append(stored(false, marked(9, 0)), finalBlock...), marked(9, 0)},
		{"marker ends the final stored block", stored(true, marked(9, 0)), marked(9, 0)},
		{"markers alone", append(bytes.Clone(many), finalBlock...), nil},
		{"markers in a stored block", append(stored(false, many), finalBlock...), many},
		{"after blocks of ours", append(append(ours(a), stored(false, marked(70, 7))...), finalBlock...), append(bytes.Clone(a), marked(70, 7)...)},
		{"refers to the block before", append(append(ours(a), append(deflated(t, ab, a), blockEnd[4:]...)...), finalBlock...), append(bytes.Clone(a), ab...)},
		{"refers to the block before, late", append(append(append(ours(b), ours(a)...), append(deflated(t, a, a), blockEnd[4:]...)...), finalBlock...), append(append(bytes.Clone(b), a...), a...)},
		{"larger than ours", append(ours(make([]byte, 3*blockSize)), finalBlock...), make([]byte, 3*blockSize)},
		{"one byte larger than ours", append(ours(make([]byte, blockSize+1)), finalBlock...), make([]byte, blockSize+1)},
		{"no block", []byte(finalBlock), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			packed := member(tt.deflated, tt.plain)
			if want, err := stdGunzip(packed); err != nil || !bytes.Equal(want, tt.plain) {
				t.Fatalf("the test is wrong: %v", err)
			}
			for _, packed := range [][]byte{packed, append(bytes.Clone(packed), ourGzip(t, b)...)} {
				want, err := stdGunzip(packed)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := gunzip(packed); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%d bytes, want %d: %v", len(got), len(want), err)
				}
			}
		})
	}
}

func TestGunzipMembers(t *testing.T) {
	a, b := noise(blockSize+5, 17), noise(3000, 18)
	members := map[string][]byte{
		"ours a": ourGzip(t, a), "ours b": ourGzip(t, b), "ours empty": ourGzip(t, nil),
		"foreign a": gzipped(t, a), "foreign b": gzipped(t, b), "foreign empty": gzipped(t, nil),
	}
	for first, p := range members {
		for second, q := range members {
			packed := append(append(append([]byte{}, p...), q...), members["ours b"]...)
			want, err := stdGunzip(packed)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := gunzip(packed); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s, %s: %d bytes, want %d: %v", first, second, len(got), len(want), err)
			}
		}
	}
}

// Wherever a stream is cut, the end is unexpected; whatever was read is right.
func TestGunzipTruncated(t *testing.T) {
	plain, second := noise(150, 19), noise(20, 20)
	for name, packed := range map[string][]byte{
		"ours":    ourGzip(t, plain),
		"foreign": gzipped(t, plain),
		"two":     append(ourGzip(t, plain), gzipped(t, second)...),
	} {
		want, err := gunzip(packed)
		if err != nil {
			t.Fatal(err)
		}
		for n := range packed {
			if name == "two" && n == len(ourGzip(t, plain)) {
				continue // whole as it is
			}
			got, err := gunzip(packed[:n])
			if !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, ErrVerify) {
				t.Errorf("%s cut at %d of %d: %v, want io.ErrUnexpectedEOF", name, n, len(packed), err)
			}
			if !bytes.HasPrefix(want, got) {
				t.Errorf("%s cut at %d: wrong bytes", name, n)
			}
		}
	}
}

// A flipped bit is noticed, but in the header, where some mean nothing.
func TestGunzipFlipped(t *testing.T) {
	plain := noise(200, 21)
	for name, packed := range map[string][]byte{"ours": ourGzip(t, plain), "foreign": gzipped(t, plain)} {
		for i := range packed {
			bad := bytes.Clone(packed)
			bad[i] ^= 1 << (i % 8)
			got, err := gunzip(bad)
			want, wantErr := stdGunzip(bad)
			if (err == nil) != (wantErr == nil) || err == nil && !bytes.Equal(got, want) {
				t.Errorf("%s, byte %d: %d bytes: %v; compress/gzip says %v", name, i, len(got), err, wantErr)
			}
			if err != nil && !errors.Is(err, ErrVerify) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s, byte %d: %v is neither ErrVerify nor io.ErrUnexpectedEOF", name, i, err)
			}
		}
	}
}

func TestGunzipBadTrailer(t *testing.T) {
	plain := noise(5000, 22)
	for name, packed := range map[string][]byte{"ours": ourGzip(t, plain), "foreign": gzipped(t, plain)} {
		for tail, edit := range map[string]func(p []byte) []byte{
			"checksum":     func(p []byte) []byte { p[len(p)-8] ^= 1; return p },
			"length":       func(p []byte) []byte { p[len(p)-1] ^= 1; return p },
			"junk":         func(p []byte) []byte { return append(p, "junk and more junk"...) },
			"a byte":       func(p []byte) []byte { return append(p, 0) },
			"zero padding": func(p []byte) []byte { return append(p, make([]byte, 512)...) },
		} {
			got, err := gunzip(edit(bytes.Clone(packed)))
			if tail == "a byte" && errors.Is(err, io.ErrUnexpectedEOF) {
				continue
			}
			if !errors.Is(err, ErrVerify) {
				t.Errorf("%s, %s: %d bytes: %v, want ErrVerify", name, tail, len(got), err)
			}
		}
	}
}

// An error of the source is handed on as it is, and stays.
func TestGunzipSourceError(t *testing.T) {
	boom := errors.New("boom")
	for _, packed := range [][]byte{ourGzip(t, noise(3*blockSize, 23)), gzipped(t, noise(blockSize, 24))} {
		for _, n := range []int{0, 1, 10, 11, len(packed) / 2, len(packed) - 1, len(packed)} {
			src := io.MultiReader(bytes.NewReader(packed[:n]), iotest.ErrReader(boom))
			z := newGzipReader(src, 2)
			_, err := io.ReadAll(z)
			if !errors.Is(err, boom) || errors.Is(err, ErrVerify) {
				t.Errorf("after %d bytes: %v, want %v", n, err, boom)
			}
			if _, again := z.Read(make([]byte, 1)); again != err {
				t.Errorf("after %d bytes: %v, then %v", n, err, again)
			}
			z.Close()
		}
	}
}

// Closing early ends all goroutines, however much was read.
func TestGzipReaderClose(t *testing.T) {
	plain := noise(20*blockSize, 25)
	for name, packed := range map[string][]byte{"ours": ourGzip(t, plain), "foreign": gzipped(t, plain)} {
		for _, n := range []int64{0, 1, blockSize, 5*blockSize + 1, int64(len(plain))} {
			t.Run(fmt.Sprint(name, n), func(t *testing.T) {
				noLeak(t, func(t *testing.T) {
					z := newGzipReader(bytes.NewReader(packed), 3)
					if _, err := io.CopyN(io.Discard, z, n); err != nil {
						t.Error(err)
					}
					if err := z.Close(); err != nil {
						t.Error(err)
					}
				})
			})
		}
	}
}
