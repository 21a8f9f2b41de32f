package cmd_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"amiforge/internal/miniotest"
)

// TestKillGC kills the removal of garbage at random moments. The same command again removes the rest, and a bundle
// that has an image is never touched.
func TestKillGC(t *testing.T) {
	rounds := 8
	if testing.Short() {
		rounds = 3
	}
	t.Run("directory", func(t *testing.T) {
		killGC(t, newBench(t), rounds, "./store-%d")
	})
	t.Run("bucket", func(t *testing.T) {
		server := miniotest.Start(t)
		bucket := server.NewBucket(t)
		killGC(t, newBench(t, server.Env()...), rounds, "s3://"+bucket+"/store-%d")
	})
}

func killGC(t *testing.T, b *bench, rounds int, where string) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	b.image("disk.raw", 24<<20)
	b.want(0, "ami-bundle", "disk.raw", "-r", "x86_64", "--part-size", "5M", "--to", "good")
	k := &killer{bench: b, random: rand.New(rand.NewPCG(seed, 0)), rounds: rounds}
	k.measure(k.garbage(fmt.Sprintf(where, rounds))...)
	for n := range rounds {
		at := fmt.Sprintf(where, n)
		command := k.garbage(at)
		k.kill(n, command...)
		k.want(0, command...)
		k.want(0, command...) // parts of the image whose manifest is gone are garbage once the image is
		if e := k.want(0, command...); e.stdout != "" {
			t.Errorf("round %d: still found:\n%s", n, e.stdout)
		}
		if kept := k.want(0, "ami-describe", "--registry", at).stdout; !strings.Contains(kept, "web") || strings.Contains(kept, "lost") {
			t.Errorf("round %d: images are\n%s", n, kept)
		}
		k.want(0, "ami-unbundle", "-m", at+"/web/image.manifest.xml", "--verify")
		for _, gone := range []string{"lone", "half", "lost"} {
			k.want(5, "ami-unbundle", "-m", at+"/"+gone+"/image.manifest.xml", "--verify")
		}
	}
}

// garbage makes a registry with its store at a location and garbage in it, and returns the command that removes it.
func (k *killer) garbage(at string) []string {
	k.Helper()
	for _, name := range []string{"web", "lone", "lost"} {
		k.want(0, "ami-bundle", "disk.raw", "-r", "x86_64", "--part-size", "5M", "--no-sync", "--to", at+"/"+name)
	}
	k.want(0, "ami-upload", "-b", at+"/half", "-m", "good/image.manifest.xml", "--skipmanifest")
	for _, name := range []string{"web", "lost"} {
		k.want(0, "ami-register", at+"/"+name+"/image.manifest.xml", "-n", name, "--registry", at)
	}
	k.hideManifest(at + "/lost")
	return []string{"ami-deregister", "--gc", "--registry", at, "--min-age", "0", "--yes"}
}

// hideManifest removes a bundle's manifest and puts its parts back.
func (k *killer) hideManifest(at string) {
	k.Helper()
	k.want(0, "ami-delete-bundle", at+"/image.manifest.xml")
	k.want(0, "ami-upload", "-b", at, "-m", "good/image.manifest.xml", "--skipmanifest")
}
