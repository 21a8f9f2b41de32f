package auditreport

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"amiforge/internal/audit"
)

// Text returns the report for people: a line for each finding, the worst first, below those of one rule what to do about
// them, and a line that sums up.
func (r *Report) Text() string {
	var b strings.Builder
	rules, list, advised := rulesByID(), r.bySeverity(), map[string]bool{}
	for i, f := range list {
		b.WriteString(Line(f) + "\n")
		last := i == len(list)-1 || list[i+1].Rule != f.Rule || list[i+1].Severity != f.Severity
		if advice := rules[f.Rule].Advice; last && advice != "" && !advised[f.Rule] {
			fmt.Fprintf(&b, "    %s\n", advice)
			advised[f.Rule] = true
		}
	}
	for _, u := range r.Unread {
		fmt.Fprintf(&b, "UNREAD %s: %s\n", printable(u.Path), printable(u.Error))
	}
	return b.String() + r.Summary()
}

// Line returns a finding in one line: ERROR SSH-HOSTKEY /etc/ssh/ssh_host_rsa_key: what is wrong.
func Line(f audit.Finding) string {
	place := printable(f.Path)
	if f.Line > 0 {
		place += ":" + strconv.Itoa(f.Line)
	}
	if place != "" {
		place = " " + place
	}
	line := fmt.Sprintf("%s %s%s: %s", strings.ToUpper(f.Severity.String()), f.Rule, place, printable(f.Message))
	if f.Hash != "" {
		line += " [" + f.Hash + "]"
	}
	return line
}

// Summary returns the last line of Text.
func (r *Report) Summary() string {
	s := fmt.Sprintf("%s: %s in %s", printable(r.Image.Source), r.Counts, count(int(r.Files), "file"))
	if r.Allowed > 0 {
		s += fmt.Sprintf("; %d allowed", r.Allowed)
	}
	if len(r.Skipped) > 0 {
		s += "; without " + strings.Join(r.Skipped, ", ")
	}
	if r.Result == Incomplete {
		s += "; not all of it could be read"
	}
	return s
}

// printable escapes what could steer a terminal.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsGraphic(r) && r != unicode.ReplacementChar {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRune(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}
