package registry

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRow74SweepObsoletePublicImages(t *testing.T) {
	deprecation := noon().AddDate(0, 1, 0).Truncate(time.Minute)
	for name, c := range map[string]struct {
		launched time.Time // zero is never
		now      time.Time
		private  bool
		swept    bool
	}{
		"never, before six months":    {now: deprecation.AddDate(0, 6, 0).Add(-time.Second)},
		"never, after six months":     {now: deprecation.AddDate(0, 6, 0), swept: true},
		"launched, before six months": {launched: noon().AddDate(0, 2, 0), now: noon().AddDate(0, 8, 0).Add(-time.Second)},
		"launched, after six months":  {launched: noon().AddDate(0, 2, 0), now: noon().AddDate(0, 8, 0), swept: true},
		"launched before deprecation": {launched: noon(), now: noon().AddDate(0, 6, 0), swept: true},
		"idle, not yet deprecated":    {launched: noon().AddDate(0, -6, 0), now: deprecation.Add(-time.Second)},
		"idle, deprecated":            {launched: noon().AddDate(0, -6, 0), now: deprecation, swept: true},
		"private":                     {now: deprecation.AddDate(1, 0, 0), private: true},
	} {
		t.Run(name, func(t *testing.T) {
			e, now := onDirectory(t)
			unblock(t, e)
			user := LaunchPermission{UserID: other}
			id := register(t, e, web("web-1")).ID
			m := modify(t, e, id, Share(everyone(), user), DeprecateAt(deprecation))
			if c.private {
				m = modify(t, e, id, Unshare(everyone()))
			}
			*now = c.now
			if !c.launched.IsZero() {
				m = modify(t, e, id, Launched(c.launched))
			}
			wantSwept(t, e, Caller{Account: other}, true, nil)
			wantSwept(t, e, Caller{Account: other}, false, nil)
			if !c.swept {
				wantSwept(t, e, Caller{}, false, nil)
				return
			}
			wantSwept(t, e, Caller{Account: self}, true, []Image{m})
			m.LaunchPermissions = []LaunchPermission{user}
			wantSwept(t, e, Caller{Account: self}, false, []Image{m})
			wantSwept(t, e, Caller{}, false, nil)
		})
	}
}

func wantSwept(t *testing.T, e Engine, by Caller, dryRun bool, want []Image) {
	t.Helper()
	got, err := e.Sweep(t.Context(), by, dryRun)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(want, got, func(a, b Image) bool { return cmp.Equal(a, b) }) {
		t.Errorf("swept by %v, dry run %v (-want +got):\n%s", by, dryRun, cmp.Diff(want, got))
	}
}

// TestSweepGoesOn sweeps a registry with a record that cannot be understood: it is reported, the rest is swept.
func TestSweepGoesOn(t *testing.T) {
	keys, now := NewDirKeys(t.TempDir()), noon()
	e := New(keys, later(&now))
	unblock(t, e)
	m := register(t, e, web("web-1"))
	modify(t, e, m.ID, Share(everyone()))
	if _, err := keys.Create(t.Context(), "images/ami-00000001.json", []byte("{")); err != nil {
		t.Fatal(err)
	}
	now = now.AddDate(3, 0, 0)
	swept, err := e.Sweep(t.Context(), Caller{}, false)
	if _, ok := errors.AsType[*UnreadableError](err); !ok || !slices.Equal(idsOf(swept), []string{m.ID}) {
		t.Errorf("swept %v, %v", idsOf(swept), err)
	}
}

// TestSweepSeesLaunch has an image launched after the sweep looked at it: it stays public.
func TestSweepSeesLaunch(t *testing.T) {
	now := noon()
	e := newObjects(NewDirKeys(t.TempDir()), later(&now))
	unblock(t, e)
	m := register(t, e, web("web-1"))
	modify(t, e, m.ID, Share(everyone()))
	now = now.AddDate(3, 0, 0)
	modify(t, e, m.ID, Launched(now))
	if _, err := e.sweep(t.Context(), m.ID, now); !errors.Is(err, errFresh) {
		t.Errorf("error is %v", err)
	}
	if got := describe(t, e, Query{})[0]; !got.Public() {
		t.Error("the public share is gone")
	}
}
