package registry

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"amiforge/internal/pgkeys"
	"amiforge/internal/postgrestest"
	"amiforge/internal/store"
)

// TestSelectReportsUnreadable has records that no query can be answered from: each query reports them by name, and
// lists the images all the same.
func TestSelectReportsUnreadable(t *testing.T) {
	keys := openTestDatabase(t, postgrestest.Start(t).NewDatabase(t))
	e := New(keys, nil)
	m := register(t, e, web("web-1"))
	hostile := map[string]string{
		"images/ami-00000000000000001.json": "not JSON",
		"images/ami-00000000000000002.json": "",
		"images/ami-00000000000000003.json": "\x00\xff",
		"images/ami-00000000000000004.json": `{"ImageId":"ami-00000000000000005","Name":"x","State":"available"}`,
		"images/ami-00000000000000006.json": `[` + strings.Repeat(`{"a":`, 100),
	}
	for key, value := range hostile {
		if _, err := keys.Create(t.Context(), key, []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := keys.Create(t.Context(), "images/readme.txt", []byte("none of ours")); err != nil {
		t.Fatal(err)
	}
	for _, query := range []Query{{}, {Owner: m.Owner}, {Name: m.Name, Region: m.Region}, {Location: m.Location}} {
		listing, err := e.Describe(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		if got := idsOf(listing.Images); !slices.Equal(got, []string{m.ID}) {
			t.Errorf("%+v: images are %v, want %s", query, got, m.ID)
		}
		var reported []string
		for _, err := range listing.Unreadable {
			if unreadable, ok := errors.AsType[*UnreadableError](err); ok {
				reported = append(reported, unreadable.Key)
			}
		}
		for key := range hostile {
			if !slices.Contains(reported, key) {
				t.Errorf("%+v: %s is not reported", query, key)
			}
		}
	}
}

// TestSelectOfUnstorable has an image with a name that no column holds: it is found all the same.
func TestSelectOfUnstorable(t *testing.T) {
	keys := openTestDatabase(t, postgrestest.Start(t).NewDatabase(t))
	id := "ami-00000000000000001"
	text := `{"ImageId":"` + id + `","Name":"nul\u0000","OwnerId":"123456789012","State":"available"}`
	if _, err := keys.Create(t.Context(), imageKey(id), []byte(text)); err != nil {
		t.Fatal(err)
	}
	for _, query := range []Query{{Owner: "123456789012"}, {}} {
		if got := idsOf(describe(t, New(keys, nil), query)); !slices.Equal(got, []string{id}) {
			t.Errorf("%+v: images are %v", query, got)
		}
	}
}

// TestSelectionIsEnough wants what is selected to hold all that the query matches.
func TestSelectionIsEnough(t *testing.T) {
	for _, query := range []Query{{}, {IncludePending: true}, {IncludeDisabled: true, IncludeDeregistered: true}, {
		Filters: []Filter{{Name: "state", Values: []string{"failed", "deregistered"}}},
	}} {
		for _, state := range []State{Pending, Available, Disabled, Failed, Deregistered, "unheard-of"} {
			left := slices.Contains(query.selection().ButStates, string(state))
			for _, m := range []Image{{State: state}, {State: state, SourceImageID: "ami-00000001"}} {
				if left && query.matches(m) {
					t.Errorf("%+v: state %s is left out", query, state)
				}
			}
			if state == Deregistered && left != !query.matches(Image{State: state}) {
				t.Errorf("%+v: tombstones are left out: %v", query, left)
			}
		}
	}
}

// TestSelectReadsOnlyWhatItMust counts what the database sends.
func TestSelectReadsOnlyWhatItMust(t *testing.T) {
	keys := &countingKeys{Keys: openTestDatabase(t, postgrestest.Start(t).NewDatabase(t)).(*pgkeys.Keys)}
	e := New(keys, nil)
	for i := range 10 {
		m := register(t, e, web(fmt.Sprintf("web-%d", i)))
		if i%2 == 0 {
			if _, err := e.Deregister(t.Context(), m.ID, Caller{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	filter := func(name, value string) []Filter { return []Filter{{Name: name, Values: []string{value}}} }
	tests := []struct {
		query        Query
		images, read int
	}{
		{Query{}, 5, 5},
		{Query{IncludeDeregistered: true}, 10, 10},
		{Query{Name: "web-3"}, 1, 1},
		{Query{Owner: "111122223333"}, 0, 0},
		{Query{Filters: filter("name", "web-3")}, 1, 1},
		{Query{Filters: filter("name", "web-[3]")}, 0, 0},
		{Query{Filters: filter("name", "*-3")}, 1, 5},
		{Query{Filters: filter("name", "web-?")}, 5, 5},
		{Query{Filters: filter("name", `web\-3`)}, 1, 5},
		{Query{Filters: filter("owner-id", "111122223333"), Owner: "123456789012"}, 0, 0},
		{Query{Filters: filter("state", "deregistered")}, 5, 5},
		{Query{Filters: []Filter{{Name: "name", Values: []string{"web-1", "web-3"}}}}, 2, 5},
	}
	for _, tt := range tests {
		keys.yielded = 0
		if got := describe(t, e, tt.query); len(got) != tt.images || keys.yielded != tt.read {
			t.Errorf("%+v: %d images of %d records, want %d of %d", tt.query, len(got), keys.yielded, tt.images, tt.read)
		}
	}
}

type countingKeys struct {
	*pgkeys.Keys
	yielded int
}

func (k *countingKeys) Select(ctx context.Context, prefix string, s pgkeys.Selection) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		for entry, err := range k.Keys.Select(ctx, prefix, s) {
			k.yielded++
			if !yield(entry, err) {
				return
			}
		}
	}
}

func TestParseEntries(t *testing.T) {
	failure := errors.New("gone")
	entries := func(n int, err error) iter.Seq2[store.Entry, error] {
		return func(yield func(store.Entry, error) bool) {
			for i := range n {
				id := fmt.Sprintf("ami-%017x", i)
				text := fmt.Sprintf(`{"ImageId":%q,"Name":"web","State":"available"}`, id)
				if !yield(store.Entry{Key: imageKey(id), Value: []byte(text)}, nil) {
					return
				}
			}
			if err != nil {
				yield(store.Entry{}, err)
			}
		}
	}
	for _, n := range []int{0, 1, parseBatch - 1, parseBatch, parseBatch + 1, 5*parseBatch + 7} {
		found, err := parseEntries(entries(n, nil))
		if err != nil || len(found) != n {
			t.Fatalf("%d entries: %d records, %v", n, len(found), err)
		}
		for i, f := range found {
			if f.id != fmt.Sprintf("ami-%017x", i) || f.image.ID != f.id || f.unreadable != nil {
				t.Fatalf("%d entries: record %d is %+v", n, i, f)
			}
		}
		if _, err := parseEntries(entries(n, failure)); !errors.Is(err, failure) {
			t.Errorf("%d entries and a failure: %v", n, err)
		}
	}
}

func TestCloseClosesTheDatabase(t *testing.T) {
	e, err := Open(t.Context(), postgrestest.Start(t).NewDatabase(t), store.Config{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	register(t, e, web("web-1"))
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Describe(t.Context(), Query{}); err == nil {
		t.Error("a closed registry answers")
	}
}

func TestLocations(t *testing.T) {
	tests := []struct {
		given, want string
		password    bool
	}{
		{"dir/", "dir", false},
		{"s3://bucket/a/", "s3://bucket/a", false},
		{"postgres://me:hunter2@host/db", "postgres://me@host/db", true},
		{"postgresql://host/db", "postgresql://host/db", false},
	}
	for _, tt := range tests {
		clean, err := CleanLocation(tt.given)
		if err != nil || clean != tt.want || HasPassword(tt.given) != tt.password {
			t.Errorf("%s: %s, %v, %v", tt.given, clean, HasPassword(tt.given), err)
		}
	}
	for _, wrong := range []string{"postgres://me:hunter2@ho@st/db", "postgres://me:hunter2", "pg://me:hunter2@host/db"} {
		_, err := CleanLocation(wrong)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", wrong, err)
		}
		if _, err := Open(t.Context(), wrong, store.Config{}, nil); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("open %s: %v", wrong, err)
		}
	}
}

// BenchmarkDescribe10000 lists 10,000 images in a database, and finds one of them.
func BenchmarkDescribe10000(b *testing.B) {
	keys := openTestDatabase(b, postgrestest.Start(b).NewDatabase(b))
	e := newObjects(keys, nil)
	var group errgroup.Group
	group.SetLimit(8)
	for i := range 10_000 {
		group.Go(func() error {
			m := web(fmt.Sprintf("web-%d", i))
			m.ID, m.State = fmt.Sprintf("ami-%017x", i), Available
			_, err := e.create(b.Context(), m)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	for name, bench := range map[string]struct {
		query Query
		want  int
	}{"all": {Query{}, 10_000}, "one": {Query{Name: "web-7"}, 1}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				listing, err := e.Describe(b.Context(), bench.query)
				if err != nil {
					b.Fatal(err)
				}
				if diff := cmp.Diff(bench.want, len(listing.Images)); diff != "" {
					b.Fatal(diff)
				}
			}
		})
	}
}
