package registry

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	org  = "arn:aws:organizations::123456789012:organization/o-1234567890"
	unit = "arn:aws-cn:organizations::123456789012:ou/o-1234567890/ou-ab12-12345678"
)

// unblock lets the account of these tests make images public.
func unblock(t *testing.T, e Engine) {
	t.Helper()
	if err := e.SetBlockPublicAccess(t.Context(), "local", self, false); err != nil {
		t.Fatal(err)
	}
}

func TestRow66PublicAndExplicitTogether(t *testing.T) {
	e, _ := onDirectory(t)
	unblock(t, e)
	m := register(t, e, web("web-1"))
	user := LaunchPermission{UserID: other}
	got := modify(t, e, m.ID, Share(user, everyone(), LaunchPermission{OrganizationARN: org}))
	if !got.Public() || !slices.Contains(got.LaunchPermissions, user) {
		t.Errorf("permissions are %v", got.LaunchPermissions)
	}
	got = modify(t, e, m.ID, Unshare(everyone()))
	want := []LaunchPermission{user, {OrganizationARN: org}}
	if diff := cmp.Diff(want, got.LaunchPermissions); diff != "" {
		t.Errorf("private again (-want +got):\n%s", diff)
	}
}

func TestRow66OwnerIsImplicit(t *testing.T) {
	e, _ := onDirectory(t)
	m := register(t, e, web("web-1"))
	owner := LaunchPermission{UserID: m.Owner}
	for _, change := range []Change{Share(owner), Unshare(owner)} {
		if got := modify(t, e, m.ID, change); got.LaunchPermissions != nil {
			t.Errorf("permissions are %v", got.LaunchPermissions)
		}
	}
}

func TestRow67BlockedImageStaysPrivate(t *testing.T) {
	e, _ := onDirectory(t)
	m := register(t, e, web("web-1"))
	wantRefusal(t, e, m.ID, NotPermitted, Share(everyone()))
	_, err := e.Modify(t.Context(), m.ID, Caller{}, Share(everyone()))
	const want = "OperationNotPermitted: You can’t publicly share this image because block public access for AMIs is " +
		"enabled for this account. To publicly share the image, you must call the DisableImageBlockPublicAccess API."
	if err == nil || err.Error() != want {
		t.Errorf("error is %v", err)
	}
	unblock(t, e)
	modify(t, e, m.ID, Share(everyone()))
	if err := e.SetBlockPublicAccess(t.Context(), "local", self, true); err != nil {
		t.Fatal(err)
	}
	if got := modify(t, e, m.ID, Share(LaunchPermission{UserID: other})); !got.Public() {
		t.Error("a public image became private when access was blocked")
	}
	modify(t, e, m.ID, Unshare(everyone()))
	wantRefusal(t, e, m.ID, NotPermitted, Share(everyone()))
}

func TestRow68And72OwnerOnly(t *testing.T) {
	e, _ := onDirectory(t)
	m := register(t, e, web("web-1"))
	modify(t, e, m.ID, Share(LaunchPermission{UserID: other}))
	for name, change := range map[string]Change{"share": Share(everyone()), "tag": Label(Tag{"a", "b"}), "disable": Disable()} {
		t.Run(name, func(t *testing.T) {
			_, err := e.Modify(t.Context(), m.ID, Caller{Account: other}, change)
			wantCode(t, err, AuthFailure)
		})
	}
	if _, err := e.Modify(t.Context(), m.ID, Caller{Account: self}, Disable()); err != nil {
		t.Errorf("the owner: %v", err)
	}
}

func TestRow70NotPublic(t *testing.T) {
	e, _ := onDirectory(t)
	unblock(t, e)
	encrypted, product := web("web-1"), web("web-2")
	encrypted.BlockDevices = []BlockDevice{{DeviceName: "/dev/sdb", EBS: &EBS{SnapshotID: "snap-1", Encrypted: true}}}
	product.ProductCodes = []ProductCode{{"774F4FF8", "devpay"}}
	for _, image := range []Image{encrypted, product} {
		t.Run(image.Name, func(t *testing.T) {
			m := register(t, e, image)
			wantRefusal(t, e, m.ID, NotPermitted, Share(everyone()))
			modify(t, e, m.ID, Share(LaunchPermission{UserID: other}))
		})
	}
}

