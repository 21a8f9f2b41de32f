package cmd_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"amiforge/internal/faultproxy"
	"amiforge/internal/miniotest"
)

// TestExportInterrupt sends SIGINT and SIGTERM to ami-export in the middle of its work: nothing stands under the
// final name, or what stood there before, and it says so.
func TestExportInterrupt(t *testing.T) {
	server := miniotest.Start(t)
	const manifest = "BUCKET/good/image.manifest.xml"
	exports := []struct {
		name, method, path string // of the request in the midst of which the signal comes
		args               []string
		left               string // the name that nothing is left of
	}{
		{"to a file", "GET", "/image.part.02", []string{"ami-export", manifest, "-o", "out/disk.vmdk"}, "out/disk.vmdk"},
		{"to standard output", "GET", "/image.part.02", []string{"ami-export", manifest, "-f", "vhd", "-o", "-"}, ""},
		{"from a bucket to a bucket", "GET", "/image.part.02", []string{"ami-export", manifest, "-o", "BUCKET/exports/disk.vhd"}, "BUCKET/exports/disk.vhd"},
		{"to a bucket", "PUT", "/exports/disk.raw", []string{"ami-export", "disk.raw", "-o", "BUCKET/exports/disk.raw"}, "BUCKET/exports/disk.raw"},
		{"from a bucket to a bucket, a part", "PUT", "/exports/disk.vmdk", []string{"ami-export", manifest, "-o", "BUCKET/exports/disk.vmdk"}, "BUCKET/exports/disk.vmdk"},
		{"compare", "GET", "/image.part.02", []string{"ami-export", "--compare", manifest, "disk.raw"}, ""},
	}
	for _, x := range exports {
		for s, status := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
			t.Run(fmt.Sprintf("%s %v", x.name, s), func(t *testing.T) {
				b, p, bucket := s3Bench(t, server)
				b.image("disk.raw", 24<<20)
				b.want(0, "ami-bundle", "disk.raw", "--part-size", "5M", "--to", bucket+"/good")
				b.mkdir("out")
				g := newGate(t)
				p.Add(faultproxy.Rule{Method: x.method, Path: x.path, Fault: g.fault})
				args := strings.Split(strings.ReplaceAll(strings.Join(x.args, "\n"), "BUCKET", bucket), "\n")
				r := b.start(args...)
				<-g.arrived
				r.signal(s)
				e := r.wait()
				e.want(t, status, args...)
				if !strings.Contains(e.stderr, ": interrupted") {
					t.Errorf("it says %q", e.stderr)
				}
				left := strings.ReplaceAll(x.left, "BUCKET", bucket)
				if says := "nothing is left of it: " + left + " is as it was before\n"; left != "" && !strings.Contains(e.stderr, says) {
					t.Errorf("it says %q, want %q", e.stderr, says)
				}
				if names := b.names("out"); names != "" {
					t.Errorf("left behind: %s", names)
				}
				if names := b.objects(bucket + "/exports"); len(names) > 0 {
					t.Errorf("left behind: %v", names)
				}
				for _, object := range []string{"disk.vhd", "disk.raw", "disk.vmdk"} {
					if ids := b.uploads(server, bucket, "exports/"+object); len(ids) > 0 {
						t.Errorf("uploads are left: %v", ids)
					}
				}
				b.want(0, args...) // and again
			})
		}
	}
}

// TestExportInterruptLate sends SIGINT when the server has been asked to make the object out of its parts. It has
// some seconds to do that: then the image is there, and the command says so.
func TestExportInterruptLate(t *testing.T) {
	server := miniotest.Start(t)
	for name, status := range map[string]int{"in time": 0, "too late": 130} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // it waits for the answer
			b, p, bucket := s3Bench(t, server)
			b.image("disk.raw", 12<<20)
			output := bucket + "/exports/disk"
			g := newGate(t)
			p.Add(faultproxy.Rule{Method: "POST", Path: "/exports/disk", Skip: 1, Fault: g.fault})
			r := b.start("ami-export", "disk.raw", "-f", "vhd", "-o", output)
			<-g.arrived
			r.signal(syscall.SIGINT)
			if status == 0 {
				g.open()
			}
			e := r.wait()
			e.want(t, status, "ami-export")
			if says := "nothing is left of it: " + output + " is as it was before\n"; strings.Contains(e.stderr, says) != (status != 0) {
				t.Errorf("it says %q", e.stderr)
			}
			g.open()
			b.exported(server, output, status == 0)
		})
	}
}
