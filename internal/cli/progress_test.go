package cli

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A fakeTime is a clock that moves when a test says so.
type fakeTime struct{ at time.Time }

func (f *fakeTime) now() time.Time { return f.at }

// newProgress returns a Progress on a terminal of so many columns, or on a log where that is 0.
func newProgress(columns int, total int64) (p *Progress, clock *fakeTime, stderr *bytes.Buffer) {
	e, _, stderr := newEnv()
	clock = &fakeTime{time.Unix(1e9, 0)}
	e.now = clock.now
	e.tty = func(io.Writer) (int, bool) { return columns, columns > 0 }
	return e.Progress("parts", total), clock, stderr
}

func TestSteps(t *testing.T) {
	tests := []struct {
		name  string
		total int64
		adds  []int64
		want  []string
	}{
		{"nothing to do", 0, nil, nil},
		{"nothing done", 100, nil, nil},
		{"all at once", 100, []int64{100}, []string{"100%, 100 B of 100 B, 100 B/s"}},
		{"under a step", 1000, []int64{99}, nil},
		{
			"steps", 100,
			[]int64{9, 1, 5, 4, 1, 30, 50},
			[]string{
				"10%, 10 B of 100 B, 7 B/s, 12s left",
				"20%, 20 B of 100 B, 5 B/s, 15s left",
				"50%, 50 B of 100 B, 9 B/s, 6s left",
				"100%, 100 B of 100 B, 17 B/s",
			},
		},
		{"more than was said", 10, []int64{5, 20}, []string{"50%, 5 B of 10 B, 5 B/s, 1s left", "100%, 25 B of 10 B, 7 B/s"}},
		{
			"unknown total", -1,
			[]int64{1 << 29, 1 << 29, 5 << 30},
			[]string{"1.0 GiB, 512 MiB/s", "6.0 GiB, 1.3 GiB/s", "6.0 GiB, 1.3 GiB/s"},
		},
		{"huge", 1 << 62, []int64{1 << 61}, []string{"50%, 2.0 EiB of 4.0 EiB, 2.0 EiB/s, 1s left"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, clock, stderr := newProgress(0, tt.total)
			for _, n := range tt.adds {
				clock.at = clock.at.Add(time.Second)
				p.Add(n)
			}
			p.Done()
			p.Done()
			var want string
			for _, line := range tt.want {
				want += "ami-test: parts: " + line + "\n"
			}
			if diff := cmp.Diff(want, stderr.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestBar(t *testing.T) {
	p, clock, stderr := newProgress(100, 10<<30)
	p.Add(1 << 30)
	p.Add(1 << 30) // too soon to be drawn
	clock.at = clock.at.Add(2 * time.Second)
	p.Add(2 << 30)
	p.Done()
	want := eraseLine + "ami-test: parts  10% [#         ] 1.0 GiB of 10 GiB" +
		eraseLine + "ami-test: parts  40% [####      ] 4.0 GiB of 10 GiB, 2.0 GiB/s, 3s left" +
		eraseLine + "ami-test: parts  40% [####      ] 4.0 GiB of 10 GiB, 2.0 GiB/s, 3s left\n"
	if diff := cmp.Diff(want, stderr.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBarUnknownTotal(t *testing.T) {
	p, clock, stderr := newProgress(80, -1)
	clock.at = clock.at.Add(time.Second)
	p.Add(3 << 20)
	if want := eraseLine + "ami-test: parts 3.0 MiB, 3.0 MiB/s"; stderr.String() != want {
		t.Errorf("got %q, want %q", stderr, want)
	}
}

// A line that wraps could not be redrawn in place.
func TestBarFitsTheTerminal(t *testing.T) {
	for columns := 1; columns <= 100; columns++ {
		p, clock, stderr := newProgress(columns, 1<<40)
		clock.at = clock.at.Add(time.Second)
		p.Add(1 << 30)
		if n := stderr.Len() - len(eraseLine); n >= columns {
			t.Errorf("%d characters on a terminal of %d columns: %q", n, columns, stderr)
		}
	}
}

func TestMessageAboveBar(t *testing.T) {
	p, clock, stderr := newProgress(80, 100)
	p.Add(50)
	p.env.Notef("part 3 is sent again")
	p.env.Notef("part 4 is sent again")
	p.Add(1) // draws at once, the bar being gone
	clock.at = clock.at.Add(time.Second)
	p.Done()
	p.env.Notef("done")
	want := eraseLine + "ami-test: parts  50% [#####     ] 50 B of 100 B" +
		eraseLine + "ami-test: part 3 is sent again\nami-test: part 4 is sent again\n" +
		eraseLine + "ami-test: parts  51% [#####     ] 51 B of 100 B" +
		eraseLine + "ami-test: parts  51% [#####     ] 51 B of 100 B, 51 B/s, 1s left\n" +
		"ami-test: done\n"
	if diff := cmp.Diff(want, stderr.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNoProgress(t *testing.T) {
	tests := []struct {
		name        string
		quiet, json bool
	}{
		{"quiet", true, false},
		{"JSON", false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, stdout, stderr := newEnv()
			e.Quiet, e.JSON = tt.quiet, tt.json
			p := e.Progress("parts", 10)
			p.Add(10)
			p.Done()
			if stdout.Len()+stderr.Len() > 0 {
				t.Errorf("printed %q and %q", stdout, stderr)
			}
		})
	}
}

func TestDumbTerminal(t *testing.T) {
	e, _, stderr := newEnv()
	e.tty = func(io.Writer) (int, bool) { return 80, true }
	e.Getenv = func(name string) string { return map[string]string{"TERM": "dumb"}[name] }
	p := e.Progress("parts", 10)
	p.Add(10)
	p.Done()
	if strings.ContainsAny(stderr.String(), "\r\x1b") {
		t.Errorf("got %q", stderr)
	}
}

func TestProgressConcurrently(t *testing.T) {
	for _, columns := range []int{0, 80} {
		p, clock, stderr := newProgress(columns, 8000)
		clock.at = clock.at.Add(time.Second)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 1000 {
					p.Add(1)
				}
				p.env.Notef("one is through")
			})
		}
		wg.Wait()
		p.Done()
		if got := stderr.String(); !strings.Contains(got, "100%") || strings.Count(got, "through\n") != 8 {
			t.Errorf("got %q", got)
		}
	}
}

func TestMeterForgets(t *testing.T) {
	at := time.Unix(0, 0)
	m := meter{at: at}
	done := int64(1000e6) // a resumed upload finds most of it there
	m.observe(at.Add(time.Second), done)
	for i := range 60 {
		done += 1e6
		m.observe(at.Add(time.Duration(i+2)*time.Second), done)
	}
	if m.rate < 1e6 || m.rate > 1.1e6 {
		t.Errorf("rate is %.0f after a minute at 1e6", m.rate)
	}
}

func TestStdoutBinary(t *testing.T) {
	for _, terminal := range []bool{false, true} {
		e, stdout, _ := newEnv()
		e.tty = func(io.Writer) (int, bool) { return 80, terminal }
		w, err := StdoutBinary(e)
		if terminal && Status(err) != StatusUsage || !terminal && (err != nil || w != io.Writer(stdout)) {
			t.Errorf("terminal %v: got %v, %v", terminal, w, err)
		}
	}
}

func BenchmarkProgressAdd(b *testing.B) {
	e, _, _ := newEnv()
	p := e.Progress("parts", 1<<62)
	b.ReportAllocs()
	for b.Loop() {
		p.Add(1)
	}
}
