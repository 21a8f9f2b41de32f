package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// ErrUnread is the error of a Run that could not read everything. The Report says what.
var ErrUnread = errors.New("not everything could be read")

// Run audits the image. With an error that is ErrUnread there is a Report too, which is not to be taken for the whole
// truth.
func Run(ctx context.Context, image *Image, opts *Options) (*Report, error) {
	if opts == nil {
		opts = &Options{}
	}
	rules, report, err := chosen(opts)
	if err != nil {
		return nil, err
	}
	r := &run{
		ctx: ctx, image: image, root: image.Root, now: opts.Now, allow: opts.Allow,
		findings: map[string][]Finding{}, more: map[string]int{}, worst: map[string]Severity{}, unread: map[string]string{},
	}
	if r.now.IsZero() {
		r.now = time.Now()
	}
	r.reading.most = image.MaxRead
	w := &walk{run: r, report: report, progress: opts.Progress}
	if err := w.rules(rules); err != nil {
		return nil, err
	}
	return report, r.finish(report)
}

// chosen returns the rules that are to run, and a report that names them.
func chosen(opts *Options) ([]Rule, *Report, error) {
	all := Rules()
	known := func(id string) bool {
		return slices.ContainsFunc(all, func(r Rule) bool { return r.ID == id })
	}
	for _, id := range opts.Skip {
		if !known(id) {
			return nil, nil, unknownRule(id)
		}
	}
	for _, a := range opts.Allow {
		if !known(a.ID) {
			return nil, nil, unknownRule(a.ID)
		}
	}
	report := &Report{Findings: []Finding{}, Rules: []string{}}
	var rules []Rule
	for _, rule := range all {
		if slices.Contains(opts.Skip, rule.ID) {
			report.Skipped = append(report.Skipped, rule.ID)
			continue
		}
		report.Rules = append(report.Rules, rule.ID)
		rules = append(rules, rule)
	}
	return rules, report, nil
}

// finish fills in the report.
func (r *run) finish(report *Report) error {
	for id, list := range r.findings {
		report.Findings = append(report.Findings, list...)
		if n := r.more[id]; n > 0 {
			report.Findings = append(report.Findings, Finding{
				Rule: id, Severity: r.worst[id],
				Message: fmt.Sprintf("there are %d more findings of this rule", n),
			})
		}
	}
	report.Findings = sortFindings(report.Findings)
	report.Allowed = r.allowed
	report.PackagesUnknown = r.packagesUnknown()
	if len(r.unread) == 0 {
		return nil
	}
	for _, path := range slices.Sorted(maps.Keys(r.unread)) {
		report.Unread = append(report.Unread, Unread{path, r.unread[path]})
	}
	if r.untold > 0 {
		report.Unread = append(report.Unread, Unread{"", fmt.Sprintf("there are %d more", r.untold)})
	}
	first := report.Unread[0]
	return fmt.Errorf("%w: %s: %s (%d in all)", ErrUnread, first.Path, first.Error, len(r.unread)+r.untold)
}

func newlines(b []byte) int { return bytes.Count(b, []byte{'\n'}) }
