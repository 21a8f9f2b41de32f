package registry

import (
	"fmt"
	"regexp"
	"slices"
)

// maxShares is how many accounts, organizations and units an image may be shared with: EC2's quota.
const maxShares = 1000

// Of the partition, EC2's patterns allow all but a colon. Real ones are aws, aws-cn and the like.
var (
	organizationARN = regexp.MustCompile(`^arn:aws[a-z0-9-]*:organizations::[0-9]{12}:organization/o-[a-z0-9]{10,32}$`)
	unitARN         = regexp.MustCompile(
		`^arn:aws[a-z0-9-]*:organizations::[0-9]{12}:ou/o-[a-z0-9]{10,32}/ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}$`)
)

const publicBlocked = "You can’t publicly share this image because block public access for AMIs is enabled for this " +
	"account. To publicly share the image, you must call the DisableImageBlockPublicAccess API."

// everyone makes an image public.
func everyone() LaunchPermission { return LaunchPermission{Group: "all"} }

// Share returns the change that lets more grantees launch the image. Its owner may always: a permission of
// the owner's is not kept.
func Share(with ...LaunchPermission) Change {
	return func(d *edit) error {
		shares := slices.Clone(d.LaunchPermissions)
		for _, p := range with {
			if err := p.check(); err != nil {
				return err
			}
			if p.UserID != d.Owner && !slices.Contains(shares, p) {
				shares = append(shares, p)
			}
		}
		d.LaunchPermissions = shares
		return nil
	}
}

// Unshare returns the change that takes permissions back. One that is not there is none to take.
func Unshare(from ...LaunchPermission) Change {
	return func(d *edit) error {
		for _, p := range from {
			if err := p.check(); err != nil {
				return err
			}
		}
		taken := func(p LaunchPermission) bool { return slices.Contains(from, p) }
		d.LaunchPermissions = without(d.LaunchPermissions, taken)
		return nil
	}
}

// without returns a list of its own without what is gone, nil if nothing is left, as when it is read.
func without[T any](list []T, gone func(T) bool) []T {
	left := slices.DeleteFunc(slices.Clone(list), gone)
	if len(left) == 0 {
		return nil
	}
	return left
}

// check returns InvalidAMIAttributeItemValue unless exactly one field is set, to what it may be.
func (p LaunchPermission) check() error {
	switch p {
	case LaunchPermission{UserID: p.UserID}:
		return checkItem("userId", p.UserID, CheckAccount(p.UserID) == nil)
	case LaunchPermission{Group: p.Group}:
		return checkItem("group", p.Group, p == everyone())
	case LaunchPermission{OrganizationARN: p.OrganizationARN}:
		return checkItem("organizationArn", p.OrganizationARN, organizationARN.MatchString(p.OrganizationARN))
	case LaunchPermission{OrganizationalUnitARN: p.OrganizationalUnitARN}:
		return checkItem("organizationalUnitArn", p.OrganizationalUnitARN, unitARN.MatchString(p.OrganizationalUnitARN))
	default:
		return invalid("launchPermission", fmt.Sprintf("%+v", p), "It has one grantee.")
	}
}

func checkItem(kind, value string, ok bool) error {
	if ok {
		return nil
	}
	message := fmt.Sprintf("Invalid attribute item value %q for %s item type. One is like %s.", value, kind, itemExamples()[kind])
	return &Error{Code: ItemValue, Message: message}
}

// itemExamples are what grantees look like.
func itemExamples() map[string]string {
	return map[string]string{
		"userId":                "123456789012",
		"group":                 "all",
		"organizationArn":       "arn:aws:organizations::123456789012:organization/o-abcdefghij",
		"organizationalUnitArn": "arn:aws:organizations::123456789012:ou/o-abcdefghij/ou-ab12-11111111",
	}
}

func (d *edit) judgeShares() error {
	if d.State == Disabled && len(d.LaunchPermissions) > 0 {
		return d.unavailable()
	}
	more := len(d.LaunchPermissions) > len(d.before.LaunchPermissions)
	if more && d.countShares() > maxShares {
		message := fmt.Sprintf("An image is shared with at most %d accounts, organizations and units.", maxShares)
		return &Error{Code: ResourceLimit, Message: message, IDs: []string{d.ID}}
	}
	if d.Public() && !d.before.Public() {
		return d.judgePublic()
	}
	return nil
}

// countShares returns the number of grantees: the group all is none.
func (m Image) countShares() int {
	n := len(m.LaunchPermissions)
	if m.Public() {
		n--
	}
	return n
}

// judgePublic refuses to make public what must not be. An image that is public already stays so, and so does
// one that becomes it at the moment at which access is blocked: the two are separate records.
func (d *edit) judgePublic() error {
	if d.encrypted() {
		return notPermitted(d.ID, "An image with encrypted volumes cannot be made public.")
	}
	if len(d.ProductCodes) > 0 {
		return notPermitted(d.ID, "An image with product codes cannot be made public.")
	}
	blocked, err := d.publicBlocked()
	if err != nil {
		return err
	}
	if blocked {
		return notPermitted(d.ID, publicBlocked)
	}
	return nil
}
