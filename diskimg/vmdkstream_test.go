package diskimg

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

// Two grains of the first 32 MiB, none of the next, the short last one of the third.
func streamExample() ([]byte, []Extent) {
	extents := []Extent{{0, 100}, {3 * vmdkGrainSize, vmdkGrainSize}, {2*vmdkGTCoverage + vmdkGrainSize, 1536}}
	return sparseContent(2*vmdkGTCoverage+vmdkGrainSize+1536, extents...), extents
}

func TestStreamLayout(t *testing.T) {
	content, extents := streamExample()
	image := writeVMDK(t, content, extents, &CreateOptions{Format: VMDK, Rand: fixedRand(1), Name: "a.vmdk"})
	s := &sectorReader{t: t, image: image}

	header := vmdkHeader{
		Magic: [4]byte{'K', 'D', 'M', 'V'}, Version: 3, Flags: 0x30001,
		Capacity: uint64(len(content) / 512), GrainSize: 128, DescriptorOffset: 1, DescriptorSize: 20,
		NumGTEsPerGT: 512, GDOffset: 1<<64 - 1, OverHead: 128,
		NewlineTest: [4]byte{'\n', ' ', '\r', '\n'}, Compression: 1,
	}
	s.equal("header", header.bytes())
	descriptor := s.next(20)
	if !bytes.HasPrefix(descriptor, []byte("# Disk DescriptorFile\nversion=1\n")) {
		t.Errorf("descriptor: %.40q", descriptor)
	}
	s.equal("up to the first grain", make([]byte, (128-21)*512))

	var tables [3][512]uint32
	tables[0][0] = s.grain(0, content[:65536])
	tables[0][3] = s.grain(3*128, content[3*65536:4*65536])
	var directory [128]uint32
	directory[0] = s.table(&tables[0])
	tables[2][1] = s.grain(2*512*128+128, content[len(content)-1536:])
	directory[2] = s.table(&tables[2])

	s.equal("marker", marker(1, 2))
	header.GDOffset = uint64(s.at)
	s.equal("grain directory", packed(&directory))
	s.equal("marker", marker(1, 3))
	s.equal("footer", header.bytes())
	s.equal("end of stream", make([]byte, 512))
	if s.at*512 != len(image) {
		t.Errorf("%d bytes follow the end of stream", len(image)-s.at*512)
	}
}

// A sectorReader reads an image from one end to the other.
type sectorReader struct {
	t     *testing.T
	image []byte
	at    int // sector
}

func (s *sectorReader) next(sectors int) []byte {
	s.t.Helper()
	if (s.at+sectors)*512 > len(s.image) {
		s.t.Fatalf("the image ends before sector %d", s.at+sectors)
	}
	p := s.image[s.at*512:][:sectors*512]
	s.at += sectors
	return p
}

func (s *sectorReader) equal(what string, want []byte) {
	s.t.Helper()
	at := s.at
	if diff := cmp.Diff(want, s.next(len(want)/512)); diff != "" {
		s.t.Errorf("%s at sector %d: %s", what, at, diff)
	}
}

// grain reads a compressed grain and returns its sector.
func (s *sectorReader) grain(lba uint64, want []byte) uint32 {
	s.t.Helper()
	at := s.at
	p := s.image[at*512:]
	size := int(binary.LittleEndian.Uint32(p[8:]))
	z, err := zlib.NewReader(bytes.NewReader(p[12 : 12+size]))
	if err != nil {
		s.t.Fatal(err)
	}
	got, err := io.ReadAll(z)
	if err != nil || !bytes.Equal(got, want) || binary.LittleEndian.Uint64(p) != lba {
		s.t.Errorf("grain at sector %d: %d bytes, lba %d, %v", at, len(got), binary.LittleEndian.Uint64(p), err)
	}
	sectors := s.next((12 + size + 511) / 512)
	if pad := sectors[12+size:]; !bytes.Equal(pad, make([]byte, len(pad))) {
		s.t.Errorf("grain at sector %d: its padding is not zero", at)
	}
	return uint32(at)
}

// table reads a marker and a grain table and returns the table's sector.
func (s *sectorReader) table(entries *[512]uint32) uint32 {
	s.t.Helper()
	s.equal("marker", marker(4, 1))
	at := s.at
	s.equal("grain table", packed(entries))
	return uint32(at)
}

func marker(sectors uint64, kind uint32) []byte {
	p := make([]byte, 512)
	binary.LittleEndian.PutUint64(p, sectors)
	binary.LittleEndian.PutUint32(p[12:], kind)
	return p
}

