package registry

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A shelf is a registry with an image of each kind, and the names of their IDs.
type shelf struct {
	Engine
	ids, names map[string]string
}

func fill(t *testing.T) shelf {
	t.Helper()
	e, now := onDirectory(t)
	unblock(t, e)
	s := shelf{e, map[string]string{}, map[string]string{}}
	soon := now.Add(time.Hour)
	user := LaunchPermission{UserID: other}
	for name, changes := range map[string][]Change{
		"private":            {Share()},
		"public":             {Share(everyone(), LaunchPermission{UserID: "222233334444"})},
		"shared":             {Share(user)},
		"organization":       {Share(LaunchPermission{OrganizationARN: org})},
		"unit":               {Share(LaunchPermission{OrganizationalUnitARN: unit})},
		"deprecated private": {DeprecateAt(soon)},
		"deprecated shared":  {Share(user), DeprecateAt(soon)},
		"deprecated public":  {Share(everyone()), DeprecateAt(soon)},
		"disabled":           {Disable()},
	} {
		m := register(t, e, web(name))
		modify(t, e, m.ID, changes...)
		s.ids[name], s.names[m.ID] = m.ID, name
	}
	*now = now.Add(2 * time.Hour)
	return s
}

// ask returns the names that the query finds, sorted.
func (s shelf) ask(t *testing.T, q Query) []string {
	t.Helper()
	var names []string
	for _, m := range describe(t, s, q) {
		names = append(names, s.names[m.ID])
	}
	slices.Sort(names)
	return names
}

func TestRow13Visibility(t *testing.T) {
	s := fill(t)
	user, owner := Caller{Account: other}, Caller{Account: self}
	member := Caller{Account: "222233334444", Organizations: []string{org, unit}}
	mine := []string{
		"deprecated private", "deprecated public", "deprecated shared", "organization", "private", "public", "shared", "unit",
	}
	for name, c := range map[string]struct {
		query Query
		want  []string
	}{
		"administrator":           {Query{}, mine},
		"owner":                   {Query{As: owner}, mine},
		"owner, disabled too":     {Query{As: owner, IncludeDisabled: true}, slices.Insert(slices.Clone(mine), 3, "disabled")},
		"user":                    {Query{As: user}, []string{"public", "shared"}},
		"user, deprecated too":    {Query{As: user, IncludeDeprecated: true}, []string{"deprecated public", "deprecated shared", "public", "shared"}},
		"user, disabled too":      {Query{As: user, IncludeDisabled: true}, []string{"public", "shared"}},
		"user, deprecated by ID":  {Query{As: user, IDs: []string{s.ids["deprecated shared"]}}, []string{"deprecated shared"}},
		"owner, disabled by ID":   {Query{As: owner, IDs: []string{s.ids["disabled"]}}, []string{"disabled"}},
		"member":                  {Query{As: member}, []string{"organization", "public", "unit"}},
		"for all":                 {Query{ExecutableBy: []string{"all"}}, []string{"deprecated public", "public"}},
		"for self, user":          {Query{As: user, ExecutableBy: []string{"self"}}, []string{"shared"}},
		"for self, owner":         {Query{As: owner, ExecutableBy: []string{"self"}}, nil},
		"for self, member":        {Query{As: member, ExecutableBy: []string{"self"}}, []string{"organization", "public", "unit"}},
		"for the own account":     {Query{As: member, ExecutableBy: []string{member.Account}}, []string{"organization", "public", "unit"}},
		"for self or all":         {Query{As: user, ExecutableBy: []string{"self", "all"}}, []string{"public", "shared"}},
		"for the member, owner":   {Query{As: owner, ExecutableBy: []string{member.Account}}, []string{"public"}},
		"for the member, another": {Query{As: user, ExecutableBy: []string{member.Account}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, s.ask(t, c.query)); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
		})
	}
}

// TestInvisibleIsUnknown asks for images by ID that the caller must not see.
func TestInvisibleIsUnknown(t *testing.T) {
	s := fill(t)
	for _, name := range []string{"private", "deprecated private", "organization", "disabled"} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Describe(t.Context(), Query{As: Caller{Account: other}, IDs: []string{s.ids[name]}})
			wantCode(t, err, IDNotFound)
		})
	}
}

func TestRow78PermissionsAreTheOwnersToSee(t *testing.T) {
	s := fill(t)
	all := []LaunchPermission{everyone(), {UserID: "222233334444"}}
	for name, c := range map[string]struct {
		as   Caller
		want []LaunchPermission
	}{
		"administrator": {Caller{}, all},
		"owner":         {Caller{Account: self}, all},
		"other":         {Caller{Account: other}, all[:1]},
	} {
		t.Run(name, func(t *testing.T) {
			m := describe(t, s, Query{As: c.as, IDs: []string{s.ids["public"]}})[0]
			if diff := cmp.Diff(c.want, m.LaunchPermissions); diff != "" || !m.Public() {
				t.Errorf("public: %v, permissions (-want +got):\n%s", m.Public(), diff)
			}
		})
	}
	m := describe(t, s, Query{As: Caller{Account: other}, IDs: []string{s.ids["shared"]}})[0]
	if m.LaunchPermissions != nil {
		t.Errorf("a user sees the permissions %v", m.LaunchPermissions)
	}
}

func TestExecutableByRefuses(t *testing.T) {
	e, _ := onDirectory(t)
	for name, who := range map[string]string{"administrator's self": "self", "name": "me", "empty": ""} {
		t.Run(name, func(t *testing.T) {
			_, err := e.Describe(t.Context(), Query{ExecutableBy: []string{who}})
			wantCode(t, err, ParameterValue)
		})
	}
}

// TestUsersOfDisabled looks for who needs a bundle: a disabled image does.
func TestUsersOfDisabled(t *testing.T) {
	e, _ := onDirectory(t)
	m := register(t, e, web("web-1"))
	modify(t, e, m.ID, Disable())
	ids, err := Users(t.Context(), e, m.Location)
	if err != nil || !slices.Equal(ids, []string{m.ID}) {
		t.Errorf("users are %v, %v", ids, err)
	}
}
