package cmd_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"amiforge/internal/faultproxy"
	"amiforge/internal/miniotest"
)

// A gate stops one request until the test has done something.
type gate struct {
	arrived chan struct{} // closed when the request has come
	opened  chan struct{}
	open    func() // lets it pass
}

// newGate returns a gate that is opened at the end of the test if it was not before.
func newGate(t *testing.T) *gate {
	opened := make(chan struct{})
	g := &gate{make(chan struct{}), opened, sync.OnceFunc(func() { close(opened) })}
	t.Cleanup(g.open)
	return g
}

func (g *gate) fault(w http.ResponseWriter, r *http.Request, pass http.Handler) {
	close(g.arrived)
	<-g.opened
	pass.ServeHTTP(w, r)
}

// s3Bench returns a bench with a bucket behind a proxy, and the bucket's location.
func s3Bench(t *testing.T, server *miniotest.Server) (b *bench, p *faultproxy.Proxy, bucket string) {
	t.Helper()
	p = faultproxy.New(t, server.Endpoint)
	return newBench(t, append(server.Env(), "AWS_ENDPOINT_URL_S3="+p.URL)...), p, "s3://" + server.NewBucket(t)
}

// TestInterrupt sends SIGINT, SIGTERM and SIGHUP to commands in the middle of their work: they say so, exit with the
// signal's status, and leave nothing wrong under a final name.
func TestInterrupt(t *testing.T) {
	server := miniotest.Start(t)
	commands := []struct {
		name   string
		method string // of the request in the midst of which the signal comes
		args   []string
		says   string
		clean  string // the directory that is empty afterwards
	}{
		{"bundle", "PUT", []string{"ami-bundle", "disk.raw", "--part-size", "5M", "--to", "BUCKET/new"}, "", ""},
		{"upload", "PUT", []string{"ami-upload", "-b", "BUCKET/new", "-m", "good/image.manifest.xml"}, "the same command again sends only what is missing", ""},
		{"download", "GET", []string{"ami-download", "BUCKET/good/image.manifest.xml", "-d", "back"}, "the same command again sends only what is missing", ""},
		{"unbundle", "GET", []string{"ami-unbundle", "-m", "BUCKET/good/image.manifest.xml", "-o", "out/image"}, "", "out"},
		{"verify", "GET", []string{"ami-unbundle", "-m", "BUCKET/good/image.manifest.xml", "--verify"}, "", ""},
		{"stdout", "GET", []string{"ami-unbundle", "-m", "BUCKET/good/image.manifest.xml", "-o", "-"}, "", ""},
	}
	signals := []struct {
		signal  syscall.Signal
		status  int
		message string
	}{
		{syscall.SIGINT, 130, "interrupted"},
		{syscall.SIGTERM, 143, "interrupted by SIGTERM"},
		{syscall.SIGHUP, 129, "interrupted by SIGHUP"},
	}
	for _, c := range commands {
		for _, s := range signals {
			t.Run(fmt.Sprintf("%s %v", c.name, s.signal), func(t *testing.T) {
				b, p, bucket := s3Bench(t, server)
				b.image("disk.raw", 12<<20)
				b.want(0, "ami-bundle", "disk.raw", "-r", "x86_64", "--part-size", "5M", "-d", "good")
				b.want(0, "ami-upload", "-b", bucket+"/good", "-m", "good/image.manifest.xml")
				b.mkdir("out")
				g := newGate(t)
				p.Add(faultproxy.Rule{Method: c.method, Path: "/image.part.02", Fault: g.fault})
				args := strings.Split(strings.ReplaceAll(strings.Join(c.args, "\n"), "BUCKET", bucket), "\n")
				r := b.start(args...)
				<-g.arrived
				r.signal(s.signal)
				e := r.wait()
				e.want(t, s.status, args...)
				t.Log(e.stderr)
				if !strings.Contains(e.stderr, ": "+s.message+"\n") || !strings.Contains(e.stderr, c.says) {
					t.Errorf("it says %q, want %q", e.stderr, s.message+" … "+c.says)
				}
				if c.name != "stdout" && e.stdout != "" {
					t.Errorf("on standard output: %s", e.stdout)
				}
				if names := b.names("out"); names != "" {
					t.Errorf("left behind: %s", names)
				}
				if b.exists("back/image.manifest.xml") {
					t.Error("a manifest was written")
				}
				b.want(5, "ami-unbundle", "-m", bucket+"/new/image.manifest.xml", "--verify")
				if left := b.objects(bucket + "/new"); c.name == "bundle" && len(left) > 0 {
					t.Errorf("left behind: %v", left)
				}
				b.want(0, args...) // and again
			})
		}
	}
}

// TestLaterInterrupt kills a command whose cleaning up takes too long for the user.
func TestLaterInterrupt(t *testing.T) {
	b, p, bucket := s3Bench(t, miniotest.Start(t))
	b.image("disk.raw", 12<<20)
	put, remove := newGate(t), newGate(t)
	p.Add(faultproxy.Rule{Method: "PUT", Path: "/image.part.02", Fault: put.fault})
	p.Add(faultproxy.Rule{Method: "DELETE", Fault: remove.fault})
	r := b.start("ami-bundle", "disk.raw", "--part-size", "5M", "--to", bucket+"/new")
	<-put.arrived
	r.signal(syscall.SIGINT)
	<-remove.arrived
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		for again := time.Tick(50 * time.Millisecond); ; {
			select {
			case <-again:
				r.Process.Signal(syscall.SIGINT) // fails once it is dead
			case <-ended:
				return
			}
		}
	}()
	if e := r.wait(); e.status != -int(syscall.SIGINT) {
		t.Errorf("status is %d, want killed by SIGINT\n%s", e.status, e.stderr)
	}
}