func TestRow73PublicImagesAreDeprecated(t *testing.T) {
	limit := time.Date(2028, 11, 3, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		before, with, after []Change // before it is public, with that, and afterwards
		refused             Code     // what comes afterwards
		want                time.Time
	}{
		"none":                {want: limit},
		"later before":        {before: []Change{DeprecateAt(limit.AddDate(1, 0, 0))}, want: limit},
		"earlier before":      {before: []Change{DeprecateAt(limit.AddDate(-1, 0, 0))}, want: limit.AddDate(-1, 0, 0)},
		"earlier with":        {with: []Change{DeprecateAt(limit.AddDate(-1, 0, 0))}, want: limit.AddDate(-1, 0, 0)},
		"earlier after":       {after: []Change{DeprecateAt(limit.AddDate(-1, 0, 1))}, want: limit.AddDate(-1, 0, 1)},
		"at the limit after":  {after: []Change{DeprecateAt(limit.Add(59 * time.Second))}, want: limit},
		"later after":         {after: []Change{DeprecateAt(limit.Add(time.Minute))}, refused: ParameterValue, want: limit},
		"lifted after":        {after: []Change{Undeprecate()}, refused: NotPermitted, want: limit},
		"lifted when private": {after: []Change{Undeprecate(), Unshare(everyone())}},
		"later when private":  {after: []Change{Unshare(everyone()), DeprecateAt(limit.AddDate(5, 0, 0))}, want: limit.AddDate(5, 0, 0)},
		"kept when private":   {after: []Change{Unshare(everyone())}, want: limit},
	} {
		t.Run(name, func(t *testing.T) {
			e, _ := onDirectory(t)
			unblock(t, e)
			id := register(t, e, web("web-1")).ID
			if c.before != nil {
				modify(t, e, id, c.before...)
			}
			modify(t, e, id, append(c.with, Share(everyone()))...)
			switch {
			case c.refused != "":
				wantRefusal(t, e, id, c.refused, c.after...)
			case c.after != nil:
				modify(t, e, id, c.after...)
			}
			if got := describe(t, e, Query{})[0].DeprecationTime; !got.Equal(c.want) {
				t.Errorf("deprecated at %s, want %s", got, c.want)
			}
		})
	}
}

func TestDeprecateAt(t *testing.T) {
	for name, c := range map[string]struct {
		at   time.Time
		want time.Time // zero is refused
	}{
		"now":                 {noon(), noon().Truncate(time.Minute)},
		"a minute ago":        {noon().Add(-time.Minute), time.Time{}},
		"in 10 years":         {noon().AddDate(10, 0, 0), noon().AddDate(10, 0, 0).Truncate(time.Minute)},
		"in more":             {noon().AddDate(10, 0, 0).Add(time.Second), time.Time{}},
		"seconds, other zone": {noon().Add(89 * time.Second).In(time.FixedZone("", 1800)), noon().Add(time.Minute).Truncate(time.Minute)},
	} {
		t.Run(name, func(t *testing.T) {
			e, _ := onDirectory(t)
			m := register(t, e, web("web-1"))
			if c.want.IsZero() {
				wantRefusal(t, e, m.ID, ParameterValue, DeprecateAt(c.at))
				return
			}
			if got := modify(t, e, m.ID, DeprecateAt(c.at)).DeprecationTime; !got.Equal(c.want) {
				t.Errorf("deprecated at %s, want %s", got, c.want)
			}
			if got := modify(t, e, m.ID, Undeprecate()).DeprecationTime; !got.IsZero() {
				t.Errorf("still deprecated at %s", got)
			}
		})
	}
}

func TestShareRefuses(t *testing.T) {
	e, _ := onDirectory(t)
	m := register(t, e, web("web-1"))
	for name, p := range map[string]LaunchPermission{
		"nobody":                {},
		"account of 2":          {UserID: "12"},
		"account with dashes":   {UserID: "1234-5678-9012"},
		"group":                 {Group: "some"},
		"unit as organization":  {OrganizationARN: unit},
		"organization as unit":  {OrganizationalUnitARN: org},
		"ARN with a line break": {OrganizationARN: "arn:aws\n:organizations::123456789012:organization/o-1234567890"},
		"ARN and more":          {OrganizationARN: org + "\n"},
		"two grantees":          {UserID: other, Group: "all"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, change := range []Change{Share(p), Unshare(p)} {
				_, err := e.Modify(t.Context(), m.ID, Caller{}, change)
				if _, ok := errors.AsType[*Error](err); !ok {
					t.Errorf("error is %v", err)
				}
			}
		})
	}
	_, err := e.Modify(t.Context(), m.ID, Caller{}, Share(LaunchPermission{UserID: "12"}))
	if want := `InvalidAMIAttributeItemValue: Invalid attribute item value "12" for userId item type. `; !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error is %v", err)
	}
	modify(t, e, m.ID, Share(LaunchPermission{OrganizationARN: org}, LaunchPermission{OrganizationalUnitARN: unit}))
}

func TestSharesAreLimited(t *testing.T) {
	e, _ := onDirectory(t)
	unblock(t, e)
	m := register(t, e, web("web-1"))
	var users []LaunchPermission
	for i := range 1001 {
		users = append(users, LaunchPermission{UserID: fmt.Sprintf("%012d", i)})
	}
	wantRefusal(t, e, m.ID, ResourceLimit, Share(users...))
	modify(t, e, m.ID, Share(users[:1000]...), Share(users[:10]...), Share(everyone()))
	wantRefusal(t, e, m.ID, ResourceLimit, Share(users[1000]))
	modify(t, e, m.ID, Unshare(users[0]), Share(users[1000]))
}
