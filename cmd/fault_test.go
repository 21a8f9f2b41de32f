package cmd_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"amiforge/internal/faultproxy"
	"amiforge/internal/miniotest"
)

// TestFaults puts faults between the binaries and the server: what is temporary is got over, what persists
// ends the command with the server's own words, or with what broke.
func TestFaults(t *testing.T) {
	server := miniotest.Start(t)
	skewed := faultproxy.Answer(http.StatusForbidden, "RequestTimeTooSkewed",
		"The difference between the request time and the current time is too large.")
	const skew = "RequestTimeTooSkewed: The difference between the request time and the current time is too large; set this machine's clock"
	tests := []struct {
		name   string
		method string
		fault  faultproxy.Fault
		times  int
		status int
		says   string
	}{
		{"503 twice while writing", "PUT", faultproxy.SlowDown, 2, 0, ""},
		{"503 twice while reading", "GET", faultproxy.SlowDown, 2, 0, ""},
		{"503 always while writing", "PUT", faultproxy.SlowDown, faultproxy.Always, 1, "put: 503 SlowDown: Please reduce your request rate (6 attempts)"},
		{"503 always while reading", "GET", faultproxy.SlowDown, faultproxy.Always, 1, "get: 503 SlowDown: Please reduce your request rate (6 attempts)"},
		{"reset while writing", "PUT", faultproxy.CutRequest(1 << 20), 1, 0, ""},
		{"reset while reading", "GET", faultproxy.CutResponse(1 << 20), 1, 0, ""},
		{"reset always while writing", "PUT", faultproxy.CutRequest(1 << 10), faultproxy.Always, 1, "(6 attempts)"},
		{"reset always while reading", "GET", faultproxy.CutResponse(1 << 10), faultproxy.Always, 1, "(6 attempts)"},
		{"answer lost", "PUT", faultproxy.DropResponse, 1, 0, ""},
		{"refused before a word", "", faultproxy.Refuse, 2, 0, ""},
		{"clock skew while writing", "PUT", skewed, 1, 3, skew},
		{"clock skew while reading", "GET", skewed, 1, 3, skew},
		{"denied while writing", "PUT", faultproxy.Answer(403, "AccessDenied", "Access Denied."), 1, 3, "put: 403 AccessDenied: Access Denied"},
		{"denied while reading", "GET", faultproxy.Answer(403, "AccessDenied", "Access Denied."), 1, 3, "get: 403 AccessDenied: Access Denied"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel() // most of the time is spent waiting between attempts
			b, p, bucket := s3Bench(t, server)
			b.image("disk.raw", 12<<20)
			b.want(0, "ami-bundle", "disk.raw", "-r", "x86_64", "--part-size", "5M", "-d", "good")
			b.want(0, "ami-upload", "-b", bucket+"/good", "-m", "good/image.manifest.xml")
			b.mkdir("out")
			commands := [][]string{
				{"ami-bundle", "disk.raw", "--part-size", "5M", "--to", bucket + "/bundled"},
				{"ami-upload", "-b", bucket + "/sent", "-m", "good/image.manifest.xml"},
			}
			if tt.method == "GET" {
				commands = [][]string{
					{"ami-download", bucket + "/good/image.manifest.xml", "-d", "back"},
					{"ami-unbundle", "-m", bucket + "/good/image.manifest.xml", "-o", "out/image"},
				}
			}
			for _, args := range commands {
				p.Add(faultproxy.Rule{Method: tt.method, Path: "/image.part.01", Fault: tt.fault, Times: tt.times})
				e := b.want(tt.status, args...)
				if !strings.Contains(e.stderr, tt.says) {
					t.Errorf("%s says %q, want %q", args[0], e.stderr, tt.says)
				}
				t.Log(e.stderr)
			}
			b.faultless(t, bucket, tt.method, tt.status == 0)
		})
	}
}

// faultless wants what was written to be whole, or not to be there.
func (b *bench) faultless(t *testing.T, bucket, method string, done bool) {
	t.Helper()
	if method == "GET" {
		if b.exists("out/image") != done || b.exists("back/image.manifest.xml") != done {
			t.Errorf("written: %q and %q", b.names("out"), b.names("back"))
		}
		if done {
			b.same("disk.raw", "out/image")
			b.want(0, "ami-unbundle", "-m", "back/image.manifest.xml", "--verify")
		} else if names := b.names("out"); names != "" {
			t.Errorf("left behind: %s", names)
		}
		return
	}
	status := 5
	if done {
		status = 0
	}
	b.want(status, "ami-unbundle", "-m", bucket+"/bundled/image.manifest.xml", "--verify")
	b.want(status, "ami-unbundle", "-m", bucket+"/sent/image.manifest.xml", "--verify")
	if left := b.objects(bucket + "/bundled"); !done && len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestChangingImage changes an image while ami-bundle reads it: the bundle would be of no moment's image, and
// there is none.
func TestChangingImage(t *testing.T) {
	server := miniotest.Start(t)
	const size = 96 << 20 // more than is in memory while the first part waits to be stored
	tests := []struct {
		name   string
		change func(path string) error
		says   []string
	}{
		{"shrinks", func(path string) error { return os.Truncate(path, size/2) }, []string{"image ends at byte 50331648", "size changed from"}},
		{"becomes empty", func(path string) error { return os.Truncate(path, 0) }, []string{"image ends at byte", "size changed from"}},
		{"grows", func(path string) error { return os.Truncate(path, size+1) }, []string{"size changed from 100663296 to 100663297 bytes while it was read"}},
		{"is written to", func(path string) error { return overwrite(path, 1) }, []string{"was written to while it was read"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, p, bucket := s3Bench(t, server)
			b.image("disk.raw", size)
			g := newGate(t)
			p.Add(faultproxy.Rule{Method: "PUT", Path: "/image.part.00", Fault: g.fault})
			r := b.start("ami-bundle", "disk.raw", "--to", bucket+"/new", "--compression-level", "1")
			<-g.arrived
			if err := tt.change(b.path("disk.raw")); err != nil {
				t.Fatal(err)
			}
			g.open()
			e := r.wait()
			e.want(t, 1, "ami-bundle")
			if !strings.Contains(e.stderr, tt.says[0]) && !strings.Contains(e.stderr, tt.says[len(tt.says)-1]) {
				t.Errorf("it says %q, want %q", e.stderr, tt.says)
			}
			if left := b.objects(bucket + "/new"); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// overwrite writes a byte in the place of another.
func overwrite(path string, at int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteAt([]byte("x"), at)
	return err
}
