package cmd_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"amiforge/internal/faultproxy"
	"amiforge/internal/miniotest"
	"amiforge/internal/registry"
)

// A copier hands images over from one region to another.
type copier struct {
	*killer
	id    string // of the source
	store string // of the region that copies go to
}

// newCopier makes the regions east and west at the two locations, and an image in the first.
func newCopier(b *bench, east, west string, proxy *faultproxy.Proxy) *copier {
	b.Helper()
	size, parts := killSize()
	b.image("disk.raw", size)
	regions := fmt.Sprintf(`{"east": {"store": %q}, "west": {"store": %q}}`, east, west)
	if err := os.WriteFile(b.path("regions.json"), []byte(regions), 0o600); err != nil {
		b.Fatal(err)
	}
	b.env = append(b.env, "AMI_REGIONS=regions.json", "AMI_REGION=east", "AWS_REGION=us-east-1")
	b.want(0, "ami-bundle", "disk.raw", "-r", "x86_64", "--part-size", "5M", "--to", east+"/web")
	id := strings.TrimSpace(b.want(0, "ami-register", east+"/web/image.manifest.xml", "-n", "web").stdout)
	return &copier{&killer{bench: b, parts: parts, proxy: proxy}, id, west}
}

// args are the command that copies the image under a name.
func (c *copier) args(name string) []string {
	return []string{
		"ami-copy", c.id, "--to-region", "west", "-n", name, "--as", "210987654321", "--json",
		"-k", keyFile(c, "user2048-key.pem"), "--cert", keyFile(c, "user4096-cert.pem"),
	}
}

// copies returns the images under a name, those that are on their way included.
func (c *copier) copies(name string) []registry.Image {
	c.Helper()
	var found registry.Listing
	e := c.want(0, "ami-describe", "--region", "west", "--any-owner", "--name", name, "--json")
	if err := json.Unmarshal([]byte(e.stdout), &found); err != nil {
		c.Fatal(err)
	}
	return found.Images
}

// location returns the store of an image's bundle.
func (c *copier) location(id string) string { return c.store + "/" + id }

// wantGood wants an available image with the bundle that is on record, which the new owner's key opens.
func (c *copier) wantGood(m registry.Image) {
	c.Helper()
	if m.State != registry.Available || m.Owner != "210987654321" {
		c.Errorf("%s is %s, of %s", m.ID, m.State, m.Owner)
	}
	c.wantVerified(m.ID)
	c.fetch(c.location(m.ID), "image.manifest.xml", "manifest")
	doc, err := os.ReadFile(c.path("manifest"))
	if err != nil {
		c.Fatal(err)
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256(doc)); sum != m.ManifestDigest {
		c.Errorf("%s is on record with manifest %s, it has %s", m.ID, m.ManifestDigest, sum)
	}
}

func (c *copier) wantVerified(id string) {
	c.Helper()
	c.want(0, "ami-unbundle", c.location(id)+"/image.manifest.xml", "--verify", "-k", keyFile(c, "user4096-key.pem"),
		"-c", keyFile(c, "user2048-cert.pem"))
}

// TestKillCopy kills ami-copy at random moments. After each kill an image is either available and whole, or pending;
// then the same command finishes it, and sends only what is missing.
func TestKillCopy(t *testing.T) {
	rounds := 20
	if testing.Short() {
		rounds = 3
	}
	t.Run("directory", func(t *testing.T) {
		newCopier(newBench(t), "./east", "./west", nil).run(t, rounds)
	})
	t.Run("bucket", func(t *testing.T) {
		b, proxy, east := s3Bench(t, miniotest.Start(t))
		newCopier(b, east, east+"/west", proxy).run(t, rounds)
	})
}

func (c *copier) run(t *testing.T, rounds int) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	c.random, c.rounds = rand.New(rand.NewPCG(seed, 0)), rounds
	c.measure(c.args("measured")...)
	for n := range rounds {
		c.round(n)
		if t.Failed() {
			t.Fatalf("in round %d", n)
		}
	}
}

func (c *copier) round(n int) {
	c.Helper()
	name := fmt.Sprintf("copy-%d", n)
	c.kill(n, c.args(name)...)
	there := map[string]int{} // parts, by image
	for _, m := range c.copies(name) {
		if m.State == registry.Available {
			c.wantGood(m)
			c.wantTaken(name, m.ID)
			return
		}
		if there[m.ID] = c.stored(c.location(m.ID)); c.has(m.ID, "image.manifest.xml") {
			c.wantVerified(m.ID)
		}
	}
	c.finish(name, there)
}

// has tells whether there is an object of an image.
func (c *copier) has(id, name string) bool {
	c.Helper()
	for _, object := range c.objects(c.location(id)) {
		if object == name {
			return true
		}
	}
	return false
}

