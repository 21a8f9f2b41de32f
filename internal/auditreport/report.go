// Package auditreport is what an audit says, written down: as text for people, as JSON for programs and for the audit's
// second reader, who shares an image because of it, and as SARIF for the services that show such findings.
package auditreport

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"amiforge/internal/audit"
)

// FormatVersion is the version of the JSON form. Fields may be added to it, none is renamed.
const FormatVersion = 1

// A Report is the outcome of the audit of one image.
type Report struct {
	FormatVersion int       `json:"formatVersion"`
	Tool          Tool      `json:"tool"`
	Date          time.Time `json:"date"` // when the audit began, in UTC
	Image         Image     `json:"image"`
	Options       Options   `json:"options"`
	Result        Result    `json:"result"`
	Counts        Counts    `json:"counts"`
	Notes         []string  `json:"notes,omitempty"` // what was passed over, and what is odd about the disk
	Fix           *Fix      `json:"fix,omitempty"`   // of a cleaned copy

	audit.Report
}

// A Tool is the program that made a report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// An Image is what was audited.
type Image struct {
	Source         string `json:"source"`                   // a file, a directory or the location of a manifest
	ID             string `json:"imageId,omitempty"`        // of the registered image, if one was given
	ManifestDigest string `json:"manifestDigest,omitempty"` // of a bundle: the SHA-256 of its manifest, in hex
	Format         string `json:"format,omitempty"`         // raw, vhd, vmdk; none is a directory
	Size           int64  `json:"size,omitempty"`           // of the disk, in bytes
	Virtualization string `json:"virtualization,omitempty"` // that it is to boot with, if that was known
}

// Options are those of the audit that change what it finds.
type Options struct {
	FailOn audit.Severity `json:"failOn"`
	Skip   []string       `json:"skip,omitempty"`  // rules
	Allow  []string       `json:"allow,omitempty"` // ID or ID:PATH
}

// A Result is a report in one word.
type Result string

// The results. Incomplete is one that says nothing about what could not be read, whatever it has found.
const (
	Clean      Result = "clean"
	Failed     Result = "failed" // findings of the severity that Options.FailOn says, or worse
	Incomplete Result = "incomplete"
)

// Counts are the findings by severity.
type Counts struct {
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
	Infos    int `json:"infos"`
}

// Finish fills in what follows from the findings.
func (r *Report) Finish() {
	r.FormatVersion = FormatVersion
	r.Counts = Counts{}
	for _, f := range r.Findings {
		switch f.Severity {
		case audit.Error:
			r.Counts.Errors++
		case audit.Warning:
			r.Counts.Warnings++
		default:
			r.Counts.Infos++
		}
	}
	switch {
	case len(r.Unread) > 0:
		r.Result = Incomplete
	case r.Count(r.Options.FailOn) > 0:
		r.Result = Failed
	default:
		r.Result = Clean
	}
}

// bySeverity returns the findings with the worst first, those of one rule together.
func (r *Report) bySeverity() []audit.Finding {
	list := slices.Clone(r.Findings)
	slices.SortStableFunc(list, func(a, b audit.Finding) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.Rule, b.Rule))
	})
	return list
}

// String returns the counts for people: 1 error, 2 warnings, 0 infos.
func (c Counts) String() string {
	return fmt.Sprintf("%s, %s, %s", count(c.Errors, "error"), count(c.Warnings, "warning"), count(c.Infos, "info"))
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// rulesByID returns all rules that there are.
func rulesByID() map[string]audit.Rule {
	rules := map[string]audit.Rule{}
	for _, rule := range audit.Rules() {
		rules[rule.ID] = rule
	}
	return rules
}
