package cmd_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"amiforge/internal/faultproxy"
	"amiforge/internal/miniotest"
)

// TestKillDeleteBundle kills ami-deregister --delete-bundle at random moments. The same command again ends the image
// and takes away what is left of its bundle.
func TestKillDeleteBundle(t *testing.T) {
	rounds := 20
	if testing.Short() {
		rounds = 3
	}
	b := newBench(t, "AMI_REGISTRY=store")
	b.image("disk.raw", 24<<20)
	b.want(0, "ami-bundle", "disk.raw", "-r", "x86_64", "--part-size", "5M", "--to", "good")
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	k := &killer{bench: b, random: rand.New(rand.NewPCG(seed, 0)), rounds: rounds}
	k.measure(b.bundled("./measured")...)
	for n := range rounds {
		at := fmt.Sprintf("./round-%d", n)
		args := b.bundled(at)
		k.kill(n, args...)
		b.bundleGoes(at, args)
	}
}

// TestKillDeleteBundleAtRequest kills it at each of its writes and deletions in a bucket, once before the server hears
// of it and once after it has done it: between the end of the image and that of its bundle too.
func TestKillDeleteBundleAtRequest(t *testing.T) {
	b, p, bucket := s3Bench(t, miniotest.Start(t))
	b.env = append(b.env, "AMI_REGISTRY="+bucket)
	b.image("disk.raw", 12<<20)
	b.want(0, "ami-bundle", "disk.raw", "-r", "x86_64", "--part-size", "5M", "--to", "good")
	b.want(0, b.bundled(bucket+"/first")...) // and probe the server
	deletions := 0
	for _, rule := range []faultproxy.Rule{{Method: "PUT", Path: "/.registry/"}, {Method: "DELETE", Path: "/image."}} {
		for ; ; rule.Skip++ {
			killed := false
			for _, done := range []bool{false, true} {
				at := fmt.Sprintf("%s/%s-%d-%t", bucket, rule.Method, rule.Skip, done)
				args := b.bundled(at)
				killed = b.killAt(p, rule, done, args)
				if killed {
					b.bundleGoes(at, args)
				}
			}
			if t.Failed() || !killed { // it has fewer requests
				break
			}
			if rule.Method == "DELETE" {
				deletions++
			}
		}
	}
	if deletions != 5 {
		t.Errorf("killed at %d deletions, want 3 parts, the report and the manifest", deletions)
	}
}

// bundled puts a bundle at a location and registers it. It returns the command that ends the image with its bundle.
func (b *bench) bundled(at string) []string {
	b.Helper()
	b.want(0, "ami-upload", "-b", at, "-m", "good/image.manifest.xml")
	id := b.register(at+"/image.manifest.xml", nameOf(at))
	return []string{"ami-deregister", id, "--delete-bundle"}
}

func nameOf(at string) string { return at[strings.LastIndexByte(at, '/')+1:] }

// bundleGoes runs the command again and wants image and bundle to be gone. It may find no manifest any more: the
// first run came to its end.
func (b *bench) bundleGoes(at string, args []string) {
	b.Helper()
	left := b.objects(at)
	e := b.run(args...)
	if e.status != 0 && !(e.status == 5 && len(left) == 0) {
		b.Errorf("%s: status %d, of the bundle were left %v\n%s", at, e.status, left, e.stderr)
	}
	if left := b.objects(at); len(left) > 0 {
		b.Errorf("%s: of the bundle are left %v", at, left)
	}
	if images := b.describe(nameOf(at)); len(images) > 0 {
		b.Errorf("%s: still there: %+v", at, images)
	}
}
