package cmd_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"amiforge/internal/faultproxy"
	"amiforge/internal/miniotest"
)

// killSize returns the size of the image of the kill rounds and the number of its parts: enough that a command
// is at work for a while, since nothing of the image can be compressed. With RACE=1 less will do.
func killSize() (size int64, parts int) {
	if os.Getenv("RACE") == "1" {
		return 20 << 20, 5
	}
	return 60 << 20, 13
}

// TestKill kills commands at random moments, spread over the time that they take. After each kill there is
// nothing wrong under a final name: no manifest unless its bundle verifies, no image unless it is the whole
// image. Then the same command finishes the work, and what an earlier run has sent is not sent again.
func TestKill(t *testing.T) {
	rounds := 20
	if testing.Short() {
		rounds = 3
	}
	t.Run("directory", func(t *testing.T) {
		b := newBench(t)
		killAll(t, b, rounds, "./round-%d", nil)
	})
	t.Run("bucket", func(t *testing.T) {
		server := miniotest.Start(t)
		bucket := server.NewBucket(t)
		proxy := faultproxy.New(t, server.Endpoint)
		b := newBench(t, append(server.Env(), "AWS_ENDPOINT_URL_S3="+proxy.URL)...)
		killAll(t, b, rounds, "s3://"+bucket+"/round-%d", proxy)
	})
}

// killAll kills each command in so many rounds. Its store is at where, whose %d is the round; behind proxy if
// that is not nil.
func killAll(t *testing.T, b *bench, rounds int, where string, proxy *faultproxy.Proxy) {
	size, parts := killSize()
	b.image("disk.raw", size)
	b.want(0, "ami-bundle", "disk.raw", "-r", "x86_64", "--part-size", "5M", "--to", "good")
	b.want(0, "ami-upload", "-b", fmt.Sprintf(where, 0), "-m", "good/image.manifest.xml")
	k := &killer{bench: b, where: where, parts: parts, proxy: proxy}
	for _, v := range []struct {
		name  string
		round func(t *testing.T, n int)
	}{
		{"bundle", k.bundle},
		{"upload", k.upload},
		{"download", k.download},
		{"unbundle", k.unbundle},
	} {
		t.Run(v.name, func(t *testing.T) {
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			k.random, k.rounds, k.span = rand.New(rand.NewPCG(seed, 0)), rounds, 0
			for n := range rounds {
				k.bench.TB = t
				v.round(t, n)
				if t.Failed() {
					t.Fatalf("in round %d", n)
				}
			}
		})
	}
}

// killer kills commands.
type killer struct {
	*bench
	where  string
	parts  int
	proxy  *faultproxy.Proxy
	random *rand.Rand
	rounds int
	span   time.Duration // that the command takes if it is left alone
}

// kill runs a command and kills it at the moment of round n.
func (k *killer) kill(n int, args ...string) {
	k.Helper()
	share := (float64(n) + k.random.Float64()) / float64(k.rounds)
	moment := time.Duration(share * float64(k.span))
	r := k.start(args...)
	timer := time.AfterFunc(moment, func() { r.signal(syscall.SIGKILL) })
	e := r.wait()
	timer.Stop()
	k.Logf("round %d: killed after %v of %v: %t", n, moment.Round(time.Millisecond), k.span.Round(time.Millisecond), e.status < 0)
	if e.status > 0 {
		k.Fatalf("%v: status %d\n%s", args, e.status, e.stderr)
	}
}

// measure runs a command to its end to learn how long it takes, before the first round.
func (k *killer) measure(args ...string) {
	k.Helper()
	k.span = k.want(0, args...).took
}

func (k *killer) bundle(t *testing.T, n int) {
	command := func(n int) (target string, args []string) {
		target = fmt.Sprintf(k.where, n+100)
		return target, []string{"ami-bundle", "disk.raw", "-r", "x86_64", "--part-size", "5M", "--to", target}
	}
	if n == 0 {
		target, args := command(-1)
		k.measure(args...)
		k.remove(target)
	}
	target, args := command(n)
	k.kill(n, args...)
	if k.whole(target) { // the kill came too late, but maybe before the lock was gone: the next writer takes it along
		k.want(1, args...)
		k.want(0, append(args, "--force")...)
	} else {
		k.want(0, args...)
	}
	k.sound(target)
	k.want(0, "ami-unbundle", "-m", target+"/image.manifest.xml", "--verify")
	k.remove(target)
}

