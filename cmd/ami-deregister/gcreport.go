package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/dustin/go-humanize"

	"amiforge/internal/cli"
	"amiforge/internal/gc"
	"amiforge/internal/store"
)

// A report prints findings: for people a line each, under --json all as one object.
type report struct {
	env      *cli.Env
	findings []gc.Finding
	trees    []*store.Tree
	minAge   time.Duration
	widths   [4]int // of the columns but the last
	done     []doneFinding
	errs     errorsOf
}

// A doneFinding is a finding in JSON.
type doneFinding struct {
	gc.Finding
	Age   int64 // seconds
	Done  bool
	Error string `json:",omitempty"`
}

func newReport(e *cli.Env, plan *gc.Plan, c *gc.Collector) *report {
	r := &report{env: e, findings: plan.Findings, trees: c.Trees, minAge: c.MinAge, errs: plan.Errors}
	for _, f := range plan.Findings {
		for i, column := range columns(f) {
			r.widths[i] = max(r.widths[i], utf8.RuneCountInString(column))
		}
	}
	return r
}

func columns(f gc.Finding) [4]string {
	size := "-"
	if f.Objects > 0 {
		size = humanize.IBytes(uint64(f.Bytes))
	}
	return [4]string{string(f.Kind), f.Target, cli.FormatAge(f.Age), size}
}

// line prints a finding and what is, or was, done about it.
func (r *report) line(f gc.Finding, what string) error {
	if r.env.JSON {
		return nil
	}
	var b strings.Builder
	for i, column := range columns(f) {
		b.WriteString(column)
		b.WriteString(strings.Repeat(" ", r.widths[i]-utf8.RuneCountInString(column)+2))
	}
	b.WriteString(what + ": " + f.Why)
	_, err := io.WriteString(r.env.Stdout, oneLine(b.String())+"\n")
	return err
}

// oneLine takes out what could end a line: a server or a manifest may say anything.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}

// plan prints what would be done.
func (r *report) plan() error {
	for _, f := range r.findings {
		r.note(f, false, nil)
		if err := r.line(f, string(f.Action)); err != nil {
			return err
		}
	}
	if total := r.total(planned()); len(r.findings) > 0 {
		r.env.Notef("%s%s", total, r.advice())
	}
	return r.result()
}

// act does all that can be done, and prints it as it is done.
func (r *report) act(ctx context.Context, c *gc.Collector) error {
	for _, f := range r.findings {
		done, err := c.Act(ctx, f)
		if ctx.Err() != nil {
			r.errs = append(errorsOf{fmt.Errorf("%w; the same command again goes on", context.Cause(ctx))}, r.errs...)
			break
		}
		if err != nil {
			r.errs = append(r.errs, err)
		}
		acted := done.Action != gc.Keep && err == nil
		r.note(done, acted, err)
		if err := r.line(alike(f, done), outcome(done, err)); err != nil {
			return err
		}
	}
	if total := r.total(past()); len(r.done) > 0 {
		r.env.Notef("%s", total)
	}
	return r.result()
}

// alike returns what was planned with the reason of what was done, so that the lines stay in their columns.
func alike(planned, done gc.Finding) gc.Finding {
	planned.Why = done.Why
	return planned
}

func outcome(f gc.Finding, err error) string {
	if err != nil {
		return "failed"
	}
	return past()[f.Action]
}

func planned() map[gc.Action]string {
	return map[gc.Action]string{
		gc.Delete: "to delete", gc.Deregister: "to deregister", gc.Abort: "to abort", gc.Keep: "kept",
	}
}

func past() map[gc.Action]string {
	return map[gc.Action]string{
		gc.Delete: "deleted", gc.Deregister: "deregistered", gc.Abort: "aborted", gc.Keep: "kept",
	}
}

func (r *report) note(f gc.Finding, done bool, err error) {
	d := doneFinding{Finding: f, Age: int64(f.Age / time.Second), Done: done}
	if err != nil {
		d.Error = err.Error()
	}
	r.done = append(r.done, d)
}

// total says how many findings there are of each action, and how much they free.
func (r *report) total(words map[gc.Action]string) string {
	var parts []string
	var failed int
	for _, action := range []gc.Action{gc.Delete, gc.Deregister, gc.Abort, gc.Keep} {
		n, bytes := 0, int64(0)
		for _, d := range r.done {
			switch {
			case d.Action != action:
			case d.Error != "":
				failed++
			default:
				n++
				bytes += d.Bytes
			}
		}
		if n == 0 {
			continue
		}
		part := fmt.Sprintf("%d %s", n, words[action])
		if action != gc.Keep && bytes > 0 {
			part += fmt.Sprintf(" (%s)", humanize.IBytes(uint64(bytes)))
		}
		parts = append(parts, part)
	}
	if failed > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", failed))
	}
	return strings.Join(parts, ", ")
}

// advice says how to go on from a plan, if it has anything to do.
func (r *report) advice() string {
	for _, f := range r.findings {
		if f.Action != gc.Keep {
			return "; --yes does it"
		}
	}
	return ""
}

// result ends the report with what could not be read or done.
func (r *report) result() error {
	if len(r.findings) == 0 {
		var where []string
		for _, t := range r.trees {
			where = append(where, t.Location().String())
		}
		in := strings.TrimSuffix(" in "+strings.Join(where, ", "), " in ")
		r.env.Notef("nothing to collect that is older than %s%s", cli.FormatAge(r.minAge), in)
	}
	if r.env.JSON {
		if err := r.object(); err != nil {
			return err
		}
	}
	if len(r.errs) > 0 {
		return r.errs
	}
	return nil
}

// object prints all of it as one object.
func (r *report) object() error {
	found := r.done
	if found == nil {
		found = []doneFinding{}
	}
	object := map[string]any{"Findings": found}
	if len(r.errs) > 0 {
		object["Errors"] = strings.Split(r.errs.Error(), "\n")
	}
	return r.env.Result("", object)
}
