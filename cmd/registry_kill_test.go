package cmd_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"amiforge/internal/faultproxy"
)

// A lifeKill is what is done with a command of an image's life that was killed. Names are an image's own.
type lifeKill struct {
	*bench
	manifest string
}

// TestKillLife kills the commands of an image's life at random moments, and then runs the same command again.
func TestKillLife(t *testing.T) {
	rounds := 20
	if testing.Short() {
		rounds = 3
	}
	onEachRegistry(t, func(t *testing.T, b *bench, manifest string) {
		l := &lifeKill{b, manifest}
		for name, c := range l.commands() {
			t.Run(name, func(t *testing.T) {
				seed := uint64(time.Now().UnixNano())
				t.Logf("seed %d", seed)
				k := &killer{bench: b, random: rand.New(rand.NewPCG(seed, 0)), rounds: rounds}
				b.TB = t
				k.measure(c.args(c.prepare(name + "-measured"))...)
				for n := range rounds {
					image := fmt.Sprintf("%s-%d", name, n)
					args := c.args(c.prepare(image))
					k.kill(n, args...)
					c.again(image, args)
				}
			})
		}
	})
}

// A lifeCommand is one that is killed. prepare makes the image that the command is about, if there is to be one, and
// returns its ID or, for a new one, its name; again runs the command once more and looks at what came of it.
type lifeCommand struct {
	prepare func(name string) (subject string)
	args    func(subject string) []string
	again   func(name string, args []string)
}

func (l *lifeKill) commands() map[string]lifeCommand {
	registered := func(name string) string { return l.register(l.manifest, name) }
	return map[string]lifeCommand{
		"register": {
			func(name string) string { return name },
			func(name string) []string { return []string{"ami-register", l.manifest, "-n", name} },
			l.registerAgain,
		},
		"modify": {
			registered,
			func(id string) []string {
				return []string{"ami-modify", id, "--add-user", "111122223333,444455556666", "--description", "changed"}
			},
			l.modifyAgain,
		},
		"deregister": {registered, func(id string) []string { return []string{"ami-deregister", id} }, l.deregisterAgain},
	}
}

// registerAgain wants the second run to make the image, or to find that the first one has.
func (l *lifeKill) registerAgain(name string, args []string) {
	l.Helper()
	e := l.run(args...)
	m := l.only(name)
	if e.status == 0 && e.stdout == m.ID+"\n" {
		return
	}
	want := "InvalidAMIName.Duplicate: AMI name " + name + " is already in use by AMI " + m.ID + "\n"
	if e.status != 1 || !strings.HasSuffix(e.stderr, want) {
		l.Errorf("status %d, the image is %s\n%s%s", e.status, m.ID, e.stdout, e.stderr)
	}
}

// modifyAgain wants all changes of the first run to be made, or none, and then all.
func (l *lifeKill) modifyAgain(name string, args []string) {
	l.Helper()
	if m := l.only(name); (m.Description == "changed") != (len(m.users()) == 2) || len(m.users()) == 1 {
		l.Errorf("half changed: %+v", m)
	}
	l.want(0, args...)
	if m := l.only(name); m.Description != "changed" || !slices.Equal(m.users(), []string{"111122223333", "444455556666"}) {
		l.Errorf("not changed: %+v", m)
	}
}

// deregisterAgain wants the image to be gone, and its name to be free.
func (l *lifeKill) deregisterAgain(name string, args []string) {
	l.Helper()
	e := l.run(args...)
	before := e.status == 1 && strings.Contains(e.stderr, "InvalidAMIID.Unavailable: ") // the first run had done it
	if e.status != 0 && !before {
		l.Errorf("status %d\n%s", e.status, e.stderr)
	}
	if images := l.describe(name); len(images) > 0 {
		l.Errorf("still there: %+v", images)
	}
	if id := l.register(l.manifest, name); id != l.only(name).ID {
		l.Errorf("%s is not the one image of its name", id)
	}
}

// killAt runs a command and kills it at the request of a rule, and tells whether it comes to that one.
func (b *bench) killAt(p *faultproxy.Proxy, at faultproxy.Rule, done bool, args []string) bool {
	b.Helper()
	arrived, ended := make(chan struct{}), make(chan struct{})
	hold := func(_ http.ResponseWriter, r *http.Request, pass http.Handler) {
		if done {
			pass.ServeHTTP(httptest.NewRecorder(), r)
		}
		close(arrived)
		<-ended
		panic(http.ErrAbortHandler) // there is nobody to answer
	}
	at.Fault = hold
	p.Add(at)
	defer p.Clear()
	r := b.start(args...)
	exited := make(chan ending, 1)
	go func() { exited <- r.wait() }()
	select {
	case <-arrived:
		r.signal(syscall.SIGKILL)
		<-exited
		close(ended)
		return true
	case e := <-exited:
		e.want(b, 0, args...)
		close(ended)
		return false
	}
}
