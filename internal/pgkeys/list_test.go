package pgkeys

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"

	"amiforge/internal/postgrestest"
)

// wordsOf takes a value "owner region name location state" for what it says, and cannot read another.
func wordsOf(_ string, value []byte) (Attributes, bool) {
	w := strings.Split(string(value), " ")
	if len(w) != 5 {
		return Attributes{}, false
	}
	return Attributes{Owner: w[0], Region: w[1], Name: w[2], Location: w[3], State: w[4]}, true
}

func keysOf(t *testing.T, k *Keys, prefix string, s Selection) []string {
	t.Helper()
	var keys []string
	for entry, err := range k.Select(t.Context(), prefix, s) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, entry.Key)
	}
	return keys
}

func TestSelect(t *testing.T) {
	k := openWith(t, newDatabase(t), wordsOf)
	for key, value := range map[string]string{
		"i/1": "me eu web s3://b/1 available",
		"i/2": "me us web s3://b/2 deregistered",
		"i/3": "you eu web s3://b/3 available",
		"i/4": "not readable",
		"i/5": "me eu nul\x00 s3://b/5 available",
		"i/6": "me eu db " + strings.Repeat("x", maxKey+1) + " available",
		"i/7": "me eu bad\xff s3://b/7 available",
		"j/1": "me eu web s3://b/1 available",
		"j/2": "not readable",
	} {
		create(t, k, key, value)
	}
	tests := []struct {
		name string
		want Selection
		keys string // of the readable ones
	}{
		{"all", Selection{}, "1 2 3"},
		{"owner", Selection{Equal: Attributes{Owner: "me"}}, "1 2"},
		{"region", Selection{Equal: Attributes{Region: "eu"}}, "1 3"},
		{"name", Selection{Equal: Attributes{Name: "web"}}, "1 2 3"},
		{"location", Selection{Equal: Attributes{Location: "s3://b/3"}}, "3"},
		{"state", Selection{Equal: Attributes{State: "deregistered"}}, "2"},
		{"not of a state", Selection{ButStates: []string{"deregistered", "x"}}, "1 3"},
		{"several", Selection{Attributes{Owner: "me", Region: "eu"}, []string{"failed"}}, "1"},
		{"none", Selection{Equal: Attributes{Owner: "m"}}, ""},
		{"hostile", Selection{Equal: Attributes{Owner: "' OR '1'='1"}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := strings.Fields(tt.keys + " 4 5 6 7")
			for i := range want {
				want[i] = "i/" + want[i]
			}
			if got := keysOf(t, k, "i/", tt.want); !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestSelectFollowsReplacement(t *testing.T) {
	k := openWith(t, newDatabase(t), wordsOf)
	version := create(t, k, "i/1", "me eu web s3://b/1 available")
	if _, err := k.Replace(t.Context(), "i/1", []byte("you eu web s3://b/1 available"), version); err != nil {
		t.Fatal(err)
	}
	if got := keysOf(t, k, "i/", Selection{Equal: Attributes{Owner: "me"}}); got != nil {
		t.Errorf("by its former owner %v is found", got)
	}
	if got := keysOf(t, k, "i/", Selection{Equal: Attributes{Owner: "you"}}); len(got) != 1 {
		t.Errorf("by its owner %v is found", got)
	}
}

// TestPrefixes has keys that LIKE, a locale's order or the end of Unicode would misplace.
func TestPrefixes(t *testing.T) {
	k := openAt(t, newDatabase(t))
	all := []string{
		"A", "a%", "a%b", "a_", "aa", "ab", "b", "ä", "é/x", "\ud7ff", "\ud7ffx", "\ue000",
		"\U0010ffff", "\U0010ffff\U0010ffff", "\U0010ffffx",
	}
	for _, key := range all {
		create(t, k, key, rand.Text())
	}
	for _, prefix := range append(all, "", "a", "\U0010ffff\U0010ffffx", "\xff", "a\x00") {
		want := slices.DeleteFunc(slices.Clone(all), func(key string) bool { return !strings.HasPrefix(key, prefix) })
		slices.Sort(want)
		if got := keysOf(t, k, prefix, Selection{}); !slices.Equal(got, want) {
			t.Errorf("List(%q) = %q, want %q", prefix, got, want)
		}
	}
}

func TestListWhileReading(t *testing.T) {
	k := openAt(t, newDatabase(t))
	for i := range 100 {
		create(t, k, fmt.Sprintf("a/%d", i), rand.Text())
	}
	for entry, err := range k.List(t.Context(), "a/") {
		if err != nil {
			t.Fatal(err)
		}
		value, version, err := k.Get(t.Context(), entry.Key)
		if err != nil || version != entry.Version || string(value) != string(entry.Value) {
			t.Fatalf("%s: listed %q, %s; got %q, %s, %v", entry.Key, entry.Value, entry.Version, value, version, err)
		}
	}
}

// TestSelectUsesIndexes wants the server to look at what is selected and not at all that there is.
func TestSelectUsesIndexes(t *testing.T) {
	server := postgrestest.Start(t)
	db := server.NewDatabase(t)
	k := openWith(t, db, wordsOf)
	create(t, k, "names/1", "- - - - -")
	server.SQL(t, db, `INSERT INTO amiforge.records (key, value, owner, region, name, location, state)
		SELECT 'images/' || n, 'x', 'o' || n % 1000, 'eu', 'web-' || n, 's3://b/' || n, 'available' FROM generate_series(1, 20000) n;
		INSERT INTO amiforge.records (key, value, owner, region, name, location, state)
		SELECT 'names/x' || n, 'x', '', '', '', '', '' FROM generate_series(1, 20000) n;
		ANALYZE amiforge.records`)
	for _, equal := range []Attributes{{Owner: "o7"}, {Owner: "o7", Region: "eu"}, {Name: "web-7"}, {Location: "s3://b/7"}} {
		s := &scan{keys: k, prefix: "images/", selection: Selection{Equal: equal, ButStates: []string{"deregistered"}}}
		sql, args := s.query()
		rows, err := k.pool.Query(t.Context(), "EXPLAIN "+sql, args...)
		if err != nil {
			t.Fatal(err)
		}
		var plan []string
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, line)
		}
		if text := strings.Join(plan, "\n"); rows.Err() != nil || !strings.Contains(text, "Bitmap Index Scan") {
			t.Errorf("%+v: %v\n%s", equal, rows.Err(), text)
		}
	}
}

func BenchmarkList(b *testing.B) {
	k := openAt(b, newDatabase(b))
	create(b, k, "a", "1")
	_, err := k.pool.Exec(b.Context(), `INSERT INTO amiforge.records (key, value, owner)
		SELECT 'images/' || n, convert_to(repeat(md5(n::text), 25), 'UTF8'), 'me' FROM generate_series(1, 10000) n`)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, err := range k.List(b.Context(), "images/") {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != 10_000 {
			b.Fatalf("%d keys", n)
		}
	}
}
