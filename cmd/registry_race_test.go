package cmd_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestRaceForName has processes register one name in a new registry: one wins, and the others are told which image
// has the name.
func TestRaceForName(t *testing.T) {
	onEachRegistry(t, func(t *testing.T, b *bench, manifest string) {
		const many = 24
		var all []*running
		for range many {
			all = append(all, b.start("ami-register", manifest, "-n", "web-1"))
		}
		var won []string
		var refused []ending
		for _, r := range all {
			if e := r.wait(); e.status == 0 {
				won = append(won, strings.TrimSpace(e.stdout))
			} else {
				refused = append(refused, e)
			}
		}
		if m := b.only("web-1"); !slices.Equal(won, []string{m.ID}) {
			t.Fatalf("%v won, the image is %s", won, m.ID)
		}
		want := "ami-register: InvalidAMIName.Duplicate: AMI name web-1 is already in use by AMI " + won[0] + "\n"
		for _, e := range refused {
			if e.status != 1 || e.stderr != want || e.stdout != "" {
				t.Errorf("status %d, it says %q and prints %q", e.status, e.stderr, e.stdout)
			}
		}
	})
}

// TestRaceOfChanges has processes change one image at the same time: each change is made, and none is lost.
func TestRaceOfChanges(t *testing.T) {
	onEachRegistry(t, func(t *testing.T, b *bench, manifest string) {
		id := b.register(manifest, "web-1")
		b.sharedWith(b.shareAtOnce(id, 8))
	})
}

// shareAtOnce shares an image with so many accounts, each in a process of its own, and returns them.
func (b *bench) shareAtOnce(id string, many int) (users []string) {
	b.Helper()
	var all []*running
	for i := range many {
		user := fmt.Sprintf("%012d", 100+i)
		users = append(users, user)
		all = append(all, b.start("ami-modify", id, "--add-user", user))
	}
	for _, r := range all {
		r.wait().want(b, 0, r.Args...)
	}
	return users
}

// sharedWith wants the image to be shared with the accounts, and no other.
func (b *bench) sharedWith(users []string) {
	b.Helper()
	if got := b.only("web-1").users(); !slices.Equal(got, users) {
		b.Errorf("shared with %v, want %v", got, users)
	}
}
