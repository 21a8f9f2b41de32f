package cmd_test

import (
	"strings"
	"testing"

	"amiforge/internal/faultproxy"
	"amiforge/internal/miniotest"
)

// TestExportManyAtOnce runs several exports with the same output at the same time: one of them makes the image, the
// others say that it is there. With --force the image is that of one of them.
func TestExportManyAtOnce(t *testing.T) {
	server := miniotest.Start(t)
	b, _, bucket := s3Bench(t, server)
	b.image("disk.raw", 24<<20)
	b.mkdir("out")
	tests := []struct {
		name, output, force string
		loses               string // what those say that make no image
	}{
		{"file", "out/disk", "", "out/disk already exists (--force replaces it)"},
		{"file with --force", "out/disk", "--force", "nothing: a name can be taken over and over"},
		{"object", bucket + "/exports/disk", "", "/exports/disk already exists (--force replaces it)"},
		{"object with --force", bucket + "/exports/disk", "--force", "another program may have replaced it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b.TB = t
			var all []*running
			for _, format := range []string{"raw", "vhd", "vmdk", "vmdk"} {
				args := []string{"ami-export", "disk.raw", "-f", format, "-o", tt.output, "--quiet"}
				all = append(all, b.start(append(args, strings.Fields(tt.force)...)...))
			}
			done := 0
			for _, r := range all {
				e := r.wait()
				if e.status == 0 {
					done++
				} else if !strings.Contains(e.stderr, tt.loses) {
					t.Errorf("status %d: %s", e.status, e.stderr)
				}
			}
			if done == 0 || done > 1 && tt.force == "" {
				t.Errorf("%d of %d succeeded", done, len(all))
			}
			b.exported(server, tt.output, true)
		})
	}
}

// TestExportTwoToDevice exports to a block device that another export is at work on.
func TestExportTwoToDevice(t *testing.T) {
	b, p, bucket := s3Bench(t, miniotest.Start(t))
	b.image("disk.raw", 24<<20)
	b.want(0, "ami-bundle", "disk.raw", "--part-size", "5M", "--to", bucket+"/good")
	device := b.loop("backing", 24<<20)
	g := newGate(t)
	p.Add(faultproxy.Rule{Method: "GET", Path: "/image.part.02", Fault: g.fault})
	first := b.start("ami-export", bucket+"/good/image.manifest.xml", "-f", "raw", "-o", device, "--force")
	<-g.arrived
	e := b.want(1, "ami-export", "disk.raw", "-f", "raw", "-o", device, "--force")
	if !strings.Contains(e.stderr, device+": device or resource busy") {
		t.Errorf("it says %q", e.stderr)
	}
	g.open()
	e = first.wait()
	e.want(t, 0, "the first")
	b.same("disk.raw", device)
}
