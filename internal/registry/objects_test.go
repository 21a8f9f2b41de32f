package registry

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// clock returns a clock that is a second later at each look.
func clock() func() time.Time {
	now := time.Date(2026, 11, 3, 10, 20, 30, 123_456_789, time.FixedZone("", 3600))
	return func() time.Time {
		now = now.Add(time.Second)
		return now
	}
}

func TestRow6RegisterDescribeDeregister(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		e := New(open(), &Options{Now: clock()})
		m := register(t, e, web("web-1"))

		want := web("web-1")
		want.ID, want.State, want.Type = m.ID, Available, "machine"
		want.RootDeviceType, want.VirtualizationType = "instance-store", "paravirtual"
		want.CreationDate = TimeOf(time.Date(2026, 11, 3, 9, 20, 31, 123_000_000, time.UTC))
		if diff := cmp.Diff(want, m); diff != "" {
			t.Errorf("registered (-want +got):\n%s", diff)
		}
		if err := CheckID(m.ID); err != nil {
			t.Error(err)
		}
		other := New(open(), nil)
		if diff := cmp.Diff([]Image{want}, describe(t, other, Query{IDs: []string{m.ID}})); diff != "" {
			t.Errorf("described (-want +got):\n%s", diff)
		}

		gone, err := e.Deregister(t.Context(), m.ID, Caller{})
		if err != nil {
			t.Fatal(err)
		}
		if gone.State != Deregistered || gone.DeregistrationTime.IsZero() {
			t.Errorf("deregistered image is %+v", gone)
		}
		if left := describe(t, other, Query{}); len(left) != 0 {
			t.Errorf("still listed: %v", left)
		}
		if left := describe(t, other, Query{IncludeDeregistered: true}); len(left) != 1 {
			t.Errorf("tombstones: %v, want one", left)
		}
	})
}

func TestDeregisterRefuses(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		e := New(open(), nil)
		m := register(t, e, web("web-1"))
		gone := register(t, e, web("web-2"))
		if _, err := e.Deregister(t.Context(), gone.ID, Caller{Account: gone.Owner}); err != nil {
			t.Fatal(err)
		}
		unknown := "ami-00000000000000000"
		for name, c := range map[string]struct {
			id      string
			by      Caller
			want    Error
			missing bool
			image   string // the ID of the image returned
		}{
			"malformed": {id: "ami-xyz", want: Error{IDMalformed, `Invalid id: "ami-xyz" (expecting "ami-...")`, nil}},
			"unknown": {
				id: unknown, missing: true,
				want: Error{IDNotFound, "The image id '[" + unknown + "]' does not exist", []string{unknown}},
			},
			"another's": {
				id: m.ID, by: Caller{Account: "111122223333"}, image: m.ID,
				want: Error{AuthFailure, "Not authorized for image:" + m.ID, []string{m.ID}},
			},
			"twice": {
				id: gone.ID, image: gone.ID,
				want: Error{IDUnavailable, "The image id '[" + gone.ID + "]' is no longer available", []string{gone.ID}},
			},
		} {
			t.Run(name, func(t *testing.T) {
				left, err := e.Deregister(t.Context(), c.id, c.by)
				refusal, ok := errors.AsType[*Error](err)
				if !ok {
					t.Fatalf("error is %v", err)
				}
				if diff := cmp.Diff(c.want, *refusal); diff != "" {
					t.Errorf("error (-want +got):\n%s", diff)
				}
				if errors.Is(err, fs.ErrNotExist) != c.missing {
					t.Errorf("fs.ErrNotExist is %v", !c.missing)
				}
				if left.ID != c.image {
					t.Errorf("returned image %q, want %q", left.ID, c.image)
				}
			})
		}
		if _, err := e.Deregister(t.Context(), m.ID, Caller{Account: m.Owner}); err != nil {
			t.Errorf("the owner: %v", err)
		}
	})
}

func TestRow10NameUniqueInOwnerAndRegion(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		e := New(open(), nil)
		first := register(t, e, web("web-1"))

		_, err := New(open(), nil).Register(t.Context(), web("web-1"))
		wantDuplicate(t, err, first)
		if all := describe(t, e, Query{}); !slices.Equal(idsOf(all), []string{first.ID}) {
			t.Errorf("listed: %v, want %s", idsOf(all), first.ID)
		}
		if n := countKeys(t, open()); n != 2 {
			t.Errorf("the registry has %d records, want the image and its claim", n)
		}

		elsewhere, another, otherCase := web("web-1"), web("web-1"), web("WEB-1")
		elsewhere.Region = "east-2"
		another.Owner = "111122223333"
		for _, m := range []Image{elsewhere, another, otherCase, web("web/1"), web("../../web-1")} {
			register(t, e, m)
		}

		if _, err := e.Deregister(t.Context(), first.ID, Caller{}); err != nil {
			t.Fatal(err)
		}
		again := register(t, New(open(), nil), web("web-1"))
		if again.ID == first.ID {
			t.Error("an ID was used twice")
		}
		_, err = e.Register(t.Context(), web("web-1"))
		wantDuplicate(t, err, again)
	})
}