// wantTaken wants the command, once it was successful, to say who has the name.
func (c *copier) wantTaken(name, id string) {
	c.Helper()
	if e := c.want(1, c.args(name)...); !strings.Contains(e.stderr, "InvalidAMIName.Duplicate: AMI name "+name+" is already in use by AMI "+id) {
		c.Errorf("it says %q", e.stderr)
	}
}

// finish runs the command again, after one that got so far.
func (c *copier) finish(name string, there map[string]int) {
	c.Helper()
	puts := map[string]int{}
	for id := range there {
		puts[id] = c.requests("PUT", c.location(id))
	}
	var done struct {
		ImageID    string `json:"ImageId"`
		Sent, Kept int
	}
	if err := json.Unmarshal([]byte(c.want(0, c.args(name)...).stdout), &done); err != nil {
		c.Fatal(err)
	}
	if kept := there[done.ImageID]; done.Kept < kept || done.Sent+done.Kept != c.parts {
		c.Errorf("%d parts of %d were there, it sent %d and kept %d", kept, c.parts, done.Sent, done.Kept)
	}
	if puts := c.requests("PUT", c.location(done.ImageID)) - puts[done.ImageID]; c.proxy != nil && puts != done.Sent {
		c.Errorf("the server was sent %d parts, the command says %d", puts, done.Sent)
	}
	for _, m := range c.copies(name) {
		if m.ID == done.ImageID {
			c.wantGood(m)
		} else if m.State != registry.Pending || len(c.objects(c.location(m.ID))) > 0 {
			c.Errorf("%s is %s, too", m.ID, m.State)
		}
	}
	for _, object := range c.objects(c.location(done.ImageID)) {
		if !strings.HasPrefix(object, "image.") {
			c.Errorf("left behind: %s", object)
		}
	}
}

// wantOther wants the command with other flags to be refused for the pending image, a dry run as well.
func (c *copier) wantOther(id, says string, flags ...string) {
	c.Helper()
	for _, dryRun := range [][]string{nil, {"--dry-run"}} {
		e := c.want(1, slices.Concat(c.args("copy"), flags, dryRun)...)
		if !strings.Contains(e.stderr, "ami-copy: "+id+", pending as ") || !strings.Contains(e.stderr, says) {
			c.Errorf("%s %s: it says %q", flags, dryRun, e.stderr)
		}
	}
}

// TestCopyInterrupt interrupts ami-copy while it sends a part: it says how to go on, and that is so.
func TestCopyInterrupt(t *testing.T) {
	b, proxy, east := s3Bench(t, miniotest.Start(t))
	c := newCopier(b, east, east+"/west", proxy)
	g := newGate(t)
	proxy.Add(faultproxy.Rule{Method: "PUT", Path: "/image.part.02", Fault: g.fault})
	r := b.start(c.args("copy")...)
	<-g.arrived
	r.signal(syscall.SIGINT)
	e := r.wait()
	e.want(t, 130, c.args("copy")...)
	image := c.copies("copy")[0]
	if !strings.Contains(e.stderr, image.ID+" is pending, parts that are there: ") || !strings.Contains(e.stderr, "; the same command again goes on with it\n") {
		t.Errorf("it says %q", e.stderr)
	}
	if image.State != registry.Pending || c.has(image.ID, "image.manifest.xml") {
		t.Errorf("the image is %s", image.State)
	}
	c.wantOther(image.ID, "differs in description: ", "-d", "another")
	c.wantOther(image.ID, "goes to "+image.Location+", not to ", "--to", east+"/other")
	c.finish("copy", map[string]int{image.ID: c.stored(c.location(image.ID))})
	if again := c.copies("copy"); len(again) != 1 || again[0].ID != image.ID {
		t.Errorf("images are %+v, want %s alone", again, image.ID)
	}
}

// TestCopiesAtOnce runs the same copy several times at once. Each writes a manifest of its own; the one that is there
// in the end is the one on record.
func TestCopiesAtOnce(t *testing.T) {
	const many = 4
	b, proxy, east := s3Bench(t, miniotest.Start(t))
	c := newCopier(b, east, east+"/west", proxy)
	var all []*running
	for range many {
		all = append(all, b.start(c.args("copy")...))
	}
	done := 0
	for _, r := range all {
		switch e := r.wait(); {
		case e.status == 0:
			done++
		case e.status != 1 || !strings.Contains(e.stderr, "InvalidAMIName.Duplicate"):
			t.Errorf("status %d: %s", e.status, e.stderr)
		}
	}
	if done == 0 {
		t.Error("none succeeded")
	}
	for _, m := range c.copies("copy") {
		c.wantGood(m)
	}
}
