package faultproxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// echo answers with the Host header, the request's body and a megabyte, and counts its calls.
func echo(calls *atomic.Int32) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		calls.Add(1)
		w.Header().Set("X-Host", r.Host)
		w.Header().Set("X-Body", string(body))
		w.Write(make([]byte, 1<<20))
	}
}

func start(t *testing.T) (*Proxy, *atomic.Int32) {
	t.Helper()
	calls := new(atomic.Int32)
	server := httptest.NewServer(echo(calls))
	t.Cleanup(server.Close)
	return New(t, server.URL), calls
}

func do(t *testing.T, p *Proxy, method, path, body string) (*http.Response, int, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, p.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "bucket.example.com"
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	return resp, int(n), err
}

func TestPassKeepsHostAndBody(t *testing.T) {
	p, _ := start(t)
	resp, n, err := do(t, p, http.MethodPut, "/b/x%20y", "hello")
	if err != nil {
		t.Fatal(err)
	}
	if got := resp.Header.Get("X-Host"); got != "bucket.example.com" {
		t.Errorf("host = %q", got)
	}
	if resp.Header.Get("X-Body") != "hello" || n != 1<<20 {
		t.Errorf("body = %q, answer of %d bytes", resp.Header.Get("X-Body"), n)
	}
	if got := p.Requests(http.MethodPut, "x y"); got != 1 {
		t.Errorf("counted %d requests, want 1", got)
	}
}

func TestRuleCounts(t *testing.T) {
	p, calls := start(t)
	p.Add(Rule{Method: http.MethodGet, Path: "part", Skip: 1, Times: 2, Fault: SlowDown})
	var got []int
	for range 5 {
		resp, _, err := do(t, p, http.MethodGet, "/part", "")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, resp.StatusCode)
	}
	for i, want := range []int{200, 503, 503, 200, 200} {
		if got[i] != want {
			t.Errorf("request %d: status %d, want %d", i, got[i], want)
		}
	}
	if calls.Load() != 3 {
		t.Errorf("server was called %d times, want 3", calls.Load())
	}
}

func TestAlways(t *testing.T) {
	p, calls := start(t)
	p.Add(Rule{Times: Always, Fault: Answer(403, "AccessDenied", "no")})
	for range 3 {
		if resp, _, err := do(t, p, http.MethodGet, "/x", ""); err != nil || resp.StatusCode != 403 {
			t.Errorf("got %v, %v", resp, err)
		}
	}
	if calls.Load() != 0 {
		t.Errorf("server was called")
	}
}

func TestBrokenConnections(t *testing.T) {
	tests := []struct {
		name  string
		fault Fault
		calls int32 // what the server did
		bytes int   // of the answer's body, at most
	}{
		{"refuse", Refuse, 0, 0},
		{"request cut", CutRequest(1000), 0, 0},
		{"response cut at once", CutResponse(0), 1, 0},
		{"response cut", CutResponse(5000), 1, 5000},
		{"response dropped", DropResponse, 1, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, calls := start(t)
			p.Add(Rule{Method: http.MethodPut, Fault: test.fault})
			_, n, err := do(t, p, http.MethodPut, "/x", string(bytes.Repeat([]byte("x"), 100_000)))
			if err == nil {
				t.Error("no error")
			}
			if n > test.bytes {
				t.Errorf("read %d bytes, want at most %d", n, test.bytes)
			}
			if calls.Load() != test.calls {
				t.Errorf("server did the work %d times, want %d", calls.Load(), test.calls)
			}
		})
	}
}

func TestEndResponseCountsBytes(t *testing.T) {
	for _, want := range []int64{0, 1, 5000, 1<<20 - 1} {
		p, _ := start(t)
		p.Add(Rule{Fault: EndResponse(want)})
		_, n, err := do(t, p, http.MethodGet, "/x", "")
		if !errors.Is(err, io.ErrUnexpectedEOF) || int64(n) != want {
			t.Errorf("read %d bytes, %v; want %d", n, err, want)
		}
	}
}

func TestHangEndsWithTheClient(t *testing.T) {
	for name, fault := range map[string]Fault{"hang": Hang, "delay": Delay(time.Hour)} {
		t.Run(name, func(t *testing.T) {
			p, _ := start(t)
			p.Add(Rule{Fault: fault})
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := http.DefaultClient.Do(req); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestDropHeader(t *testing.T) {
	p, _ := start(t)
	p.Add(Rule{Fault: DropHeader("X-Host")})
	resp, _, err := do(t, p, http.MethodGet, "/x", "")
	if err != nil {
		t.Fatal(err)
	}
	if resp.Header.Get("X-Host") != "" {
		t.Error("header is still there")
	}
}
