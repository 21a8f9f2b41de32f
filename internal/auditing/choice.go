package auditing

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"amiforge/internal/audit"
	"amiforge/internal/cli"
)

// A Choice is what an audit looks at, and what matters of it, as its user has it.
type Choice struct {
	Options

	severity string // of FailOn
}

// AddFlags adds --fail-on, --skip and --allow.
func (c *Choice) AddFlags(f *pflag.FlagSet) {
	f.StringVar(&c.severity, "fail-on", audit.Error.String(), "")
	f.StringSliceVar(&c.Skip, "skip", nil, "")
	f.StringArrayVar(&c.Allow, "allow", nil, "")
}

// Validate looks at what names rules and severities.
func (c *Choice) Validate() (err error) {
	if c.FailOn, err = audit.ParseSeverity(c.severity); err != nil {
		return cli.Usagef("--fail-on %q: want error, warning or info", c.severity)
	}
	for _, id := range c.Skip {
		if err := checkRule("--skip", id); err != nil {
			return err
		}
	}
	for _, text := range c.Allow {
		id, _, _ := strings.Cut(text, ":")
		if err := checkRule("--allow", id); err != nil {
			return err
		}
		if _, err := audit.ParseAllow(text); err != nil {
			return cli.Usagef("--allow: %w", err)
		}
	}
	return nil
}

// checkRule is a usage error where there is no rule of that ID.
func checkRule(flag, id string) error {
	var ids []string
	for _, rule := range audit.Rules() {
		ids = append(ids, rule.ID)
	}
	if slices.Contains(ids, id) {
		return nil
	}
	near, ok := cli.Nearest(strings.ToUpper(id), ids)
	if !ok {
		return cli.Usagef("%s: there is no rule %q; --rules lists them", flag, id)
	}
	return cli.Usagef("%s: there is no rule %q; did you mean %s?", flag, id, near)
}
