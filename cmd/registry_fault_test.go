package cmd_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"amiforge/internal/faultproxy"
	"amiforge/internal/miniotest"
)

// TestFaultsOfRecords puts faults between the commands of an image's life and the server that has the records: the
// commands end well, no image is there twice and no change is lost.
func TestFaultsOfRecords(t *testing.T) {
	server := miniotest.Start(t)
	busy := faultproxy.Answer(http.StatusConflict, "ConditionalRequestConflict", "Please retry.")
	always := func(method string, fault faultproxy.Fault) []faultproxy.Rule {
		return []faultproxy.Rule{{Method: method, Fault: fault, Times: faultproxy.Always}}
	}
	twice := func(method string, fault faultproxy.Fault) []faultproxy.Rule {
		return []faultproxy.Rule{{Method: method, Fault: fault, Times: 2}}
	}
	tests := map[string][]faultproxy.Rule{ // for each command and kind of record
		"503 while reading":      twice("GET", faultproxy.SlowDown),
		"503 while writing":      twice("PUT", faultproxy.SlowDown),
		"503, but done":          twice("PUT", doneBut(faultproxy.SlowDown)),
		"409":                    twice("PUT", busy),
		"409, but done":          twice("PUT", doneBut(busy)),
		"answer to a read lost":  twice("GET", faultproxy.DropResponse),
		"answer to a write lost": twice("PUT", faultproxy.DropResponse),
		"answer to a write cut":  twice("PUT", faultproxy.CutResponse(0)),
		"refused before a word":  twice("", faultproxy.Refuse),
		"stale reads":            always("GET", new(memory).fault),
		"stale reads and answers to writes lost": append(
			always("GET", new(memory).fault), twice("PUT", faultproxy.DropResponse)...),
	}
	for name, rules := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of the time is spent waiting between attempts
			b, p, bucket := s3Bench(t, server)
			b.env = append(b.env, "AMI_REGISTRY="+bucket)
			manifest := b.smallBundle(bucket)
			b.register(manifest, "first") // and probe the server
			l := &faultyLife{bench: b, proxy: p, bucket: bucket}
			for _, r := range rules {
				for _, kind := range []string{"images/", "names/", "copies/", "index/", "format"} {
					r.Path = "/.registry/v1/" + kind
					l.rules = append(l.rules, r)
				}
			}
			l.live(manifest)
		})
	}
}

// A faultyLife is a bench with faults before each command, and none while its work is looked at.
type faultyLife struct {
	*bench
	proxy  *faultproxy.Proxy
	bucket string
	rules  []faultproxy.Rule
}

func (l *faultyLife) arm() {
	for _, r := range l.rules {
		l.proxy.Add(r)
	}
}

func (l *faultyLife) want(status int, args ...string) ending {
	l.Helper()
	l.arm()
	defer l.proxy.Clear()
	return l.bench.want(status, args...)
}

// live takes an image through its life.
func (l *faultyLife) live(manifest string) {
	l.Helper()
	id := strings.TrimSpace(l.want(0, "ami-register", manifest, "-n", "web-1").stdout)
	e := l.want(1, "ami-register", manifest, "-n", "web-1")
	if !strings.Contains(e.stderr, "AMI name web-1 is already in use by AMI "+id+"\n") {
		l.Errorf("it says %q", e.stderr)
	}
	l.want(0, "ami-modify", id, "--add-user", "111122223333")
	l.want(0, "ami-modify", id, "--add-user", "444455556666", "--description", "changed")
	l.want(0, "ami-modify", id, "--tag", "a=b")
	if m := l.only("web-1"); m.ID != id || m.Description != "changed" ||
		!slices.Equal(m.users(), []string{"111122223333", "444455556666"}) {
		l.Errorf("it is %+v", m)
	}
	l.want(0, "ami-modify", id, "--remove-user", "111122223333,444455556666")
	l.arm()
	shared := l.shareAtOnce(id, 4)
	l.proxy.Clear()
	l.sharedWith(shared)
	l.copy(id)
	l.end("web-1", id)
}

// copy takes a copy of an image through its life.
func (l *faultyLife) copy(source string) {
	l.Helper()
	args := []string{"ami-copy", source, "-n", "copy", "--to", l.bucket + "/copies"}
	id := strings.TrimSpace(l.want(0, args...).stdout)
	if e := l.want(1, args...); !strings.Contains(e.stderr, "AMI name copy is already in use by AMI "+id+"\n") {
		l.Errorf("it says %q", e.stderr)
	}
	if m := l.only("copy"); m.ID != id {
		l.Errorf("it is %+v, want %s", m, id)
	}
	l.end("copy", id)
}

// end deregisters an image.
func (l *faultyLife) end(name, id string) {
	l.Helper()
	l.want(0, "ami-deregister", id)
	if images := l.describe(name); len(images) > 0 {
		l.Errorf("still there: %+v", images)
	}
}

// doneBut lets the server do the work and answers with another fault.
func doneBut(fault faultproxy.Fault) faultproxy.Fault {
	return func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		pass.ServeHTTP(httptest.NewRecorder(), r)
		fault(w, r, pass)
	}
}

// A memory answers every second read of an object with what the read before it got, as a store does whose replicas
// lag behind.
type memory struct {
	mu      sync.Mutex
	answers map[string]*httptest.ResponseRecorder // by path
}

func (m *memory) fault(w http.ResponseWriter, r *http.Request, pass http.Handler) {
	m.mu.Lock()
	defer m.mu.Unlock()
	answer, again := m.answers[r.URL.Path]
	if again {
		delete(m.answers, r.URL.Path)
	} else {
		answer = httptest.NewRecorder()
		pass.ServeHTTP(answer, r)
		if m.answers == nil {
			m.answers = map[string]*httptest.ResponseRecorder{}
		}
		m.answers[r.URL.Path] = answer
	}
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	w.Write(answer.Body.Bytes())
}
