package registry

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"amiforge/internal/store"
)

// probedKeys are keys on a server that is probed: how often, and with which result, the test says.
type probedKeys struct {
	Keys
	endpoint string
	fault    error
	probes   atomic.Int32
}

func (k *probedKeys) Probe(context.Context) error {
	k.probes.Add(1)
	return k.fault
}

func (k *probedKeys) Endpoint() string { return k.endpoint }

// on returns keys at an endpoint, of a registry in a directory.
func on(dir, endpoint string) *probedKeys {
	return &probedKeys{Keys: NewDirKeys(dir), endpoint: endpoint}
}

func (k *probedKeys) want(t *testing.T, probes int32, after string) {
	t.Helper()
	if n := k.probes.Load(); n != probes {
		t.Errorf("after %s: %d probes, want %d", after, n, probes)
	}
}

func TestFirstWriteProbes(t *testing.T) {
	dir := t.TempDir()
	keys := on(dir, "http://one")
	describe(t, New(keys, nil), Query{})
	keys.want(t, 0, "reading")
	e := New(keys, nil)
	m := register(t, e, web("web-1"))
	keys.want(t, 1, "the first write")
	register(t, e, web("web-2"))
	modify(t, New(keys, nil), m.ID, DescribeAs("x"))
	keys.want(t, 1, "more writes, of another engine too")

	other := on(dir, "http://two")
	register(t, New(other, nil), web("web-3"))
	other.want(t, 1, "the first write through another endpoint")
	register(t, New(keys, nil), web("web-4"))
	keys.want(t, 1, "a probe through another endpoint")

	if err := New(keys, nil).(Prober).Probe(t.Context()); err != nil {
		t.Error(err)
	}
	keys.want(t, 2, "being asked to")
	text, _ := getKey(t, keys, formatKey)
	var f formatRecord
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	if f.Version != 1 || f.Probes["http://one"] != store.ProbeVersion || f.Probes["http://two"] != store.ProbeVersion {
		t.Errorf("the record is %s", text)
	}
}

// A server that fails the probe gets nothing to keep.
func TestUnfitStoreIsNotWritten(t *testing.T) {
	dir := t.TempDir()
	keys := on(dir, "http://unfit")
	keys.fault = errors.New("If-Match replaced another version")
	e := New(keys, nil)
	m := Image{}
	for name, write := range map[string]func() error{
		"register": func() error { _, err := e.Register(t.Context(), web("web-1")); return err },
		"settings": func() error { return e.SetBlockPublicAccess(t.Context(), "local", self, false) },
		"copy": func() (err error) {
			m, err = CopyOf(sourceOf(), request())
			if err == nil {
				_, err = e.BeginCopy(t.Context(), m, inWest)
			}
			return err
		},
	} {
		if err := write(); !errors.Is(err, keys.fault) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
	for entry, err := range keys.List(t.Context(), "") {
		t.Errorf("the registry has %s, %v", entry.Key, err)
	}
}

// A format that this program does not know, or cannot read, is not written to.
func TestFormatOfTheFuture(t *testing.T) {
	for _, text := range []string{`{"Version":2,"Probes":{"http://one":1}}`, `{"Version":`, ``, `[]`} {
		dir := t.TempDir()
		keys := on(dir, "http://one")
		if _, err := keys.Create(t.Context(), formatKey, []byte(text)); err != nil {
			t.Fatal(err)
		}
		_, err := New(keys, nil).Register(t.Context(), web("web-1"))
		if _, ok := errors.AsType[*UnreadableError](err); !ok || !strings.Contains(err.Error(), "record format: ") {
			t.Errorf("format %q: error is %v", text, err)
		}
	}
}

// An older probe is not enough, and what a later version added to the record survives.
func TestFormatOfThePast(t *testing.T) {
	keys := on(t.TempDir(), "http://one")
	old := `{"Version":1,"Probes":{"http://one":0,"http://two":7},"Later":true}`
	if _, err := keys.Create(t.Context(), formatKey, []byte(old)); err != nil {
		t.Fatal(err)
	}
	register(t, New(keys, nil), web("web-1"))
	keys.want(t, 1, "writing")
	text, _ := getKey(t, keys, formatKey)
	if !strings.Contains(string(text), `"http://two":7`) || !strings.Contains(string(text), `"Later":true`) {
		t.Errorf("the record is %s", text)
	}
}

// TestRaceForFormat has writers begin a registry at once, through two endpoints: both end up on record.
func TestRaceForFormat(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		var group sync.WaitGroup
		for i := range 12 {
			keys := &probedKeys{Keys: open(), endpoint: []string{"http://one", "http://two"}[i%2]}
			group.Go(func() {
				if err := New(keys, nil).(Prober).Probe(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		text, _ := getKey(t, open(), formatKey)
		if f, err := parseFormat(text); err != nil || len(f.Probes) != 2 {
			t.Errorf("%s: %v", text, err)
		}
	})
}

func TestDryRun(t *testing.T) {
	onEach(t, func(t *testing.T, open func() Keys) {
		e, dry := New(open(), nil), New(open(), &Options{DryRun: true})
		_, err := dry.Register(t.Context(), web("web-1"))
		wantCode(t, err, DryRunOperation)
		if n := countKeys(t, open()); n != 0 {
			t.Errorf("a dry run left %d records", n)
		}
		m := register(t, e, web("web-1"))
		before, _ := getKey(t, open(), imageKey(m.ID))

		_, err = dry.Register(t.Context(), web("web-1"))
		wantDuplicate(t, err, m)
		_, err = dry.Modify(t.Context(), m.ID, Caller{}, Share(everyone()))
		wantCode(t, err, NotPermitted)
		_, err = dry.Modify(t.Context(), m.ID, Caller{}, DescribeAs("x"))
		wantCode(t, err, DryRunOperation)
		_, err = dry.Deregister(t.Context(), m.ID, Caller{Account: other})
		wantCode(t, err, AuthFailure)
		_, err = dry.Deregister(t.Context(), m.ID, Caller{})
		wantCode(t, err, DryRunOperation)
		wantCode(t, dry.SetBlockPublicAccess(t.Context(), "local", self, false), DryRunOperation)
		c := copyOf(t, sourceOf(), request())
		_, err = dry.BeginCopy(t.Context(), c, inWest)
		wantCode(t, err, DryRunOperation)

		if after, _ := getKey(t, open(), imageKey(m.ID)); string(after) != string(before) {
			t.Errorf("a dry run wrote %s", after)
		}
	})
}
