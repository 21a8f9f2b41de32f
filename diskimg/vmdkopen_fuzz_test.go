package diskimg

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// FuzzOpenVMDK looks for panics, for reading that disagrees with itself, and for errors of the wrong kind.
func FuzzOpenVMDK(f *testing.F) {
	for _, name := range []string{"m11-sparse-gde0.vmdk", "m03-openvmdk-stream.vmdk", streamVector, "n27-cowd.vmdk"} {
		f.Add(unpackVector(f, name))
	}
	f.Add([]byte(splitText("monolithicFlat", `RW 1 FLAT "x" 0`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		before := allocated()
		im, err := openVMDK(bytes.NewReader(b), int64(len(b)), nil)
		if used := allocated() - before; used > 8<<20+8*uint64(len(b)) {
			t.Errorf("opening %d bytes takes %d", len(b), used)
		}
		if err != nil {
			checkFuzzed(t, err)
			return
		}
		fuzzRead(t, im)
	})
}

// fuzzRead reads the first data of an image, and a part of it again.
func fuzzRead(t *testing.T, im image) {
	_ = im.check(t.Context())
	for e, err := range im.extents() {
		if err != nil {
			t.Fatal(err)
		}
		p := make([]byte, min(e.Length, 256<<10))
		if err := im.readAt(p, e.Offset); err != nil {
			checkFuzzed(t, err)
			return
		}
		part := make([]byte, min(777, len(p)))
		if err := im.readAt(part, e.Offset); err != nil || !bytes.Equal(part, p[:len(part)]) {
			t.Errorf("a part of it differs: %v", err)
		}
		return
	}
}

func checkFuzzed(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, ErrDamaged) {
		t.Errorf("%v: it was read beyond the end of the file", err)
	}
	if _, ok := errors.AsType[*Error](err); !ok {
		t.Errorf("%v: no Error", err)
	}
}
