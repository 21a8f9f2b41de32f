package bundle

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"testing"

	"amiforge/internal/sparse"
)

// FuzzTar reads anything as an archive: no panic, no memory beyond what the input pays for, and a map that is
// right wherever one is accepted.
func FuzzTar(f *testing.F) {
	data := noise(1000, 50)
	f.Add(blocks(tarHead("image", '0', 1000, nil), data))
	f.Add(blocks(oldSparse(8192, 1000, Extent{0, 512}, Extent{4096, 488}), data))
	f.Add(append(tarHeader("image", 30<<20, everyOther(30, 1<<20, 0)), blocks()...))
	f.Add(blocks(paxHeader('x', "GNU.sparse.size=8192", "GNU.sparse.map=0,512,4096,488"), tarHead("image", '0', 1000, nil), data))
	f.Add(blocks(paxHeader('x', "GNU.sparse.size=8192", "GNU.sparse.offset=4096", "GNU.sparse.numbytes=1000"), tarHead("image", '0', 1000, nil), data))
	f.Add(blocks(paxHeader('g', "comment=x"), paxHeader('x', "GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.realsize=8192"),
		tarHead("image", '0', 1512, nil), []byte("1\n4096\n1000\n"), data))
	f.Add(append(tarHeader(string(bytes.Repeat([]byte("n"), 200)), 1000, []Extent{{0, 1000}}), blocks(data)...))
	f.Fuzz(func(t *testing.T, archive []byte) {
		before := allocatedBytes()
		for _, p := range [][]byte{archive, resealed(archive)} {
			fuzzTar(t, p)
		}
		if got := allocatedBytes() - before; got > 4<<20+100*uint64(len(archive)) {
			t.Errorf("%d bytes of input made %d of memory", len(archive), got)
		}
	})
}

// resealed sets the checksum of each block, so that the fuzzer need not find it.
func resealed(archive []byte) []byte {
	p := bytes.Clone(archive)
	for i := 0; i+tarBlock <= len(p) && p[i] != 0; i += tarBlock {
		sealTar(p[i : i+tarBlock])
	}
	return p
}

func fuzzTar(t *testing.T, archive []byte) {
	m, data, err := readTar(bytes.NewReader(archive))
	if err != nil && !errors.Is(err, ErrVerify) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v is neither ErrVerify nor io.ErrUnexpectedEOF", err)
	}
	if m == nil {
		return
	}
	var end int64
	for _, e := range m.extents {
		if e.Length <= 0 || e.Offset < end || e.End() < e.Offset || e.End() > m.size {
			t.Fatalf("extent %v after %d in %d bytes", e, end, m.size)
		}
		end = e.End()
	}
	if sparse.Length(m.extents) != m.stored || err == nil && int64(len(data)) != m.stored {
		t.Errorf("%d bytes in extents, %d stored, %d read", sparse.Length(m.extents), m.stored, len(data))
	}
}

// FuzzGzip holds our reader of gzip against that of the standard library.
func FuzzGzip(f *testing.F) {
	plain := noise(600, 51)
	f.Add(ourGzip(f, plain))
	f.Add(ourGzip(f, nil))
	f.Add(gzipped(f, plain))
	f.Add(append(ourGzip(f, plain), ourGzip(f, plain)...))
	f.Add(member(append(deflated(f, plain, nil), append([]byte(blockEnd[4:]), stored(true, []byte("xx"+blockEnd+"12345"))...)...), nil))
	f.Fuzz(func(t *testing.T, packed []byte) {
		want, wantErr := stdGunzip(packed)
		got, err := gunzip(packed)
		switch {
		case len(want) > 64<<20:
			t.Skip("too long")
		case wantErr == nil && err == nil && !bytes.Equal(got, want):
			t.Errorf("%d bytes, compress/gzip reads %d", len(got), len(want))
		case errors.Is(err, errQuit):
			t.Error(err)
		case wantErr == nil && errors.Is(err, gzip.ErrHeader):
			t.Log("reserved flags in a header, which gzip refuses too")
		case (err == nil) != (wantErr == nil):
			t.Errorf("%v, compress/gzip says %v", err, wantErr)
		}
	})
}

// FuzzBundle changes a whole bundle's archive anywhere: what is extracted is the image or an error.
func FuzzBundle(f *testing.F) {
	image := noise(3000, 52)
	f.Add(0, byte(1))
	f.Add(3000, byte(0x80))
	archive := ourGzip(f, ourTar(f, image))
	f.Fuzz(func(t *testing.T, at int, flip byte) {
		bad := bytes.Clone(archive)
		bad[uint(at)%uint(len(bad))] ^= flip
		got, err := foreign{tar: ourTar(t, image), gz: bad, size: int64(len(image))}.extract(t)
		if err == nil && !bytes.Equal(got, image) {
			t.Error("another image was extracted without an error")
		}
		if err != nil && !errors.Is(err, ErrVerify) {
			t.Errorf("%v is not ErrVerify", err)
		}
	})
}

// FuzzScan holds the pass for zero blocks, and the joining of extents, against the bytes themselves.
func FuzzScan(f *testing.F) {
	f.Add([]byte{0, 1, 0, 0, 7}, 9000)
	f.Add([]byte{0}, 1)
	f.Fuzz(func(t *testing.T, pattern []byte, size int) {
		if size < 1 || size > 4<<20 || len(pattern) == 0 {
			t.Skip()
		}
		p := make([]byte, size)
		for i := range p {
			p[i] = pattern[i/4096%len(pattern)]
		}
		extents, err := sparse.Scan[Extent](t.Context(), bytes.NewReader(p), int64(size), extentAlign)
		if err != nil {
			t.Fatal(err)
		}
		im := NewImage(nil, int64(size), coalesce(extents, int64(size), 3))
		q := make([]byte, size)
		for _, e := range im.extents {
			copy(q[e.Offset:e.End()], p[e.Offset:])
		}
		if err := im.checkMap(); err != nil || !bytes.Equal(p, q) {
			t.Errorf("data lies in what should be holes: %v", err)
		}
	})
}
