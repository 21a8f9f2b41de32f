package registry

import (
	"errors"
	"strings"
	"sync"
	"testing"
)

const east, self, other = "east", "123456789012", "111122223333"

func TestRow67BlockPublicAccessPerAccountAndRegion(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		e := New(open(), nil)
		for _, block := range []bool{false, true, false} {
			if err := e.SetBlockPublicAccess(t.Context(), east, self, block); err != nil {
				t.Fatal(err)
			}
			wantBlocked(t, New(open(), nil), east, self, block)
			wantBlocked(t, e, "west", self, true)
			wantBlocked(t, e, east, other, true)
		}
	})
}

func wantBlocked(t *testing.T, e Engine, region, account string, want bool) {
	t.Helper()
	got, err := e.BlockPublicAccess(t.Context(), region, account)
	if err != nil || got != want {
		t.Errorf("block public access of %s in %s is %v, %v; want %v", account, region, got, err, want)
	}
}

func TestSettingsRefuse(t *testing.T) {
	e := New(NewDirKeys(t.TempDir()), nil)
	for name, c := range map[string]struct{ region, account string }{
		"region is a path":  {"../..", self},
		"no region":         {"", self},
		"account of names":  {east, "me"},
		"account is a path": {east, "../../../../x"},
	} {
		t.Run(name, func(t *testing.T) {
			blocked, err := e.BlockPublicAccess(t.Context(), c.region, c.account)
			wantCode(t, err, ParameterValue)
			if !blocked {
				t.Error("not blocked")
			}
			wantCode(t, e.SetBlockPublicAccess(t.Context(), c.region, c.account, false), ParameterValue)
		})
	}
}

func wantCode(t *testing.T, err error, want Code) {
	t.Helper()
	refusal, ok := errors.AsType[*Error](err)
	if !ok || refusal.Code != want {
		t.Errorf("error is %v, want %s", err, want)
	}
}

// TestSettingsOfTheFuture has settings that a later version wrote, or that are damaged: access stays blocked.
func TestSettingsOfTheFuture(t *testing.T) {
	for name, c := range map[string]struct {
		text     string
		readable bool
	}{
		"other state": {`{"ImageBlockPublicAccessState":"block-some","Later":{"x":12345678901234567890}}`, true},
		"no state":    {`{"Later":{"x":12345678901234567890}}`, true},
		"damaged":     {`{"ImageBlockPublicAccessState":"unblocked"`, false},
	} {
		t.Run(name, func(t *testing.T) {
			keys := NewDirKeys(t.TempDir())
			key := settingsKey(east, self)
			if _, err := keys.Create(t.Context(), key, []byte(c.text)); err != nil {
				t.Fatal(err)
			}
			e := New(keys, nil)
			blocked, err := e.BlockPublicAccess(t.Context(), east, self)
			if !blocked || (err == nil) != c.readable {
				t.Errorf("blocked: %v, %v", blocked, err)
			}
			err = e.SetBlockPublicAccess(t.Context(), east, self, false)
			if (err == nil) != c.readable {
				t.Errorf("set: %v", err)
			}
			text, _ := getKey(t, keys, key)
			if c.readable && !strings.Contains(string(text), `"Later":{"x":12345678901234567890}`) {
				t.Errorf("settings are now %s", text)
			}
		})
	}
}

func TestRaceForSettings(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		var group sync.WaitGroup
		for range 8 {
			e := New(open(), nil)
			group.Go(func() {
				if err := e.SetBlockPublicAccess(t.Context(), east, self, false); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		wantBlocked(t, New(open(), nil), east, self, false)
	})
}

// TestSettingsNowhere sets in a directory that is not there: as with a look, its name may be mistyped.
func TestSettingsNowhere(t *testing.T) {
	e := New(NewDirKeys(t.TempDir()+"/missing"), nil)
	blocked, err := e.BlockPublicAccess(t.Context(), east, self)
	if !blocked || err == nil {
		t.Errorf("blocked: %v, %v", blocked, err)
	}
	if err := e.SetBlockPublicAccess(t.Context(), east, self, false); err == nil {
		t.Error("set without an error")
	}
}
