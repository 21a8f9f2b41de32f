package diskimg

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestSparseLayout(t *testing.T) {
	extents := []Extent{{0, 100}, {3 * vmdkGrainSize, vmdkGrainSize}, {2*vmdkGTCoverage + vmdkGrainSize, 1536}}
	content := sparseContent(2*vmdkGTCoverage+vmdkGrainSize+1536, extents...)
	o := &CreateOptions{Format: VMDK, Subformat: MonolithicSparse, Rand: fixedRand(1)}
	image := writeVMDK(t, content, extents, o)
	s := &sectorReader{t: t, image: image}
	s.equal("header", (&vmdkHeader{
		Magic: [4]byte{'K', 'D', 'M', 'V'}, Version: 1, Flags: 3,
		Capacity: uint64(len(content) / 512), GrainSize: 128, DescriptorOffset: 1, DescriptorSize: 20,
		NumGTEsPerGT: 512, RGDOffset: 21, GDOffset: 34, OverHead: 128, NewlineTest: [4]byte{'\n', ' ', '\r', '\n'},
	}).bytes())
	s.next(20)

	var tables [3][512]uint32
	tables[0][0], tables[0][3], tables[2][1] = 128, 256, 384
	for _, gt := range []uint32{22, 35} {
		s.equal("grain directory", packed(&[128]uint32{gt, gt + 4, gt + 8}))
		s.equal("grain tables", packed(&tables))
	}
	s.equal("up to the first grain", make([]byte, (128-47)*512))
	s.equal("grain 0", content[:65536])
	s.equal("grain 3", content[3*65536:4*65536])
	last := make([]byte, 65536)
	copy(last, content[2*vmdkGTCoverage+65536:])
	s.equal("the last grain", last)
	if s.at*512 != len(image) {
		t.Errorf("%d bytes follow the last grain", len(image)-s.at*512)
	}

	o.Map = extents
	if !bytes.Equal(writeVMDK(t, content, extents, o), image) {
		t.Error("with a map the image is another")
	}
}

// What the map touches is there, and zero where nothing comes.
func TestSparseMap(t *testing.T) {
	content := sparseContent(3<<20, Extent{1 << 20, 10})
	o := &CreateOptions{
		Format: VMDK, Subformat: MonolithicSparse, Rand: fixedRand(1),
		Map: []Extent{{5, 0}, {10, 70000}, {70010, 100}, {1 << 20, 1 << 20}, {3<<20 - 1, 1}},
	}
	image := writeVMDK(t, content, []Extent{{1 << 20, 10}}, o)
	if want := 1<<16 + (2+16+1)<<16; len(image) != want {
		t.Errorf("%d bytes, want %d", len(image), want)
	}
	if compareBytes(t, readVMDK(t, image), content) != -1 {
		t.Error("the content is another")
	}
	err := CopyFrom(t.Context(), new(nullTarget), &sliceSource{noise(3<<20, 1), []Extent{{2 << 20, 5}}, nil}, 3<<20, o)
	if err == nil || !strings.Contains(err.Error(), "data at byte 2097152, where the map has none") {
		t.Errorf("data outside the map: %v", err)
	}
}

// readVMDK returns the content of an image.
func readVMDK(t *testing.T, image []byte) []byte {
	t.Helper()
	d, err := Open(bytes.NewReader(image), int64(len(image)), &OpenOptions{Format: VMDK})
	if err != nil {
		t.Fatal(err)
	}
	content := make([]byte, d.Size())
	if _, err := d.ReadAt(content, 0); err != nil {
		t.Fatal(err)
	}
	return content
}

func TestSparseMapRefused(t *testing.T) {
	const tib = 1 << 40
	for name, m := range map[string][]Extent{
		"one":     {{0, 2 * tib}},
		"several": {{0, tib}, {2 * tib, tib}},
		"head":    {{0, 2*tib - 256<<20}},
	} {
		o := &CreateOptions{Format: VMDK, Subformat: MonolithicSparse, Map: m}
		if _, err := o.Layout(3 * tib); !errors.Is(err, errVMDKTooLong) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSparseTooLong(t *testing.T) {
	e := newSparseEncoder(new(nullTarget), newSparseLayout(1<<20), grainMap{}, &CreateOptions{Rand: fixedRand(1)})
	e.out.end = maxVMDKExtent - 2*vmdkGrainSize
	p := noise(2*vmdkGrainSize, 1)
	if err := e.write(p, 0); err != nil {
		t.Errorf("up to the end: %v", err)
	}
	if err := e.write(p[:vmdkGrainSize], 2*vmdkGrainSize); !errors.Is(err, errVMDKTooLong) {
		t.Errorf("behind the end: %v", err)
	}
}

// A sparse image takes whole grains as they come, in one call.
func TestSparseCalls(t *testing.T) {
	target := newSparseTarget(t, newSparseLayout(8<<20).overHead)
	w, err := Create(t.Context(), target, 8<<20, &CreateOptions{Format: VMDK, Subformat: MonolithicSparse})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.WriteAt(noise(4<<20, 1), 1<<20); err != nil {
		t.Fatal(err)
	}
	if target.calls != 1 || target.written != 4<<20 {
		t.Errorf("%d bytes in %d calls", target.written, target.calls)
	}
}

func TestSparseTargetFails(t *testing.T) {
	content := noise(1<<20, 1)
	extents := []Extent{{0, 1 << 20}}
	for _, room := range []int64{0, 64 << 10, 512 << 10, 1 << 20} {
		for kind, how := range writtenKinds() {
			target := &failingTarget{room: room, fail: func() {}}
			err := CopyFrom(t.Context(), target, &sliceSource{content, extents, nil}, 1<<20, how.options(extents))
			if !errors.Is(err, errTarget) {
				t.Errorf("%s, after %d bytes: %v", kind, room, err)
			}
		}
	}
}
