package registry

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// noon is the time at which the images of these tests are registered.
func noon() time.Time { return time.Date(2026, 11, 3, 12, 0, 30, 0, time.UTC) }

// later returns a registry's clock that is set by hand.
func later(now *time.Time) *Options { return &Options{Now: func() time.Time { return *now }} }

// onDirectory returns an engine at noon, on a directory.
func onDirectory(t *testing.T) (e Engine, now *time.Time) {
	t.Helper()
	at := noon()
	return New(NewDirKeys(t.TempDir()), later(&at)), &at
}

func modify(t *testing.T, e Engine, id string, changes ...Change) Image {
	t.Helper()
	m, err := e.Modify(t.Context(), id, Caller{}, changes...)
	if err != nil {
		t.Fatalf("modify %s: %v", id, err)
	}
	if diff := cmp.Diff([]Image{m}, describe(t, e, Query{IDs: []string{id}})); diff != "" {
		t.Errorf("modified (-returned +described):\n%s", diff)
	}
	return m
}

func wantRefusal(t *testing.T, e Engine, id string, want Code, changes ...Change) {
	t.Helper()
	before := describe(t, e, Query{IDs: []string{id}})
	_, err := e.Modify(t.Context(), id, Caller{}, changes...)
	wantCode(t, err, want)
	if diff := cmp.Diff(before, describe(t, e, Query{IDs: []string{id}})); diff != "" {
		t.Errorf("a refused change changed (-before +after):\n%s", diff)
	}
}

func TestModify(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		now := noon()
		e := New(open(), later(&now))
		want := register(t, e, web("web-1"))
		got := modify(t, e, want.ID, DescribeAs("d"), Label(Tag{"a", "1"}, Tag{"b", "2"}), Label(Tag{"a", "3"}),
			Unlabel("b", "c"), Share(LaunchPermission{UserID: other}), Launched(now))
		want.Description, want.Tags = "d", []Tag{{"a", "3"}}
		want.LaunchPermissions = []LaunchPermission{{UserID: other}}
		want.LastLaunchedTime = TimeOf(now)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("modified (-want +got):\n%s", diff)
		}
	})
}

func TestModifyAllOrNothing(t *testing.T) {
	e, _ := onDirectory(t)
	m := register(t, e, web("web-1"))
	wantRefusal(t, e, m.ID, ParameterValue, DescribeAs("d"), Label(Tag{"aws:a", ""}))
	wantRefusal(t, e, m.ID, ItemValue, DescribeAs("d"), Share(LaunchPermission{UserID: other}, LaunchPermission{UserID: "12"}))
	wantRefusal(t, e, m.ID, NoParameter)
}

func TestModifyRefuses(t *testing.T) {
	e, now := onDirectory(t)
	m := register(t, e, web("web-1"))
	var many []Tag
	for i := range 51 {
		many = append(many, Tag{Key: fmt.Sprint("k", i)})
	}
	for name, c := range map[string]struct {
		change Change
		code   Code // "" is accepted
	}{
		"description of 255": {DescribeAs(strings.Repeat("d", 255)), ""},
		"description of 256": {DescribeAs(strings.Repeat("d", 256)), ParameterValue},
		"description of two": {DescribeAs("a\nb"), ParameterValue},
		"50 tags":            {Label(many[:50]...), ""},
		"51 tags":            {Label(many...), TagLimit},
		"tag of 128":         {Label(Tag{Key: strings.Repeat("k", 128)}), ""},
		"tag of 129":         {Label(Tag{Key: strings.Repeat("k", 129)}), ParameterValue},
		"value of 256":       {Label(Tag{"k", strings.Repeat("v", 256)}), ""},
		"value of 257":       {Label(Tag{"k", strings.Repeat("v", 257)}), ParameterValue},
		"tag of AWS":         {Label(Tag{"aws:k", "v"}), ParameterValue},
		"tag without a key":  {Label(Tag{"", "v"}), ParameterValue},
		"launch to come":     {Launched(now.Add(time.Second)), ParameterValue},
	} {
		t.Run(name, func(t *testing.T) {
			if c.code != "" {
				wantRefusal(t, e, m.ID, c.code, c.change)
				return
			}
			one := register(t, e, web("web "+strings.ReplaceAll(name, " ", "-")))
			modify(t, e, one.ID, c.change)
		})
	}
}

