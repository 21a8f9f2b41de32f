package store

import (
	"fmt"
	"testing"
)

// Whatever the size, the parts are enough for it, and none is too short or too long.
func TestPlanFits(t *testing.T) {
	for _, most := range []int64{0, 1, 5 << 20, 1 << 30, 50 << 30, 78 << 30, 79 << 30, 1 << 40, 2040 << 30, MaxObject - 1, MaxObject} {
		for _, known := range []bool{true, false} {
			for _, first := range []int64{0, minPart, 300 << 20} { // the length of part 1 if it is held back
				t.Run(fmt.Sprintf("%d %v %d", most, known, first), func(t *testing.T) {
					p := plan{most: most, known: known}
					number, off := 1, int64(0)
					if first > 0 {
						number, off = 2, first
					}
					for ; off < most; number++ {
						n := p.part(number, off)
						if number > maxParts || n < firstPart || n > maxPart || n%(1<<20) != 0 {
							t.Fatalf("part %d at %d has %d bytes", number, off, n)
						}
						off += n
					}
				})
			}
		}
	}
}

// The doc comment of Upload promises these.
func TestPlanMemory(t *testing.T) {
	tests := []struct {
		plan plan
		upTo int64 // bytes of the object
		want int64 // the longest part until there
	}{
		{plan{most: MaxObject}, 7 << 30, 8 << 20},
		{plan{most: MaxObject}, 50 << 30, 11 << 20},
		{plan{most: MaxObject}, 100 << 30, 88 << 20},
		{plan{most: MaxObject}, 1 << 40, 1408 << 20},
		{plan{most: 64 << 30}, 64 << 30, 8 << 20},
		{plan{most: 200 << 30}, 200 << 30, 32 << 20},
		{plan{most: 2 << 40}, 2 << 40, 755 << 20},
		{plan{most: 64 << 30, known: true}, 64 << 30, 8 << 20},
		{plan{most: 1 << 40, known: true}, 1 << 40, 105 << 20},
	}
	for _, tt := range tests {
		longest := int64(0)
		for number, off := 1, int64(0); off < tt.upTo; number++ {
			n := tt.plan.part(number, off)
			longest, off = max(longest, n), off+n
		}
		if longest != tt.want {
			t.Errorf("%+v: up to %d bytes parts have up to %d bytes, want %d", tt.plan, tt.upTo, longest, tt.want)
		}
	}
}
