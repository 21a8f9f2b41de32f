package main

import (
	"slices"
	"strings"

	"amiforge/internal/cli"
	"amiforge/internal/registry"
)

// validateMode looks at what the command is to do, and to which image.
func (o *options) validateMode(args []string) error {
	for _, mode := range []string{"block-public-access", "sweep"} {
		if o.given(mode) {
			return o.validateAlone(mode)
		}
	}
	switch {
	case o.flags.Changed("protect") && slices.Contains(args, "cooldown"):
		return cli.Usagef("the value of --protect is written --protect=cooldown")
	case len(args) > 1:
		return cli.Usagef("unexpected argument %q: one image at a time", args[1])
	case o.id == "":
		return cli.Usagef("which image? give one ID")
	case !slices.ContainsFunc(changeFlags(), o.given):
		return cli.Usagef("change what? give --public, --add-user ACCOUNT, --tag KEY=VALUE, …")
	}
	return nil
}

// validateAlone wants nothing to be said about an image where mode is about many.
func (o *options) validateAlone(mode string) error {
	if o.id != "" {
		return cli.Usagef("--%s is about no single image: leave out %q", mode, o.id)
	}
	for _, name := range append(changeFlags(), "sweep") {
		if name != mode && o.given(name) {
			return cli.Usagef("--%s and --%s exclude each other", mode, name)
		}
	}
	return nil
}

func (o *options) validateWords() error {
	for _, name := range append(changeFlags(), "block-public-access") {
		// As after --add-user "$ACCOUNT", where ACCOUNT is not set: nothing would be done, and nothing said.
		value := strings.Trim(o.flags.Lookup(name).Value.String(), "[]")
		if o.flags.Changed(name) && value == "" && name != "description" {
			return cli.Usagef("--%s: the value is empty", name)
		}
	}
	switch {
	case o.given("protect") && !slices.Contains([]string{"cooldown", string(registry.Protected)}, o.protect):
		return cli.Usagef("--protect=%s: want --protect or --protect=cooldown", o.protect)
	case slices.Contains(o.addUsers, "all"):
		return cli.Usagef("--add-user all: write --public")
	case slices.Contains(o.removeUsers, "all"):
		return cli.Usagef("--remove-user all: write --private")
	case o.given("block-public-access") && !slices.Contains([]string{"on", "off", "show"}, o.block):
		return cli.Usagef("--block-public-access %q: want on, off or show", o.block)
	}
	return nil
}

// contradiction is a usage error where two changes do not go together.
func (o *options) contradiction() error {
	for _, pair := range [][2]string{
		{"public", "private"},
		{"protect", "unprotect"},
		{"deprecate-at", "undeprecate"},
		{"disable", "enable"},
		{"disable", "public"}, // a disabled image is shared with nobody
		{"disable", "add-user"},
		{"disable", "add-org"},
		{"disable", "add-ou"},
	} {
		if o.given(pair[0]) && o.given(pair[1]) {
			return cli.Usagef("--%s and --%s exclude each other", pair[0], pair[1])
		}
	}
	for _, name := range []string{"user", "org", "ou"} {
		for _, grantee := range o.list("add-" + name) {
			if slices.Contains(o.list("remove-"+name), grantee) {
				return cli.Usagef("--add-%s and --remove-%s exclude each other for %s", name, name, grantee)
			}
		}
	}
	return o.contradictoryTags()
}

// list returns the values of a flag that may be repeated.
func (o *options) list(name string) []string {
	return map[string][]string{
		"add-user": o.addUsers, "remove-user": o.removeUsers,
		"add-org": o.addOrgs, "remove-org": o.removeOrgs,
		"add-ou": o.addUnits, "remove-ou": o.removeUnits,
	}[name]
}

func (o *options) contradictoryTags() error {
	seen := map[string]bool{}
	for _, tag := range o.labels() {
		if seen[tag.Key] {
			return cli.Usagef("--tag %s is there twice", tag.Key)
		}
		if slices.Contains(o.untags, tag.Key) {
			return cli.Usagef("--tag and --untag exclude each other for %s", tag.Key)
		}
		seen[tag.Key] = true
	}
	return nil
}
