package audit

import (
	"fmt"
	"strings"
)

// RuleTable returns the table of rules of docs/audit.md, in Markdown.
func RuleTable() string {
	var b strings.Builder
	b.WriteString("| Rule | Severity | Wants | What to do | Source |\n| --- | --- | --- | --- | --- |\n")
	for _, r := range Rules() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.ID, r.Severity, cell(r.Title), cell(r.Advice), strings.Join(r.Sources, ", "))
	}
	return b.String()
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
