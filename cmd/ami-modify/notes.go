package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"amiforge/internal/cli"
	"amiforge/internal/registry"
)

// grantNotes tells, before anything is changed, whom grants to organizations will match: without a file, nobody.
func (o *options) grantNotes(e *cli.Env) ([]string, error) {
	if len(o.addOrgs)+len(o.addUnits) == 0 {
		return nil, nil
	}
	organizations, err := e.Organizations()
	if err != nil || organizations != nil {
		return nil, err
	}
	return []string{"nobody is known to be in an organization or unit: where the image is looked for, add " +
		"--organizations FILE, or: export AMI_ORGANIZATIONS=FILE"}, nil
}

// notes tells what the user may not expect of the changes.
func (o *options) notes(before, after registry.Image) (notes []string) {
	if o.public {
		notes = append(notes, o.deprecationNotes(after)...)
	}
	if o.private {
		notes = append(notes, shareNotes(after)...)
	}
	if n := len(before.LaunchPermissions); n > 0 {
		notes = append(notes, "its shares are removed, and --enable does not bring them back: "+
			strings.Join(grantees(before.LaunchPermissions), ", "))
	}
	if ends := after.CooldownEnd; (o.unprotect || o.protect != "") && ends.After(time.Now()) {
		notes = append(notes, "the protection has a cooldown: the image cannot be deregistered until "+ends.String())
	}
	return notes
}

// publicYears is how long after its creation a public image is deprecated, if the user does not say earlier.
const publicYears = 2

func (o *options) deprecationNotes(m registry.Image) []string {
	latest := m.CreationDate.AddDate(publicYears, 0, 0).Truncate(time.Minute)
	if o.given("deprecate-at") || !m.DeprecationTime.Equal(latest) {
		return nil
	}
	return []string{"public images are deprecated two years after their creation: this one on " + m.DeprecationTime.String()}
}

// shareNotes tells with whom an image is shared that is public no more.
func shareNotes(m registry.Image) (notes []string) {
	for _, kind := range []struct {
		one, many, flag string
		of              func(registry.LaunchPermission) string
	}{
		{"account", "accounts", "--remove-user", func(p registry.LaunchPermission) string { return p.UserID }},
		{"organization", "organizations", "--remove-org", func(p registry.LaunchPermission) string { return p.OrganizationARN }},
		{"unit", "units", "--remove-ou", func(p registry.LaunchPermission) string { return p.OrganizationalUnitARN }},
	} {
		others := func(p registry.LaunchPermission) bool { return kind.of(p) == "" }
		list := grantees(slices.DeleteFunc(slices.Clone(m.LaunchPermissions), others))
		word, them := kind.many, "them"
		if len(list) == 1 {
			word, them = kind.one, "it"
		}
		if len(list) > 0 {
			notes = append(notes, fmt.Sprintf("still shared with %d %s: %s; %s takes %s out",
				len(list), word, strings.Join(list, ", "), kind.flag, them))
		}
	}
	return notes
}

// grantees returns accounts, ARNs and "all".
func grantees(permissions []registry.LaunchPermission) (list []string) {
	for _, p := range permissions {
		list = append(list, p.UserID+p.Group+p.OrganizationARN+p.OrganizationalUnitARN) // all but one are empty
	}
	return list
}
