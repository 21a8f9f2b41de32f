package regions

import (
	"fmt"
	"slices"
)

// Organizations says which account belongs to which organization and units. Nil is that of a user who has no
// such file.
type Organizations struct {
	homes map[string]home // by account
}

// LoadOrganizations reads the organizations file at path. In it each organization, and each unit, is either
// an array of accounts, or an object whose keys are units and, for the accounts beside them, "accounts". An
// organization, a unit or an account that is there twice is an error.
func LoadOrganizations(path string) (*Organizations, error) {
	data, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("organizations file: %w", err)
	}
	o, err := parseOrganizations(data)
	if err != nil {
		return nil, fmt.Errorf("organizations file: %s: %w", path, err)
	}
	return o, nil
}

// Memberships returns the ARNs of the organization that account belongs to and of the units that it is in,
// each before the units in it. There is none for an account that the file does not name: neither is the
// account in an ARN, the organization's own, a member unless it is listed.
func (o *Organizations) Memberships(account string) []string {
	if o == nil {
		return nil
	}
	var arns []string
	for g := o.homes[account].group; g != nil; g = g.within {
		arns = append(arns, g.arn)
	}
	slices.Reverse(arns)
	return arns
}

func parseOrganizations(data []byte) (*Organizations, error) {
	v, err := parseValue(data)
	if err != nil {
		return nil, err
	}
	if err := v.want("object"); err != nil {
		return nil, fmt.Errorf("line %d: %w", v.line, err)
	}
	t := tree{units: map[string]int{}, homes: map[string]home{}}
	for _, m := range v.members {
		if err := t.addOrganization(m); err != nil {
			return nil, err
		}
	}
	return &Organizations{homes: t.homes}, nil
}
