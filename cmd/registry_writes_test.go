package cmd_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"amiforge/internal/faultproxy"
	"amiforge/internal/miniotest"
	"amiforge/internal/registry"
	"amiforge/internal/store"
)

// A writeKill is what is done with a command that was killed at one of its writes to a bucket.
type writeKill struct {
	*lifeKill
	bucket   string
	source   string // the ID of an image to copy
	accounts int    // so many have decided something
}

// TestKillAtWrite kills the commands at each of their writes to a bucket, once before the server hears of it and once
// after it has done it.
func TestKillAtWrite(t *testing.T) {
	b, p, bucket := s3Bench(t, miniotest.Start(t))
	b.env = append(b.env, "AMI_REGISTRY="+bucket)
	w := &writeKill{lifeKill: &lifeKill{b, b.smallBundle(bucket)}, bucket: bucket}
	w.source = w.register(w.manifest, "first") // and probe the server
	commands := w.lifeKill.commands()
	maps.Copy(commands, w.commands())
	for name, c := range commands {
		for write := 0; ; write++ {
			killed := false
			for _, done := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, write %d, done %t", name, write, done), func(t *testing.T) {
					b.TB = t
					image := fmt.Sprintf("%s-%d-%t", name, write, done)
					args := c.args(c.prepare(image))
					killed = w.killAt(p, faultproxy.Rule{Method: "PUT", Skip: write}, done, args)
					c.again(image, args)
				})
			}
			if t.Failed() || !killed { // it has fewer writes
				break
			}
		}
	}
}

// commands returns those that are killed here alone.
func (w *writeKill) commands() map[string]lifeCommand {
	block := func(account string) []string {
		return []string{"ami-modify", "--block-public-access", "off", "--account", account}
	}
	return map[string]lifeCommand{
		"copy": {
			func(name string) string { return name },
			func(name string) []string {
				return []string{"ami-copy", w.source, "-n", name, "--to", w.bucket + "/copies"}
			},
			w.copyAgain,
		},
		"sweep":       {w.obsolete, func(string) []string { return []string{"ami-modify", "--sweep"} }, w.sweepAgain},
		"first block": {func(string) string { return w.account() }, block, w.blockAgain},
		"next block": {func(string) string {
			account := w.account()
			w.want(0, "ami-modify", "--block-public-access", "on", "--account", account)
			return account
		}, block, w.blockAgain},
	}
}

// copyAgain wants the second run to finish the copy, or to find that the first one has, and its bundle to be whole.
func (w *writeKill) copyAgain(name string, args []string) {
	w.Helper()
	w.registerAgain(name, args)
	w.want(0, "ami-unbundle", "-m", w.bucket+"/copies/"+w.only(name).ID+"/image.manifest.xml", "--verify")
}

// obsolete registers two images, which became public and deprecated long ago, and returns the name of the first.
func (w *writeKill) obsolete(name string) string {
	w.Helper()
	w.want(0, "ami-modify", "--block-public-access", "off", "--account", "123456789012")
	then := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	engine, err := registry.Open(w.Context(), w.bucket, store.Config{Getenv: w.getenv},
		&registry.Options{Now: func() time.Time { return then }})
	if err != nil {
		w.Fatal(err)
	}
	defer engine.Close()
	for _, name := range []string{name, name + " too"} {
		_, err := engine.Modify(w.Context(), w.register(w.manifest, name), registry.Caller{},
			registry.Share(registry.LaunchPermission{Group: "all"}), registry.DeprecateAt(then.AddDate(0, 1, 0)))
		if err != nil {
			w.Fatal(err)
		}
	}
	return name
}

// sweepAgain wants the second run to end the public share of the images, or to find that the first one has.
func (w *writeKill) sweepAgain(name string, args []string) {
	w.Helper()
	w.want(0, args...)
	for _, name := range []string{name, name + " too"} {
		if m := w.only(name); m.Public {
			w.Errorf("%s is public still", name)
		}
	}
}

// account returns one that has decided nothing yet.
func (w *writeKill) account() string {
	w.accounts++
	return fmt.Sprintf("%012d", w.accounts)
}

// blockAgain wants what the account decided to be what it was, or what it is to be, and then that.
func (w *writeKill) blockAgain(_ string, args []string) {
	w.Helper()
	show := []string{"ami-modify", "--block-public-access", "show", "--account", args[len(args)-1]}
	if state := w.want(0, show...).stdout; state != "block-new-sharing\n" && state != "unblocked\n" {
		w.Errorf("it is %q", state)
	}
	w.want(0, args...)
	if state := w.want(0, show...).stdout; state != "unblocked\n" {
		w.Errorf("it is %q in the end", state)
	}
}
