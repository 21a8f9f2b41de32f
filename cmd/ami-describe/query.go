package main

import (
	"cmp"
	"slices"
	"strings"

	"amiforge/internal/cli"
	"amiforge/internal/registry"
)

type options struct {
	ids                   []string
	owner, name           string
	executableBy, filters []string
	anyOwner, latest      bool
	deprecated, disabled  bool
}

func parse(e *cli.Env) (*options, error) {
	o := &options{}
	e.AddRegistryFlags(false)
	f := e.Flags()
	f.StringVar(&o.owner, "owner", "", "")
	f.BoolVar(&o.anyOwner, "any-owner", false, "")
	f.StringVar(&o.name, "name", "", "")
	f.StringSliceVar(&o.executableBy, "executable-by", nil, "")
	f.StringArrayVar(&o.filters, "filter", nil, "")
	f.BoolVar(&o.latest, "latest", false, "")
	f.BoolVar(&o.deprecated, "include-deprecated", false, "")
	f.BoolVar(&o.disabled, "include-disabled", false, "")
	var err error
	o.ids, err = e.Parse()
	return o, err
}

// query returns what the options ask for.
func (o *options) query(e *cli.Env) (registry.Query, error) {
	q := registry.Query{
		IDs: o.ids, Name: o.name, Region: e.GivenRegion(), ExecutableBy: slices.Clone(o.executableBy),
		AnyOwner: o.anyOwner, IncludeDeprecated: o.deprecated, IncludeDisabled: o.disabled,
	}
	var err error
	if q.As, err = e.Caller(); err != nil {
		return q, err
	}
	if q.Filters, err = parseFilters(o.filters); err != nil {
		return q, err
	}
	if err := o.setOwner(e, &q); err != nil {
		return q, err
	}
	for i, who := range q.ExecutableBy {
		if q.ExecutableBy[i], err = grantee(e, q.As, who); err != nil {
			return q, err
		}
	}
	return q, o.wantOwner(q)
}

func (o *options) setOwner(e *cli.Env, q *registry.Query) (err error) {
	switch {
	case o.owner != "" && o.anyOwner:
		return cli.Usagef("--owner and --any-owner exclude each other")
	case o.owner == "self" && q.As.Account == "" && !onEC2(e):
		return cli.Usagef("--owner self: whose are you? add --account ACCOUNT, or: export AMI_ACCOUNT=ACCOUNT")
	case o.owner == "self":
		q.Owner = cmp.Or(q.As.Account, "self")
	case onEC2(e) && slices.Contains(aliases(), o.owner):
		q.Owner = o.owner
	case o.owner != "":
		q.Owner, err = e.Account(o.owner)
	}
	return err
}

// onEC2 reports whether the registry is EC2, which knows who asks.
func onEC2(e *cli.Env) bool {
	_, ok := registry.EC2Region(e.RegistryLocation())
	return ok
}

// aliases are what owners are called at EC2, beside their accounts.
func aliases() []string { return []string{"amazon", "aws-marketplace", "aws-backup-vault"} }

func grantee(e *cli.Env, by registry.Caller, who string) (string, error) {
	switch {
	case who == "self" && by.Account == "" && !onEC2(e):
		return "", cli.Usagef("--executable-by self: whose are you? add --account ACCOUNT, or: export AMI_ACCOUNT=ACCOUNT")
	case who == "" || who == "self" || who == "all":
		return who, nil
	}
	return e.Account(who)
}

// wantOwner refuses a look-up whose answer anybody could forge by giving an image the right name.
func (o *options) wantOwner(q registry.Query) error {
	byOwner := func(f registry.Filter) bool { return f.Name == "owner-id" || f.Name == "owner-alias" }
	byName := func(f registry.Filter) bool { return f.Name == "name" }
	named := q.Name != "" || o.latest || slices.ContainsFunc(q.Filters, byName)
	owned := q.Owner != "" || o.anyOwner || len(q.IDs) > 0 || slices.ContainsFunc(q.Filters, byOwner)
	if named && !owned {
		return cli.Usagef("whose image? others may have given one of theirs the same name: " +
			"add --owner self, --owner ACCOUNT or --any-owner")
	}
	return nil
}

// parseFilters reads NAME=VALUE. Filters of one name are one, with all their values.
func parseFilters(texts []string) ([]registry.Filter, error) {
	var filters []registry.Filter
	for _, text := range texts {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return nil, cli.Usagef("--filter %q: want NAME=VALUE, such as state=available", text)
		}
		i := slices.IndexFunc(filters, func(f registry.Filter) bool { return f.Name == name })
		if i < 0 {
			filters = append(filters, registry.Filter{Name: name})
			i = len(filters) - 1
		}
		filters[i].Values = append(filters[i].Values, value)
	}
	return filters, nil
}
