package registry

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiforge/internal/ec2query"
)

// TestEC2Order changes everything at once, there and back.
func TestEC2Order(t *testing.T) {
	f, e, now := startFake(t)
	m := register(t, e, web("web-1"))
	modify(t, e, m.ID, Label(Tag{"a", "1"}), Share(LaunchPermission{UserID: other}))
	f.sent()
	everything := []Change{
		Disable(), DescribeAs("d"), DeprecateAt(now.AddDate(1, 0, 0)), Label(Tag{"b", "1"}), Unlabel("a"), Protect(),
	}
	modify(t, e, m.ID, everything...)
	want := []string{
		"EnableImageDeregistrationProtection", "DeleteTags", "CreateTags", "ModifyImageAttribute", "EnableImageDeprecation",
		"DisableImage",
	}
	if diff := cmp.Diff(want, f.sent()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	modify(t, e, m.ID, everything...)
	if again := f.sent(); len(again) > 0 {
		t.Errorf("nothing to change, and requests %v", again)
	}
	modify(t, e, m.ID, Share(LaunchPermission{UserID: other}), Enable(), Undeprecate(), Unprotect())
	want = []string{"EnableImage", "DisableImageDeregistrationProtection", "DisableImageDeprecation", "ModifyImageAttribute"}
	if diff := cmp.Diff(want, f.sent()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	modify(t, e, m.ID, DescribeAs("e"), Share(LaunchPermission{OrganizationARN: org}), Unshare(LaunchPermission{UserID: other}))
	if diff := cmp.Diff([]string{"ModifyImageAttribute", "ModifyImageAttribute"}, f.sent()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestEC2SharingOnTheWire(t *testing.T) {
	f, e, _ := startFake(t)
	m := register(t, e, web("web-1"))
	modify(t, e, m.ID, Share(LaunchPermission{UserID: other}, LaunchPermission{OrganizationARN: org}))
	modify(t, e, m.ID, Unshare(LaunchPermission{UserID: other}), Share(LaunchPermission{OrganizationalUnitARN: unit}))
	var got []string
	for _, body := range f.requests {
		if strings.HasPrefix(body, "Action=ModifyImageAttribute") {
			got = append(got, lines(t, body))
		}
	}
	want := []string{
		"Action=ModifyImageAttribute\nImageId=" + m.ID + "\nLaunchPermission.Add.1.UserId=" + other +
			"\nLaunchPermission.Add.2.OrganizationArn=" + org + "\nVersion=2016-11-15",
		"Action=ModifyImageAttribute\nImageId=" + m.ID + "\nLaunchPermission.Add.1.OrganizationalUnitArn=" + unit +
			"\nLaunchPermission.Remove.1.UserId=" + other + "\nVersion=2016-11-15",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestEC2ModifyPartly has EC2 refuse the last of three requests.
func TestEC2ModifyPartly(t *testing.T) {
	f, e, _ := startFake(t)
	m := register(t, e, web("web-1"))
	f.denied["ModifyImageAttribute"] = &ec2query.Error{Code: "OperationNotPermitted", Message: "no", Status: 400}
	_, err := e.Modify(t.Context(), m.ID, Caller{}, Share(LaunchPermission{UserID: other}), Label(Tag{"a", "1"}), Protect())
	wantCode(t, err, NotPermitted)
	want := "image " + m.ID + ": launch permissions: OperationNotPermitted: no; changed before that: deregistration protection, tags"
	if err.Error() != want {
		t.Errorf("error is %v", err)
	}
	got := describe(t, e, Query{IDs: []string{m.ID}})[0]
	if got.DeregistrationProtection != Protected || len(got.Tags) != 1 || len(got.LaunchPermissions) != 0 {
		t.Errorf("the image is %+v", got)
	}
}

func TestEC2DryRun(t *testing.T) {
	f, live, now := startFake(t)
	m := register(t, live, web("web-1"))
	e := newEC2(live.client, "local", &Options{DryRun: true, Now: live.now})
	f.sent()
	_, err := e.Register(t.Context(), web("web-2"))
	wantCode(t, err, DryRunOperation)
	_, err = e.Register(t.Context(), web("web-1"))
	wantCode(t, err, NameDuplicate)
	_, err = e.Deregister(t.Context(), m.ID, Caller{})
	wantCode(t, err, DryRunOperation)
	_, err = e.CopyImage(t.Context(), RemoteCopy{SourceImageID: m.ID, Name: "copy"})
	wantCode(t, err, DryRunOperation)
	for _, block := range []bool{true, false} {
		wantCode(t, e.SetBlockPublicAccess(t.Context(), "local", self, block), DryRunOperation)
	}
	f.sent()
	_, err = e.Modify(t.Context(), m.ID, Caller{}, DescribeAs("d"), Label(Tag{"a", "1"}), Protect(),
		Share(LaunchPermission{UserID: other}), DeprecateAt(now.AddDate(1, 0, 0)))
	wantCode(t, err, DryRunOperation)
	if sent := f.sent(); len(sent) != 5 {
		t.Errorf("requests %v", sent)
	}
	_, err = e.Modify(t.Context(), m.ID, Caller{}, DescribeAs(m.Description))
	wantCode(t, err, DryRunOperation)
	_, err = e.Modify(t.Context(), m.ID, Caller{}, DescribeAs("d"), Label(Tag{"aws:a", "1"}), Share(everyone()))
	wantCode(t, err, ParameterValue)
	if !strings.Contains(err.Error(), string(NotPermitted)) {
		t.Errorf("error is %v, and lacks the second refusal", err)
	}
	if diff := cmp.Diff([]Image{m}, describe(t, e, Query{IDs: []string{m.ID}})); diff != "" {
		t.Errorf("dry runs changed (-before +after):\n%s", diff)
	}
}