func (k *killer) upload(t *testing.T, n int) {
	command := func(n int) (target string, args []string) {
		target = fmt.Sprintf(k.where, n+200)
		return target, []string{"ami-upload", "-b", target, "-m", "good/image.manifest.xml", "--json"}
	}
	if n == 0 {
		target, args := command(-1)
		k.measure(args...)
		k.remove(target)
	}
	target, args := command(n)
	k.kill(n, args...)
	k.whole(target)
	there, puts := k.stored(target), k.requests("PUT", target)
	sent := k.resume(there, args...)
	if puts = k.requests("PUT", target) - puts; k.proxy != nil && puts != sent {
		t.Errorf("the server was sent %d parts, the command says %d", puts, sent)
	}
	k.sound(target)
	k.remove(target)
}

func (k *killer) download(t *testing.T, n int) {
	source := fmt.Sprintf(k.where, 0)
	command := func(n int) (target string, args []string) {
		target = fmt.Sprintf("./back-%d", n)
		return target, []string{"ami-download", source + "/image.manifest.xml", "-d", target, "--json"}
	}
	if n == 0 {
		target, args := command(-1)
		k.measure(args...)
		k.remove(target)
	}
	target, args := command(n)
	k.kill(n, args...)
	k.whole(target)
	there, gets := k.stored(target), k.requests("GET", source)
	sent := k.resume(there, args...)
	if gets = k.requests("GET", source) - gets; k.proxy != nil && gets != sent {
		t.Errorf("the server was asked for %d parts, the command says %d", gets, sent)
	}
	k.sound(target)
	k.remove(target)
}

func (k *killer) unbundle(t *testing.T, n int) {
	args := []string{"ami-unbundle", "-m", fmt.Sprintf(k.where, 0) + "/image.manifest.xml", "-o", "out/image"}
	if n == 0 {
		k.mkdir("out")
		k.measure(args...)
		k.remove("./out")
	}
	k.mkdir("out")
	k.kill(n, args...)
	if k.exists("out/image") {
		k.same("disk.raw", "out/image")
		k.want(1, args...)
	} else {
		k.want(0, args...)
	}
	k.same("disk.raw", "out/image")
	if names := k.names("out"); names != "image" {
		t.Errorf("left behind: %s", names)
	}
	k.remove("./out")
}

// whole tells whether there is a manifest at a location, and wants its bundle to verify then.
func (k *killer) whole(location string) bool {
	k.Helper()
	e := k.run("ami-unbundle", "-m", location+"/image.manifest.xml", "-c", keyFile(k, "user2048-cert.pem"), "--verify")
	if e.status != 0 && e.status != 5 {
		k.Errorf("after the kill: status %d\n%s", e.status, e.stderr)
	}
	return e.status == 0
}

// sound wants a bundle that verifies at a location, and nothing else there.
func (k *killer) sound(location string) {
	k.Helper()
	if !k.whole(location) {
		k.Errorf("no bundle at %s", location)
	}
	want := []string{"image.manifest.xml"}
	for n := range k.parts {
		want = append(want, fmt.Sprintf("image.part.%02d", n))
	}
	if strings.HasPrefix(location, "./") && k.names(location) != strings.Join(want, " ") {
		k.Errorf("in %s: %s", location, k.names(location))
	}
}

// resume runs a command that copies a bundle of which so many parts are there, and returns how many it sent.
func (k *killer) resume(there int, args ...string) (sent int) {
	k.Helper()
	var done struct{ Sent, Kept int }
	if err := json.Unmarshal([]byte(k.want(0, args...).stdout), &done); err != nil {
		k.Fatal(err)
	}
	if done.Kept < there || done.Sent+done.Kept != k.parts {
		k.Errorf("%d parts of %d were there, it sent %d and kept %d", there, k.parts, done.Sent, done.Kept)
	}
	return done.Sent
}

// stored counts the parts at a location that have their names. A server may yet finish one that it has all of.
func (k *killer) stored(location string) (n int) {
	k.Helper()
	for _, name := range k.objects(location) {
		if strings.HasPrefix(name, "image.part.") {
			n++
		}
	}
	return n
}

// requests counts the requests about the parts at a location.
func (k *killer) requests(method, location string) int {
	if k.proxy == nil {
		return 0
	}
	return k.proxy.Requests(method, "/"+location[strings.LastIndexByte(location, '/')+1:]+"/image.part.")
}

// remove makes room for the next round.
func (k *killer) remove(location string) {
	k.Helper()
	if strings.HasPrefix(location, "./") {
		if err := os.RemoveAll(k.path(location)); err != nil {
			k.Fatal(err)
		}
		return
	}
	k.want(0, "ami-delete-bundle", location+"/image.manifest.xml")
}
