package diskimg

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"testing"
)

// Every level gives zlib streams that come back, of bounded length, that depend on nothing that was compressed
// before.
func TestGrainDeflater(t *testing.T) {
	grains := map[string][]byte{
		"noise":     noise(vmdkGrainSize, 1),
		"one byte":  bytes.Repeat([]byte{7}, vmdkGrainSize),
		"short":     noise(SectorSize, 2),
		"two steps": noise(deflateStep+1, 3),
		"a program": program(t)[1<<20:][:vmdkGrainSize],
		"the end":   append(make([]byte, vmdkGrainSize-1), 1),
	}
	for level := 1; level <= 9; level++ {
		used, err := newGrainDeflater(level)
		if err != nil {
			t.Fatal(err)
		}
		for name, data := range grains {
			t.Run(fmt.Sprintf("level %d/%s", level, name), func(t *testing.T) {
				fresh, err := newGrainDeflater(level)
				if err != nil {
					t.Fatal(err)
				}
				want, err := fresh.appendGrain(nil, data, 5)
				if err != nil {
					t.Fatal(err)
				}
				got, err := used.appendGrain([]byte("before"), data, 5)
				if err != nil || !bytes.Equal(got, append([]byte("before"), want...)) {
					t.Errorf("a used compressor makes %d bytes, a fresh one %d: %v", len(got)-6, len(want), err)
				}
				if len(want)%SectorSize != 0 || len(want) > maxCompressedGrain {
					t.Errorf("%d bytes", len(want))
				}
				checkInflates(t, want[grainHeaderSize:], data)
			})
		}
	}
}

func checkInflates(t *testing.T, p, want []byte) {
	t.Helper()
	z, err := zlib.NewReader(bytes.NewReader(p))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, want) {
		t.Errorf("it inflates to %d bytes, %v, want %d", len(got), err, len(want))
	}
}
