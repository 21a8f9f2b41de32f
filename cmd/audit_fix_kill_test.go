package cmd_test

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestKillFix kills the making of cleaned copies at random moments. No copy stands under its name unless it is whole; the
// next run clears away what was left, and makes the same copy.
func TestKillFix(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	b := volumeBench(t, "SOURCE_DATE_EPOCH=1700000000")
	b.mkdir("want")
	b.want(0, "ami-bundle", "--volume", "tree", "--disk-only", "-o", "disk")
	b.want(0, "ami-audit", "--fix", "disk", "-o", "want/copy")
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	k := &killer{bench: b, random: rand.New(rand.NewPCG(seed, 0)), rounds: rounds}
	args := []string{"ami-audit", "--fix", "disk", "-o", "out/copy"}
	b.mkdir("out")
	k.measure(args...)
	k.remove("./out")
	for n := range rounds {
		b.mkdir("out")
		k.kill(n, args...)
		if k.exists("out/copy") {
			k.same("want/copy", "out/copy")
		}
		k.want(0, append(args, "--force")...)
		k.same("want/copy", "out/copy")
		if names := k.names("out"); names != "copy" {
			t.Fatalf("round %d: left behind: %s", n, names)
		}
		k.remove("./out")
	}
}