func TestStreamWorkers(t *testing.T) {
	content := program(t)[:5<<20+512]
	extents := []Extent{{0, 1 << 20}, {1<<20 + 70000, 2 << 20}, {4 << 20, 1<<20 + 512}}
	copy(content[1<<20:], make([]byte, 70000))
	copy(content[3<<20+70000:4<<20], make([]byte, 1<<20))
	var first []byte
	for _, workers := range []int{1, 2, 7, 64} {
		for _, mapped := range [][]Extent{nil, extents} {
			o := &CreateOptions{Format: VMDK, Rand: fixedRand(1), Workers: workers, Map: mapped}
			image := writeVMDK(t, content, extents, o)
			if first == nil {
				first = image
			}
			if !bytes.Equal(image, first) {
				t.Errorf("with %d workers the image is another", workers)
			}
		}
	}
}

var errTarget = errors.New("no space left")

// A failingTarget takes some bytes, then calls fail and takes no more.
type failingTarget struct {
	nullTarget
	room int64
	fail func()
}

func (f *failingTarget) WriteAt(p []byte, off int64) (int, error) {
	if f.n+int64(len(p)) > f.room {
		f.fail()
		return 0, errTarget
	}
	return f.nullTarget.WriteAt(p, off)
}

// Whatever ends it, nothing is left running: synctest sees to that.
func TestStreamEnds(t *testing.T) {
	content := noise(6<<20, 1)
	source := func() *sliceSource {
		return &sliceSource{content: content, extents: []Extent{{0, int64(len(content))}}}
	}
	opts := &CreateOptions{Format: VMDK, Workers: 3, Level: 1}
	for _, room := range []int64{0, 64 << 10, 1 << 20, 5 << 20} {
		synctest.Test(t, func(t *testing.T) {
			target := &failingTarget{room: room, fail: func() {}}
			err := CopyFrom(t.Context(), target, source(), int64(len(content)), opts)
			if !errors.Is(err, errTarget) {
				t.Errorf("target fails after %d bytes: %v", room, err)
			}
		})
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			target := &failingTarget{room: room, fail: func() { cancel(io.ErrClosedPipe) }}
			err := CopyFrom(ctx, target, source(), int64(len(content)), opts)
			if !errors.Is(err, errTarget) && !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("cancelled after %d bytes: %v", room, err)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		w, err := Create(t.Context(), new(nullTarget), int64(len(content)), opts)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.WriteAt(content[:3<<20], 0); err != nil {
			t.Fatal(err)
		}
		w.Close() // in the middle
	})
}

func TestStreamCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	e := newStreamEncoder(ctx, new(nullTarget), 1<<30, &CreateOptions{Workers: 2, Level: 1, Rand: fixedRand(1)})
	defer e.close()
	cancel(io.ErrClosedPipe)
	if err := e.write(noise(vmdkGrainSize, 1), 0); err != nil {
		t.Fatal(err)
	}
	if err := e.finish(); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("finish after cancel: %v", err)
	}
}

func TestStreamTooLong(t *testing.T) {
	length, err := endsAt(t, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	length -= 1 << 20
	if end, err := endsAt(t, maxVMDKExtent-length); err != nil || end != maxVMDKExtent {
		t.Errorf("a file of 2 TiB: %v, %d bytes", err, end)
	}
	for name, left := range map[string]int64{"grain": 1024, "table": length - 5*512, "footer": length - 512} {
		if _, err := endsAt(t, maxVMDKExtent-left); !errors.Is(err, errVMDKTooLong) {
			t.Errorf("%s, %d bytes before the end: %v", name, left, err)
		}
	}
}

// endsAt returns where a file ends whose only grain is written at off.
func endsAt(t *testing.T, off int64) (int64, error) {
	t.Helper()
	e := newStreamEncoder(t.Context(), new(nullTarget), 1<<30, &CreateOptions{Workers: 1, Level: 1, Rand: fixedRand(1)})
	defer e.close()
	if err := e.out.flush(); err != nil {
		t.Fatal(err)
	}
	e.out.end = off
	if err := e.write(noise(vmdkGrainSize, 1), 0); err != nil {
		t.Fatal(err)
	}
	err := e.finish()
	return e.out.end, err
}

func TestStreamRandFails(t *testing.T) {
	for kind, how := range writtenKinds() {
		o := how.options(nil)
		o.Rand = strings.NewReader("too short")
		err := CopyFrom(t.Context(), new(nullTarget), &sliceSource{}, 512, o)
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
