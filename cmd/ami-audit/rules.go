package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"amiforge/internal/audit"
	"amiforge/internal/cli"
)

// listRules prints what is looked at.
func listRules(e *cli.Env) error {
	rules := audit.Rules()
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, rule := range rules {
		fmt.Fprintf(w, "%s\t%s\t%s\n", rule.ID, rule.Severity, rule.Title)
		fmt.Fprintf(w, "\t\t  %s\n", rule.Advice)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return e.Result(strings.TrimRight(b.String(), "\n"), map[string]any{"rules": rules, "sources": audit.Sources()})
}
