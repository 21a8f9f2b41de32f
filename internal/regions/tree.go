package regions

import (
	"fmt"
	"regexp"
	"slices"

	"amiforge/internal/registry"
)

// accountsKey holds the accounts that are directly in an organization or a unit that also has units.
const accountsKey = "accounts"

// The patterns that EC2 gives for the principals of a launch permission, but without control characters. The
// groups are what a unit has in common with its organization: partition, account and the organization's ID.
var (
	organizationARN = regexp.MustCompile(`^arn:aws([^:\pC]*):organizations::([0-9]{12}):organization/(o-[a-z0-9]{10,32})$`)
	unitARN         = regexp.MustCompile(`^arn:aws([^:\pC]*):organizations::([0-9]{12}):ou/(o-[a-z0-9]{10,32})/ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}$`)
)

// A group is an organization or a unit.
type group struct {
	arn    string
	common []string // the groups of the organization's ARN
	within *group   // nil for an organization
}

// A home is the innermost group of an account, and the line that says so.
type home struct {
	*group
	line int
}

// A tree collects what an organizations file says.
type tree struct {
	units map[string]int // lines
	homes map[string]home
}

func (t *tree) addOrganization(m member) error {
	match := organizationARN.FindStringSubmatch(m.name)
	if match == nil {
		return fmt.Errorf("line %d: %q is not the ARN of an organization", m.line, m.name)
	}
	return t.add(&group{arn: m.name, common: match[1:]}, m.value)
}

// add takes in what is in g.
func (t *tree) add(g *group, v value) error {
	if v.kind == "array" {
		return t.addAccounts(g, v)
	}
	if err := v.want("object"); err != nil {
		return fmt.Errorf("line %d: %s: %w", v.line, g.arn, err)
	}
	for _, m := range v.members {
		if err := t.addMember(g, m); err != nil {
			return err
		}
	}
	return nil
}

func (t *tree) addMember(g *group, m member) error {
	if m.name == accountsKey {
		return t.addAccounts(g, m.value)
	}
	if err := t.checkUnit(g, m.name); err != nil {
		return fmt.Errorf("line %d: %s: %w", m.line, g.arn, err)
	}
	t.units[m.name] = m.line
	return t.add(&group{arn: m.name, common: g.common, within: g}, m.value)
}

// checkUnit returns an error unless arn is that of a new unit of the organization of g.
func (t *tree) checkUnit(g *group, arn string) error {
	match := unitARN.FindStringSubmatch(arn)
	if match == nil {
		return fmt.Errorf("%q is neither the ARN of an organizational unit nor %q", arn, accountsKey)
	}
	if !slices.Equal(match[1:], g.common) {
		return fmt.Errorf("unit %s is of another organization", arn)
	}
	if line, ok := t.units[arn]; ok {
		return fmt.Errorf("unit %s is on line %d already", arn, line)
	}
	return nil
}

func (t *tree) addAccounts(g *group, v value) error {
	if err := v.want("array"); err != nil {
		return fmt.Errorf("line %d: %s: %s: %w", v.line, g.arn, accountsKey, err)
	}
	for _, item := range v.items {
		if err := t.addAccount(g, item); err != nil {
			return fmt.Errorf("line %d: %s: %w", item.line, g.arn, err)
		}
	}
	return nil
}

func (t *tree) addAccount(g *group, v value) error {
	if err := v.want("string"); err != nil {
		return err
	}
	if err := registry.CheckAccount(v.text); err != nil {
		return err
	}
	if first, ok := t.homes[v.text]; ok {
		return fmt.Errorf("account %s is on line %d already, in %s", v.text, first.line, first.arn)
	}
	t.homes[v.text] = home{g, v.line}
	return nil
}