func wantDuplicate(t *testing.T, err error, holder Image) {
	t.Helper()
	want := "AMI name " + holder.Name + " is already in use by AMI " + holder.ID
	refusal, ok := errors.AsType[*Error](err)
	if !ok || refusal.Code != NameDuplicate || refusal.Message != want {
		t.Errorf("error is %v, want %s", err, want)
		return
	}
	if !slices.Equal(refusal.IDs, []string{holder.ID}) {
		t.Errorf("holder is %v, want %s", refusal.IDs, holder.ID)
	}
}

func TestDescribeSelects(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		e := New(open(), &Options{Now: clock()})
		a := register(t, e, web("aaa"))
		b := web("bbb")
		b.Owner, b.Region, b.Location = "111122223333", "east-2", "s3://bucket/b.manifest.xml"
		b = register(t, e, b)
		c := register(t, e, web("ccc"))
		gone := register(t, e, web("gone"))
		if _, err := e.Deregister(t.Context(), gone.ID, Caller{}); err != nil {
			t.Fatal(err)
		}
		for name, q := range map[string]struct {
			query Query
			want  []Image
		}{
			"all":                {Query{}, []Image{a, b, c}},
			"owner":              {Query{Owner: b.Owner}, []Image{b}},
			"region":             {Query{Region: "local"}, []Image{a, c}},
			"name":               {Query{Name: "ccc"}, []Image{c}},
			"location":           {Query{Location: b.Location}, []Image{b}},
			"nothing":            {Query{Name: "ccc", Region: "east-2"}, nil},
			"IDs in their order": {Query{IDs: []string{c.ID, a.ID, c.ID}}, []Image{c, a}},
			"IDs and an owner":   {Query{IDs: []string{c.ID, b.ID}, Owner: b.Owner}, []Image{b}},
			"deregistered":       {Query{IncludeDeregistered: true, Name: "gone"}, []Image{gone}},
		} {
			t.Run(name, func(t *testing.T) {
				if got := idsOf(describe(t, e, q.query)); !slices.Equal(got, idsOf(q.want)) {
					t.Errorf("got %v, want %v", got, idsOf(q.want))
				}
			})
		}
		for name, q := range map[string]struct {
			query Query
			want  string
		}{
			"unknown":        {Query{IDs: []string{a.ID, "ami-00000000"}}, "The image id '[ami-00000000]' does not exist"},
			"deregistered":   {Query{IDs: []string{gone.ID}}, "The image id '[" + gone.ID + "]' does not exist"},
			"another region": {Query{IDs: []string{a.ID}, Region: "east-2"}, "The image id '[" + a.ID + "]' does not exist in region east-2: it is in region local"},
			"several": {
				Query{IDs: []string{"ami-00000001", a.ID, "ami-00000000"}},
				"The image ids '[ami-00000001, ami-00000000]' do not exist",
			},
			"malformed": {Query{IDs: []string{"../../x"}}, `Invalid id: "../../x" (expecting "ami-...")`},
		} {
			t.Run("refuses "+name, func(t *testing.T) {
				_, err := e.Describe(t.Context(), q.query)
				if err == nil || !strings.HasSuffix(err.Error(), q.want) {
					t.Errorf("error is %v, want %s", err, q.want)
				}
			})
		}
	})
}

func TestUsers(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		keys := open()
		e := New(keys, &Options{Now: clock()})
		a, b := register(t, e, web("aaa")), register(t, e, web("bbb"))
		elsewhere := web("ccc")
		elsewhere.Location = "s3://bucket/c.manifest.xml"
		register(t, e, elsewhere)
		gone := register(t, e, web("gone"))
		if _, err := e.Deregister(t.Context(), gone.ID, Caller{}); err != nil {
			t.Fatal(err)
		}
		under := web("under way")
		under.ID, under.State, under.CreationDate = "ami-00000001", Pending, TimeOf(time.Now().AddDate(9, 0, 0))
		if _, err := newObjects(keys, nil).create(t.Context(), under); err != nil {
			t.Fatal(err)
		}
		users, err := Users(t.Context(), e, a.Location)
		if err != nil {
			t.Fatal(err)
		}
		if want := []string{a.ID, b.ID, under.ID}; !slices.Equal(users, want) {
			t.Errorf("users are %v, want %v", users, want)
		}

		if _, err := keys.Create(t.Context(), imageKey("ami-deadbeef"), []byte("{")); err != nil {
			t.Fatal(err)
		}
		if _, err := Users(t.Context(), e, a.Location); err == nil || !strings.Contains(err.Error(), "ami-deadbeef") {
			t.Errorf("with an unreadable record the error is %v", err)
		}
	})
}

// Deregistering ends the image and deletes nothing, in the registry or elsewhere.
func TestRow48DeregisteringDeletesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		e := New(open(), nil)
		m := register(t, e, web("web-1"))
		before := countKeys(t, open())
		if _, err := e.Deregister(t.Context(), m.ID, Caller{}); err != nil {
			t.Fatal(err)
		}
		if after := countKeys(t, open()); after != before {
			t.Errorf("%d of %d records are left", after, before)
		}
		gone := describe(t, e, Query{IDs: []string{m.ID}, IncludeDeregistered: true})
		if len(gone) != 1 || gone[0].Location != m.Location {
			t.Errorf("what is left of the image: %+v", gone)
		}
	})
}
