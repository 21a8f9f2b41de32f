// Package faultproxy puts faults between an S3 client and a real server in tests.
//
// A Proxy listens on loopback and passes requests on unchanged, with the client's Host header, which an S3
// signature covers. Rules pick requests and do something else with them:
//
//	p := faultproxy.New(t, server.Endpoint)
//	p.Add(faultproxy.Rule{Method: "PUT", Path: "image.part.03", Fault: faultproxy.SlowDown})
//
// makes the first PUT of that part fail with 503 and lets its second one through.
package faultproxy

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// Always is the Rule.Times of a fault that does not end.
const Always = -1

// A Rule says which requests meet a fault.
type Rule struct {
	Method string // "" for any
	Path   string // must be part of the URL's path; "" for any
	Skip   int    // how many requests that match are let through first
	Times  int    // how many then meet the fault: 0 means 1
	Fault  Fault
}

func (r *Rule) matches(req *http.Request) bool {
	return (r.Method == "" || r.Method == req.Method) && strings.Contains(req.URL.Path, r.Path)
}

// A Proxy passes requests to a server, and faults to its client.
type Proxy struct {
	URL string // to use as the endpoint

	pass  http.Handler
	mu    sync.Mutex
	rules []*Rule
	seen  []string // "METHOD path" of every request
}

// New starts a proxy to target, http://host:port, that is stopped at the end of the test.
func New(t testing.TB, target string) *Proxy {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil || u.Host == "" {
		t.Fatalf("faultproxy: target %q is not http://host:port (%v)", target, err)
	}
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 32}
	p := &Proxy{pass: duplex(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(u)
			r.Out.Host = r.In.Host
		},
		Transport:     transport,
		FlushInterval: -1,
		ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, _ error) { reset(w) },
		ErrorLog:      log.New(io.Discard, "", 0),
	})}
	server := httptest.NewUnstartedServer(p)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	p.URL = server.URL
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		transport.CloseIdleConnections()
	})
	return p
}

// duplex lets a handler read the request's body while it answers. Otherwise net/http closes the body when the
// answer begins, and a transport that has not seen its end by then drops the connection to the server.
func duplex(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex() // a recorder cannot, and need not
		h.ServeHTTP(w, r)
	})
}

// Add adds a rule. Of several that match a request the one that was added first, and is not used up, acts.
func (p *Proxy) Add(r Rule) {
	if r.Times == 0 {
		r.Times = 1
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = append(p.rules, &r)
}

// Clear removes the rules. What they have picked already meets its fault.
func (p *Proxy) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = nil
}

// Requests counts the requests that came in, with the method ("" for any) and with path in their path.
func (p *Proxy) Requests(method, path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, s := range p.seen {
		m, at, _ := strings.Cut(s, " ")
		if (method == "" || m == method) && strings.Contains(at, path) {
			n++
		}
	}
	return n
}

// ServeHTTP handles one request.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if fault := p.pick(r); fault != nil {
		fault(w, r, p.pass)
		return
	}
	p.pass.ServeHTTP(w, r)
}

// pick notes the request and returns the fault that is its share, or nil.
func (p *Proxy) pick(r *http.Request) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = append(p.seen, r.Method+" "+r.URL.Path)
	for _, rule := range p.rules {
		if rule.Times == 0 || !rule.matches(r) {
			continue
		}
		if rule.Skip > 0 {
			rule.Skip--
			continue
		}
		if rule.Times > 0 {
			rule.Times--
		}
		return rule.Fault
	}
	return nil
}
