package diskimg

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFlatContentExtents(t *testing.T) {
	raw := &rawImage{size: 100, data: []Extent{{0, 10}, {20, 10}, {30, 10}, {60, 40}}}
	tests := []struct {
		name string
		in   Extent
		want []Extent
	}{
		{"all", Extent{0, 100}, []Extent{{0, 10}, {20, 10}, {30, 10}, {60, 40}}},
		{"nothing", Extent{25, 0}, nil},
		{"a hole", Extent{10, 10}, nil},
		{"to a border", Extent{5, 15}, []Extent{{0, 5}}},
		{"from a border", Extent{30, 30}, []Extent{{0, 10}}},
		{"both cut", Extent{29, 32}, []Extent{{0, 1}, {1, 10}, {31, 1}}},
		{"within one", Extent{70, 20}, []Extent{{0, 20}}},
		{"the end", Extent{99, 1}, []Extent{{0, 1}}},
		{"behind the end", Extent{100, 0}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []Extent
			for e, err := range (&flatContent{raw, tt.in}).extents() {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, e)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
