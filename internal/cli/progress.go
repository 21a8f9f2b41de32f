package cli

import (
	"sync/atomic"
	"time"
)

// A Progress shows how far a piece of work has come: on a terminal as a bar that is redrawn in place, else as
// a line for every 10 percent. Under --quiet and --json it shows nothing. One is shown at a time.
type Progress struct {
	env   *Env
	total int64
	done  atomic.Int64

	// Guarded by env.mu.
	meter meter
	view  view // nil where nothing is shown, and after Done
}

// A view is one way to show progress.
type view interface {
	update(s sample)
	finish(s sample)
}

// A sample is the state of the work at one moment.
type sample struct {
	at    time.Time
	done  int64   // bytes
	total int64   // bytes; negative where it is not known
	rate  float64 // bytes a second; 0 where it is not known yet
}

// Progress begins to show the work that label names, of total bytes; a negative total is one not known.
// The caller calls Done at its end, whether it went well or not.
func (e *Env) Progress(label string, total int64) *Progress {
	p := &Progress{env: e, total: total, meter: meter{at: e.clock()}}
	if e.Quiet || e.JSON {
		return p
	}
	prefix := e.Name + ": " + printable(label)
	if _, ok := e.terminal(e.Stderr); ok && e.getenv("TERM") != "dumb" {
		p.view = &bar{env: e, prefix: prefix}
	} else {
		p.view = &steps{out: e.Stderr, prefix: prefix, start: e.clock()}
	}
	return p
}

// Add counts n more bytes as done. It may be called from several goroutines and as often as they like.
func (p *Progress) Add(n int64) {
	p.done.Add(n)
	// Whoever finds somebody else at the display leaves it to them: work never waits for it.
	if !p.env.mu.TryLock() {
		return
	}
	defer p.env.mu.Unlock()
	if p.view != nil {
		p.view.update(p.sample())
	}
}

// Done ends the display. Further calls do nothing.
func (p *Progress) Done() {
	p.env.mu.Lock()
	defer p.env.mu.Unlock()
	if p.view != nil {
		p.view.finish(p.sample())
		p.view = nil
	}
}

func (p *Progress) sample() sample {
	at, done := p.env.clock(), p.done.Load()
	return sample{at: at, done: done, total: p.total, rate: p.meter.observe(at, done)}
}
