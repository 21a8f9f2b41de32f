package store_test

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"amiforge/internal/faultproxy"
	"amiforge/internal/miniotest"
	"amiforge/internal/store"
)

// faultyKeys returns keys behind a proxy.
func faultyKeys(t *testing.T) (*store.Keys, *faultproxy.Proxy) {
	t.Helper()
	loc, cfg := bucket(t)
	p := faultproxy.New(t, miniotest.Start(t).Endpoint)
	cfg.Endpoint = p.URL
	return openKeys(t, loc, store.Hurried(cfg)), p
}

// keyFaults are those after which a write has to find out whether it was done.
var keyFaults = map[string]faultproxy.Fault{
	"answer lost":    faultproxy.DropResponse,
	"answer cut":     faultproxy.CutResponse(0),
	"request cut":    faultproxy.CutRequest(1),
	"503":            faultproxy.SlowDown,
	"503 but done":   doneBut(http.StatusServiceUnavailable, "SlowDown"),
	"409":            faultproxy.Answer(409, "ConditionalRequestConflict", "Please retry."),
	"409 but done":   doneBut(http.StatusConflict, "ConditionalRequestConflict"),
	"500 operation":  faultproxy.Answer(500, "InternalError", "We encountered an internal error."),
	"409 aborted":    faultproxy.Answer(409, "OperationAborted", "A conflicting conditional operation is in progress."),
	"connection cut": faultproxy.Refuse,
}

// doneBut lets the server do the work and answers with an error.
func doneBut(status int, code string) faultproxy.Fault {
	return func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		func() {
			defer func() { _ = recover() }() // DropResponse ends the connection so
			faultproxy.DropResponse(w, r, pass)
		}()
		faultproxy.Answer(status, code, "Please retry.")(w, r, pass)
	}
}

func TestKeysRecogniseTheirOwnWrites(t *testing.T) {
	for name, fault := range keyFaults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, p := faultyKeys(t)
			p.Add(faultproxy.Rule{Method: http.MethodPut, Times: 2, Fault: fault})
			first, err := k.Create(t.Context(), "a", []byte("one"))
			if err != nil {
				t.Fatal(err)
			}
			p.Add(faultproxy.Rule{Method: http.MethodPut, Times: 2, Fault: fault})
			second, err := k.Replace(t.Context(), "a", []byte("two"), first)
			if err != nil {
				t.Fatal(err)
			}
			value, version, err := k.Get(t.Context(), "a")
			if err != nil || string(value) != "two" || version != second || first == second {
				t.Errorf("Get = %q, %q, %v; want two, %q", value, version, err, second)
			}
			if _, err := k.Create(t.Context(), "a", []byte("three")); !errors.Is(err, fs.ErrExist) {
				t.Errorf("Create: %v, want fs.ErrExist", err)
			}
			if _, err := k.Replace(t.Context(), "a", []byte("three"), first); !errors.Is(err, store.ErrConflict) {
				t.Errorf("Replace: %v, want store.ErrConflict", err)
			}
		})
	}
}

func TestKeysLoseToAnother(t *testing.T) {
	k, p := faultyKeys(t)
	if _, err := k.Create(t.Context(), "a", []byte("theirs")); err != nil {
		t.Fatal(err)
	}
	p.Add(faultproxy.Rule{Method: http.MethodPut, Fault: faultproxy.SlowDown})
	_, err := k.Create(t.Context(), "a", []byte("ours"))
	if !errors.Is(err, fs.ErrExist) || !strings.HasPrefix(err.Error(), k.String()+"/a: put: ") {
		t.Errorf("got %v, want fs.ErrExist", err)
	}
}

// The server says that the key is there. A read that does not see it is behind.
func TestKeysBelieveTheConflict(t *testing.T) {
	k, p := faultyKeys(t)
	if _, err := k.Create(t.Context(), "a", []byte("theirs")); err != nil {
		t.Fatal(err)
	}
	p.Add(faultproxy.Rule{Method: http.MethodGet, Fault: faultproxy.Answer(404, "NoSuchKey", "The specified key does not exist.")})
	if _, err := k.Create(t.Context(), "a", []byte("ours")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v, want fs.ErrExist", err)
	}
}

func TestKeysReadFaults(t *testing.T) {
	k, p := faultyKeys(t)
	value := bytes.Repeat([]byte("v"), store.MaxValue)
	if _, err := k.Create(t.Context(), "a", value); err != nil {
		t.Fatal(err)
	}
	p.Add(faultproxy.Rule{Method: http.MethodGet, Fault: faultproxy.CutResponse(1000)})
	p.Add(faultproxy.Rule{Method: http.MethodGet, Fault: faultproxy.SlowDown})
	if got, _, err := k.Get(t.Context(), "a"); err != nil || !bytes.Equal(got, value) {
		t.Errorf("Get = %d bytes, %v", len(got), err)
	}
}

func TestKeysRefuseForeignGiants(t *testing.T) {
	loc, cfg := bucket(t)
	put(t, open(t, loc, cfg), "a", part)
	if _, _, err := openKeys(t, loc, cfg).Get(t.Context(), "a"); err == nil || !strings.Contains(err.Error(), "limit") {
		t.Errorf("got %v", err)
	}
}

func TestKeysWantABucket(t *testing.T) {
	if _, err := store.OpenKeys(t.Context(), store.Location{Dir: "out"}, store.Config{}); err == nil {
		t.Error("OpenKeys of a directory succeeds")
	}
	loc, cfg := bucket(t)
	loc.Bucket = "amiforge-no-such-bucket"
	k := openKeys(t, loc, cfg)
	if _, err := k.Create(t.Context(), "a", []byte("x")); !errors.Is(err, store.ErrBucket) {
		t.Errorf("Create: %v, want store.ErrBucket", err)
	}
	if _, err := k.Replace(t.Context(), "a", []byte("x"), "v"); !errors.Is(err, store.ErrBucket) {
		t.Errorf("Replace: %v, want store.ErrBucket", err)
	}
}

func TestProbe(t *testing.T) {
	loc, cfg := bucket(t)
	k := openKeys(t, loc, cfg)
	if err := k.Probe(t.Context()); err != nil {
		t.Error(err)
	}
	for entry, err := range k.List(t.Context(), "") {
		t.Errorf("probe left %q behind, %v", entry.Key, err)
	}
}

// accept stores everything, as a server does that ignores conditions.
func accept(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	w.Header().Set("ETag", `"0123456789abcdef0123456789abcdef"`)
}

func TestProbeFindsServersThatIgnoreConditions(t *testing.T) {
	tests := []struct {
		name string
		rule faultproxy.Rule
		want string
	}{
		{"both", faultproxy.Rule{Times: faultproxy.Always}, "If-Match wrote a missing key"},
		{"If-None-Match", faultproxy.Rule{Skip: 1, Times: 7}, "succeeded"},
		{"If-Match", faultproxy.Rule{Skip: 10, Times: 1}, "If-Match replaced another version"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			k, p := faultyKeys(t)
			test.rule.Method, test.rule.Fault = http.MethodPut, accept
			p.Add(test.rule)
			if err := k.Probe(t.Context()); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
