package auditimage

import (
	"errors"
	"iter"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiforge/diskimg"
)

func TestOverlap(t *testing.T) {
	tests := []struct {
		name          string
		extents, data []diskimg.Extent
		start         int64
		want          []diskimg.Extent
	}{
		{"nothing", nil, nil, 0, nil},
		{"no data", []diskimg.Extent{{Length: 10}}, nil, 0, nil},
		{"no extents", nil, []diskimg.Extent{{Length: 10}}, 0, nil},
		{"all", []diskimg.Extent{{Length: 10}}, []diskimg.Extent{{Length: 100}}, 0, []diskimg.Extent{{Length: 10}}},
		{"several in one", []diskimg.Extent{{Offset: 1, Length: 2}, {Offset: 5, Length: 2}}, []diskimg.Extent{{Length: 100}}, 0, []diskimg.Extent{{Offset: 1, Length: 2}, {Offset: 5, Length: 2}}},
		{"one in several", []diskimg.Extent{{Length: 10}}, []diskimg.Extent{{Offset: 1, Length: 2}, {Offset: 5, Length: 50}}, 0, []diskimg.Extent{{Offset: 1, Length: 2}, {Offset: 5, Length: 5}}},
		{"across", []diskimg.Extent{{Length: 4}, {Offset: 6, Length: 4}}, []diskimg.Extent{{Offset: 2, Length: 5}, {Offset: 9, Length: 9}}, 0, []diskimg.Extent{{Offset: 2, Length: 2}, {Offset: 6, Length: 1}, {Offset: 9, Length: 1}}},
		{"in a partition", []diskimg.Extent{{Length: 4}, {Offset: 6, Length: 4}}, []diskimg.Extent{{Offset: 90, Length: 12}, {Offset: 107, Length: 1}}, 100, []diskimg.Extent{{Length: 2}, {Offset: 7, Length: 1}}},
		{"any order", []diskimg.Extent{{Offset: 8, Length: 4}, {Length: 3}}, []diskimg.Extent{{Length: 2}, {Offset: 9, Length: 1}}, 0, []diskimg.Extent{{Offset: 9, Length: 1}, {Length: 2}}},
		{"neighbours", []diskimg.Extent{{Offset: 1, Length: 8}}, []diskimg.Extent{{Length: 4}, {Offset: 4, Length: 4}}, 0, []diskimg.Extent{{Offset: 1, Length: 7}}},
		{"side by side", []diskimg.Extent{{Length: 4}}, []diskimg.Extent{{Offset: 4, Length: 4}}, 0, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []diskimg.Extent
			for e, err := range overlap(list(tt.extents, nil), list(tt.data, nil), tt.start) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, e)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// An error of either is the last.
func TestOverlapError(t *testing.T) {
	broken := errors.New("broken")
	one := []diskimg.Extent{{Length: 4}}
	for name, seq := range map[string]iter.Seq2[diskimg.Extent, error]{
		"extents": overlap(list(one, broken), list([]diskimg.Extent{{Length: 10}}, nil), 0),
		"data":    overlap(list([]diskimg.Extent{{Length: 10}}, nil), list(one, broken), 0),
	} {
		t.Run(name, func(t *testing.T) {
			var got []diskimg.Extent
			var last error
			for e, err := range seq {
				if last = err; err == nil {
					got = append(got, e)
				}
			}
			if diff := cmp.Diff(one, got); diff != "" || !errors.Is(last, broken) {
				t.Errorf("got error %v, and (-want +got):\n%s", last, diff)
			}
		})
	}
}

// list yields extents, and then an error unless it is nil.
func list(extents []diskimg.Extent, err error) iter.Seq2[diskimg.Extent, error] {
	return func(yield func(diskimg.Extent, error) bool) {
		for _, e := range extents {
			if !yield(e, nil) {
				return
			}
		}
		if err != nil {
			yield(diskimg.Extent{}, err)
		}
	}
}
