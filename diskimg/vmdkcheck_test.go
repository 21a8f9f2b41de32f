package diskimg

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
)

func TestVMDKCheck(t *testing.T) {
	tests := []struct {
		name, base string
		edits      []edit
		want       []string
	}{
		{"redundant table differs", sparseVector, []edit{put32(0, sparseRGT+4)}, []string{"byte 11264: redundant grain table 0 differs"}},
		{"redundant table missing", sparseVector, []edit{put32(0, sparseRGD)}, []string{"byte 10752: grain table 0 is in one"}},
		{"redundant directory missing", sparseVector, []edit{put64(0, 48)}, []string{"byte 48: the redundant grain directory is missing"}},
		{"grain behind the end", sparseVector, []edit{put32(9999, sparseGT+4*48, sparseRGT+4*48)}, []string{"byte 14016: the grain table has a grain, at sector 9999"}},
		{"no marker of a table", streamVector, []edit{put32(2, streamGT-SectorSize+12)}, []string{"byte 136192: there is no marker of type 1"}},
		{"no marker of the directory", streamVector, []edit{put64(9, streamGD-SectorSize)}, []string{"byte 138752: there is no marker of type 2"}},
		{"mark of another grain", streamVector, []edit{put64(5, streamGrain0)}, []string{"byte 65536: grain 0 is marked as that of sector 5"}},
		{"grain into the next", streamVector, []edit{put32(80000, streamGrain0+8)}, []string{"byte 65544: grain 0 has 80000 bytes"}},
		{"grain without data", streamVector, []edit{put32(0, streamGrain0+8)}, []string{"byte 65544: grain 0 has 0 bytes"}},
		{"CID", sparseVector, []edit{replace("CID=a1b2c3d4", "CID=hello")}, []string{"CID \"hello\""}},
		{
			"all of it", sparseVector,
			[]edit{put32(0, sparseRGT+4), replace("version=1\n", ""), replace("parentCID=ffffffff\n", "")},
			[]string{"no version", "no parentCID", "redundant grain table 0"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := edited(t, tt.base, tt.edits...)
			d, err := Open(bytes.NewReader(b), int64(len(b)), nil)
			if err != nil {
				t.Fatal(err)
			}
			err = d.Check(t.Context())
			if !errors.Is(err, ErrDamaged) {
				t.Fatalf("%v, want damage", err)
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(tt.want) {
				t.Errorf("%q, want %d findings", lines, len(tt.want))
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v, want %q", err, want)
				}
			}
		})
	}
}

func TestVMDKCheckEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, name := range []string{sparseVector, streamVector} {
		b := unpackVector(t, name)
		d, err := Open(bytes.NewReader(b), int64(len(b)), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Check(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want cancelled", name, err)
		}
	}
}

// What is found has an end.
func TestFindings(t *testing.T) {
	var found findings
	for i := range int64(1000) {
		found.addf(i, "wrong")
	}
	if len(found.errs) != maxFindings+1 || !found.full() {
		t.Errorf("%d findings", len(found.errs))
	}
}