func TestModifyRefusesState(t *testing.T) {
	keys := NewDirKeys(t.TempDir())
	e := New(keys, nil)
	for i, c := range []struct {
		state State
		code  Code
	}{{Available, ""}, {Disabled, ""}, {"paused", ""}, {Pending, IDUnavailable}, {Failed, IDUnavailable}, {Deregistered, IDUnavailable}} {
		t.Run(string(c.state), func(t *testing.T) {
			m := web("web-1")
			m.ID, m.State = fmt.Sprintf("ami-%017d", i), c.state
			if _, err := newObjects(keys, nil).create(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			_, err := e.Modify(t.Context(), m.ID, Caller{Account: self}, DescribeAs("d"))
			if c.code != "" {
				wantCode(t, err, c.code)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	_, err := e.Modify(t.Context(), "ami-00000000000000009", Caller{}, Disable())
	wantCode(t, err, IDNotFound)
	_, err = e.Modify(t.Context(), "ami-x", Caller{}, Disable())
	wantCode(t, err, IDMalformed)
}

// TestUnknownStateStays has an image in a state of a later version: this one does not know the way out.
func TestUnknownStateStays(t *testing.T) {
	keys := NewDirKeys(t.TempDir())
	e, m := newObjects(keys, nil), web("web-1")
	m.ID, m.State = "ami-00000001", "paused"
	if _, err := e.create(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, e, m.ID, IDUnavailable, Disable())
	wantRefusal(t, e, m.ID, IDUnavailable, Enable())
}

// TestRegisterSharesNothing registers images that are shared or protected, past the rules of Modify.
func TestRegisterSharesNothing(t *testing.T) {
	e, _ := onDirectory(t)
	shared, protected := web("web-1"), web("web-2")
	shared.LaunchPermissions = []LaunchPermission{everyone()}
	protected.DeregistrationProtection = Protected
	for _, m := range []Image{shared, protected} {
		if _, err := e.Register(t.Context(), m); err == nil {
			t.Errorf("%s is registered", m.Name)
		}
	}
}

func TestLaunchedNeverMovesBack(t *testing.T) {
	e, now := onDirectory(t)
	m := register(t, e, web("web-1"))
	first := *now
	*now = first.AddDate(0, 1, 0)
	for _, at := range []time.Time{*now, first} {
		if got := modify(t, e, m.ID, Launched(at)); !got.LastLaunchedTime.Equal(*now) {
			t.Errorf("last launched %s, want %s", got.LastLaunchedTime, *now)
		}
	}
}

// TestDisableRemovesShares has an image disabled and enabled: its shares do not come back.
func TestDisableRemovesShares(t *testing.T) {
	e, _ := onDirectory(t)
	m := register(t, e, web("web-1"))
	modify(t, e, m.ID, Share(LaunchPermission{UserID: other}))
	if got := modify(t, e, m.ID, Disable()); got.State != Disabled || got.LaunchPermissions != nil {
		t.Errorf("disabled, the image is %+v", got)
	}
	wantRefusal(t, e, m.ID, IDUnavailable, Share(LaunchPermission{UserID: other}))
	if got := modify(t, e, m.ID, Enable()); got.State != Available || got.LaunchPermissions != nil {
		t.Errorf("enabled, the image is %+v", got)
	}
	modify(t, e, m.ID, Share(LaunchPermission{UserID: other}))
	wantRefusal(t, e, m.ID, IDUnavailable, Disable(), Share(LaunchPermission{UserID: other}))
	if _, err := e.Register(t.Context(), web("web-1")); err == nil {
		t.Error("the name is free")
	}
}

func TestProtection(t *testing.T) {
	for name, c := range map[string]struct {
		changes  []Change
		cooldown bool
	}{
		"never protected":      {[]Change{Unprotect()}, false},
		"without cooldown":     {[]Change{Protect(), Unprotect()}, false},
		"with cooldown":        {[]Change{ProtectWithCooldown(), Unprotect()}, true},
		"cooldown is no way":   {[]Change{ProtectWithCooldown(), Protect(), Unprotect()}, true},
		"cooldown is no way 2": {[]Change{ProtectWithCooldown(), Unprotect(), Protect(), Unprotect()}, true},
		"cooldown added":       {[]Change{Protect(), ProtectWithCooldown(), Unprotect()}, true},
	} {
		t.Run(name, func(t *testing.T) {
			e, now := onDirectory(t)
			m := register(t, e, web("web-1"))
			for _, change := range c.changes {
				got := modify(t, e, m.ID, change)
				if _, err := e.Deregister(t.Context(), m.ID, Caller{}); got.DeregistrationProtection != Unprotected {
					wantCode(t, err, NotPermitted)
				}
				if !c.cooldown && got.DeregistrationProtection == Unprotected {
					return
				}
			}
			*now = now.Add(24*time.Hour - time.Second)
			_, err := e.Deregister(t.Context(), m.ID, Caller{})
			wantCode(t, err, NotPermitted)
			*now = now.Add(time.Second)
			if _, err := e.Deregister(t.Context(), m.ID, Caller{}); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestRaceOfModify has writers share one image at once: no permission may be lost.
func TestRaceOfModify(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		m := register(t, New(open(), nil), web("web-1"))
		errs := make([]error, 8)
		var group sync.WaitGroup
		for i := range errs {
			e := New(open(), nil)
			share := Share(LaunchPermission{UserID: fmt.Sprintf("%012d", i)})
			group.Go(func() { _, errs[i] = e.Modify(t.Context(), m.ID, Caller{}, share) })
		}
		group.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		if got := describe(t, New(open(), nil), Query{})[0]; len(got.LaunchPermissions) != len(errs) {
			t.Errorf("permissions are %v, want %d", got.LaunchPermissions, len(errs))
		}
	})
}
