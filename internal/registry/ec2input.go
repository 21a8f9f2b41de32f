package registry

import (
	"slices"
	"strings"

	"amiforge/internal/ec2query"
)

// ec2Page is how many images EC2 gives at a time, at most.
const ec2Page = 1000

// input returns the query as EC2 takes it.
func (q Query) input() *ec2query.DescribeImagesInput {
	named := len(q.IDs) > 0
	in := &ec2query.DescribeImagesInput{
		ImageIDs: unique(q.IDs), ExecutableBy: q.ExecutableBy,
		IncludeDeprecated: q.IncludeDeprecated || named,
		IncludeDisabled:   q.IncludeDisabled || named || q.asksFor(Disabled),
	}
	if !named {
		in.MaxResults = ec2Page // EC2 refuses it along with IDs
	}
	switch {
	case q.Owner != "":
		in.Owners = []string{q.Owner}
	case q.asksForAll():
		in.Owners = []string{"self"}
	}
	for _, f := range []struct{ name, value string }{
		{nameFilter, q.Name},
		{locationFilter, strings.TrimPrefix(q.Location, "s3://")},
	} {
		if f.value != "" {
			in.Filters = append(in.Filters, ec2query.Filter{Name: f.name, Values: []string{literally(f.value)}})
		}
	}
	for _, f := range q.Filters {
		in.Filters = append(in.Filters, f.forEC2())
	}
	return in
}

// asksForAll reports whether nothing in the query says whose images are meant.
func (q Query) asksForAll() bool {
	owners := func(f Filter) bool { return f.Name == "owner-id" || f.Name == "owner-alias" }
	return !q.AnyOwner && len(q.IDs) == 0 && q.Location == "" && len(q.ExecutableBy) == 0 && !slices.ContainsFunc(q.Filters, owners)
}

// forEC2 returns the filter with locations as EC2 writes them, without the scheme.
func (f Filter) forEC2() ec2query.Filter {
	values := f.Values
	if f.Name == locationFilter {
		values = each(values, func(v string) string { return strings.TrimPrefix(v, "s3://") })
	}
	return ec2query.Filter{Name: f.Name, Values: values}
}

// literally returns the filter value that stands for text and nothing else.
func literally(text string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`).Replace(text)
}
