package diskimg

import (
	"slices"
	"strings"
	"testing"
)

// TestMapRefused has maps that no disk of 1 MiB has, whatever it becomes.
func TestMapRefused(t *testing.T) {
	for name, m := range map[string][]Extent{
		"negative":   {{-1, 5}},
		"length":     {{5, -1}},
		"overlap":    {{0, 10}, {9, 1}},
		"descending": {{100, 1}, {0, 1}},
		"behind":     {{1 << 20, 1}},
		"too long":   {{0, 1<<20 + 1}},
		"overflow":   {{1, 1<<63 - 1}},
	} {
		for kind, o := range map[string]CreateOptions{
			"raw": {Format: RAW}, "fixed": {Format: VHD, Subformat: Fixed}, "dynamic": {Format: VHD, Subformat: Dynamic},
			"stream": {Format: VMDK, Subformat: StreamOptimized}, "sparse": {Format: VMDK, Subformat: MonolithicSparse},
		} {
			t.Run(kind+"/"+name, func(t *testing.T) {
				o.Map = m
				if _, err := o.Layout(1 << 20); err == nil || !strings.Contains(err.Error(), "the map has") {
					t.Error(err)
				}
			})
		}
	}
}

func TestDiskMap(t *testing.T) {
	content := sparseContent(5<<20+100, Extent{5, 10}, Extent{2<<20 - 1, 2}, Extent{5 << 20, 3})
	tests := []struct {
		unit int64
		want []Extent
	}{
		{2 << 20, []Extent{{0, 5<<20 + 100}}},
		{1 << 20, []Extent{{0, 3 << 20}, {5 << 20, 100}}},
		{64 << 10, []Extent{{0, 64 << 10}, {2<<20 - 64<<10, 128 << 10}, {5 << 20, 100}}},
	}
	for _, tt := range tests {
		got, err := openBytes(t, content).Map(t.Context(), tt.unit)
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("unit %d: %v, %v, want %v", tt.unit, got, err, tt.want)
		}
	}
}
