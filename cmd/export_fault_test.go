package cmd_test

import (
	"path"
	"strings"
	"testing"

	"amiforge/internal/faultproxy"
	"amiforge/internal/miniotest"
)

// TestExportFaults puts faults between ami-export and the server: what is temporary is got over, what persists ends
// it with the server's own words. Either way there is the whole image or nothing.
func TestExportFaults(t *testing.T) {
	server := miniotest.Start(t)
	const part, object = "/good/image.part.01", "/exports/disk"
	denied := faultproxy.Answer(403, "AccessDenied", "Access Denied.")
	tests := []struct {
		name         string
		method, path string
		fault        faultproxy.Fault
		times        int
		status       int
		says         string
	}{
		{"503 twice while reading", "GET", part, faultproxy.SlowDown, 2, 0, ""},
		{"reset while reading", "GET", part, faultproxy.CutResponse(1 << 20), 1, 0, ""},
		{"503 always while reading", "GET", part, faultproxy.SlowDown, faultproxy.Always, 1, "image.part.01: get: 503 SlowDown: Please reduce your request rate (6 attempts)"},
		{"denied while reading", "GET", part, denied, 1, 3, "image.part.01: get: 403 AccessDenied: Access Denied"},
		{"503 twice at the beginning", "POST", object, faultproxy.SlowDown, 2, 0, ""},
		{"503 twice while writing", "PUT", object, faultproxy.SlowDown, 2, 0, ""},
		{"reset while writing", "PUT", object, faultproxy.CutRequest(1 << 20), 1, 0, ""},
		{"answer lost while writing", "PUT", object, faultproxy.DropResponse, 1, 0, ""},
		{"503 always while writing", "PUT", object, faultproxy.SlowDown, faultproxy.Always, 1, "503 SlowDown: Please reduce your request rate (6 attempts)"},
		{"denied at the beginning", "POST", object, denied, 1, 3, object + ": begin upload: 403 AccessDenied: Access Denied"},
		{"denied while writing", "PUT", object, denied, 1, 3, ": 403 AccessDenied: Access Denied"},
		{"refused before a word", "", "", faultproxy.Refuse, 2, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel() // most of the time is spent waiting between attempts
			b, p, bucket := s3Bench(t, server)
			b.image("disk.raw", 24<<20)
			b.want(0, "ami-bundle", "disk.raw", "--part-size", "5M", "--to", bucket+"/good")
			b.mkdir("out")
			outputs := []string{bucket + object}
			if tt.method == "GET" {
				outputs = append(outputs, "out/disk")
			}
			for _, output := range outputs {
				p.Add(faultproxy.Rule{Method: tt.method, Path: tt.path, Fault: tt.fault, Times: tt.times})
				e := b.want(tt.status, "ami-export", bucket+"/good/image.manifest.xml", "-f", "vhd", "-o", output)
				if !strings.Contains(e.stderr, tt.says) || strings.Contains(e.stdout, output) != (tt.status == 0) {
					t.Errorf("it says %q and %q, want %q", e.stdout, e.stderr, tt.says)
				}
				t.Log(e.stderr)
				b.exported(server, output, tt.status == 0)
			}
		})
	}
}

// exported wants an output to be the whole image, or not to be there, and nothing beside it.
func (b *bench) exported(server *miniotest.Server, output string, done bool) {
	b.Helper()
	dir, _ := path.Split(output)
	names, file := b.names(dir), output
	bucket, inBucket := strings.CutSuffix(dir, "/exports/")
	if inBucket {
		names, file = strings.Join(b.objects(dir), " "), "fetched"
	}
	switch {
	case !done && names != "" || done && names != "disk":
		b.Errorf("in %s: %q", dir, names)
	case done && inBucket:
		b.fetch(dir, "disk", file)
		fallthrough
	case done:
		b.wholeImage(file)
	}
	if !inBucket {
		return
	}
	if left := b.uploads(server, bucket, "exports/disk"); len(left) > 0 {
		b.Errorf("uploads are left: %v", left)
	}
}

// TestExportDamagedBundle exports a bundle that is not whole: as with ami-unbundle, the part is named, and there is
// no image.
func TestExportDamagedBundle(t *testing.T) {
	server := miniotest.Start(t)
	tests := []struct {
		name   string
		damage func(b *bench, location string)
		status int
		says   string
	}{
		{"changed", func(b *bench, location string) { b.damage(location, "image.part.02") }, 4, "part image.part.02: sha1 is "},
		{"missing", func(b *bench, location string) {
			if err := b.open(location).Remove(b.Context(), "image.part.02"); err != nil {
				b.Fatal(err)
			}
		}, 5, "part image.part.02: s3://"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, _, bucket := s3Bench(t, server)
			b.image("disk.raw", 24<<20)
			manifest := bucket + "/good/image.manifest.xml"
			b.want(0, "ami-bundle", "disk.raw", "--part-size", "5M", "--to", bucket+"/good")
			tt.damage(b, bucket+"/good")
			b.mkdir("out")
			theirs := b.want(tt.status, "ami-unbundle", "-q", manifest, "-o", "out/image")
			for _, flags := range exportKinds() {
				for _, output := range []string{"out/disk", bucket + "/exports/disk"} {
					e := b.want(tt.status, append([]string{"ami-export", "-q", manifest, "-o", output}, flags...)...)
					if message := strings.Replace(theirs.stderr, "ami-unbundle", "ami-export", 1); e.stderr != message || !strings.Contains(message, tt.says) {
						t.Errorf("it says %q, want %q", e.stderr, message)
					}
					b.exported(server, output, false)
				}
			}
		})
	}
}

// TestExportNoBucket exports to a bucket that is not there, or not for us: that is found before the image is read.
func TestExportNoBucket(t *testing.T) {
	server := miniotest.Start(t)
	b, p, bucket := s3Bench(t, server)
	b.image("disk.raw", 12<<20)
	manifest := bucket + "/good/image.manifest.xml"
	b.want(0, "ami-bundle", "disk.raw", "--part-size", "5M", "--to", bucket+"/good")
	e := b.want(3, "ami-export", manifest, "-o", "s3://amiforge-no-such-bucket/disk.vmdk")
	if !strings.Contains(e.stderr, "404 NoSuchBucket: The specified bucket does not exist; make the bucket") {
		t.Errorf("it says %q", e.stderr)
	}
	b.env = append(b.env, server.Session(t, miniotest.NoAccess).Env()...)
	b.env = append(b.env, "AWS_ENDPOINT_URL_S3="+p.URL)
	b.want(3, "ami-export", "disk.raw", "-o", bucket+"/exports/disk.vmdk")
	if n := p.Requests("GET", "/good/image.part."); n > 0 {
		t.Errorf("%d parts were fetched", n)
	}
}
