package registry

import (
	"errors"
	"fmt"
	"testing"
)

func TestHasCode(t *testing.T) {
	wrapped := fmt.Errorf("image: %w", Image{ID: "ami-0123456789abcdef0"}.unavailable())
	for _, tt := range []struct {
		err   error
		codes []Code
		want  bool
	}{
		{wrapped, []Code{IDUnavailable}, true},
		{wrapped, []Code{AuthFailure, IDUnavailable}, true},
		{wrapped, []Code{IDNotFound}, false},
		{wrapped, nil, false},
		{errors.New("InvalidAMIID.Unavailable: so it says"), []Code{IDUnavailable}, false},
		{nil, []Code{IDUnavailable}, false},
	} {
		if got := HasCode(tt.err, tt.codes...); got != tt.want {
			t.Errorf("HasCode(%v, %v) = %t", tt.err, tt.codes, got)
		}
	}
}
