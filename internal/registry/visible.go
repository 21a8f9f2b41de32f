package registry

import (
	"slices"
	"time"
)

// manages reports whether the caller owns the image or administers the registry.
func (c Caller) manages(m Image) bool { return c.Account == "" || c.Account == m.Owner }

// sharesIn reports whether the image is shared with the caller: by account or by an organization or unit.
func (c Caller) sharesIn(m Image) bool {
	return slices.ContainsFunc(m.LaunchPermissions, func(p LaunchPermission) bool {
		if p.UserID != "" {
			return p.UserID == c.Account
		}
		arn := p.OrganizationARN + p.OrganizationalUnitARN // one is empty
		return arn != "" && slices.Contains(c.Organizations, arn)
	})
}

// visible reports whether the query's caller may see the image and has not left it out.
func (q Query) visible(m Image, now time.Time) bool {
	if q.As.manages(m) {
		return true
	}
	if m.State != Available || !m.Public() && !q.As.sharesIn(m) {
		return false
	}
	return q.IncludeDeprecated || len(q.IDs) > 0 || !m.deprecated(now)
}

// show returns the image as the query's caller may see it.
func (q Query) show(m Image) Image {
	if q.As.manages(m) {
		return m
	}
	m.LaunchPermissions = without(m.LaunchPermissions, func(p LaunchPermission) bool { return p != everyone() })
	return m
}

// executable reports whether the image is shared with any of those that the query asks for. With whom else
// an image is shared, its owner knows alone.
func (q Query) executable(m Image) bool {
	return len(q.ExecutableBy) == 0 || slices.ContainsFunc(q.ExecutableBy, func(who string) bool {
		switch who {
		case "all":
			return m.Public()
		case "self", q.As.Account:
			return q.As.sharesIn(m)
		default:
			return q.As.manages(m) && slices.Contains(m.LaunchPermissions, LaunchPermission{UserID: who})
		}
	})
}

func (q Query) checkExecutable() error {
	for _, who := range q.ExecutableBy {
		self := who == "self" && q.As.Account != ""
		if !self && who != "all" && CheckAccount(who) != nil {
			return invalid("executableBy", who, "It is all, an account, or self where the caller has one.")
		}
	}
	return nil
}
