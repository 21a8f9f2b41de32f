package registry

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// onEngines runs test on the engine on a directory, and on EC2 in front of such: what an engine is asked for has to
// survive the wire.
func onEngines(t *testing.T, test func(t *testing.T, e Engine, now *time.Time)) {
	t.Run("directory", func(t *testing.T) {
		e, now := onDirectory(t)
		test(t, e, now)
	})
	t.Run("ec2", func(t *testing.T) {
		_, e, now := startFake(t)
		test(t, e, now)
	})
}

// equipped returns an image with all that a registration has, but for what EC2 reads in the manifest.
func equipped() Image {
	m := web("web (1) [x]")
	m.KernelID, m.RamdiskID, m.VirtualizationType = "aki-1", "ari-1", "hvm"
	m.BlockDevices = []BlockDevice{
		{DeviceName: "/dev/sdb", VirtualName: "ephemeral0"},
		{DeviceName: "/dev/sdc", EBS: &EBS{SnapshotID: "snap-1", VolumeType: "gp3"}},
		{DeviceName: "/dev/sdd", EBS: &EBS{VolumeSize: 8, Encrypted: true, DeleteOnTermination: true}},
	}
	m.BootMode, m.EnaSupport, m.SriovNetSupport = "uefi", true, "simple"
	m.Tags = []Tag{{"role", "web & more"}, {"empty", ""}}
	return m
}

func TestEnginesRegister(t *testing.T) {
	onEngines(t, func(t *testing.T, e Engine, now *time.Time) {
		want := equipped()
		m := register(t, e, want)
		want.ID, want.State, want.CreationDate = m.ID, Available, TimeOf(*now)
		want.Type, want.RootDeviceType = "machine", "instance-store"
		if diff := cmp.Diff(want, m); diff != "" {
			t.Errorf("registered (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]Image{want}, describe(t, e, Query{IDs: []string{m.ID}})); diff != "" {
			t.Errorf("described (-want +got):\n%s", diff)
		}
		_, err := e.Register(t.Context(), equipped())
		wantCode(t, err, NameDuplicate)
		if holder, _ := holderOf(err); holder != m.ID {
			t.Errorf("the name's holder is %q, want %s", holder, m.ID)
		}
		_, err = e.Register(t.Context(), web("w"))
		wantCode(t, err, NameMalformed)
		if _, err = e.Register(t.Context(), m); err == nil {
			t.Error("an image is registered twice")
		}
	})
}

func TestEnginesDescribe(t *testing.T) {
	onEngines(t, func(t *testing.T, e Engine, now *time.Time) {
		one := register(t, e, equipped())
		*now = now.Add(time.Minute)
		two := web("web-2")
		two.Location = "s3://bucket/web2/image.manifest.xml"
		two = register(t, e, two)
		*now = now.Add(time.Minute)
		off := register(t, e, web("web-3"))
		modify(t, e, off.ID, Disable())
		for name, c := range map[string]struct {
			query Query
			want  []string
		}{
			"all":               {Query{}, []string{one.ID, two.ID}},
			"disabled, too":     {Query{IncludeDisabled: true}, []string{one.ID, two.ID, off.ID}},
			"state":             {Query{Filters: []Filter{{"state", []string{"disabled"}}}}, []string{off.ID}},
			"IDs":               {Query{IDs: []string{off.ID, one.ID, off.ID}}, []string{off.ID, one.ID}},
			"IDs and name":      {Query{IDs: []string{two.ID, one.ID}, Name: "web-2"}, []string{two.ID}},
			"name":              {Query{Name: one.Name}, []string{one.ID}},
			"no wildcard":       {Query{Name: "web*"}, nil},
			"wildcard":          {Query{Filters: []Filter{{"name", []string{"*-?"}}}}, []string{two.ID}},
			"owner":             {Query{Owner: self}, []string{one.ID, two.ID}},
			"another owner":     {Query{Owner: other}, nil},
			"region":            {Query{Region: "local"}, []string{one.ID, two.ID}},
			"another region":    {Query{Region: east}, nil},
			"location":          {Query{Location: two.Location}, []string{two.ID}},
			"manifest-location": {Query{Filters: []Filter{{"manifest-location", []string{two.Location}}}}, []string{two.ID}},
			"bucket/path":       {Query{Filters: []Filter{{"manifest-location", []string{"bucket/web/*"}}}}, []string{one.ID}},
			"tag":               {Query{Filters: []Filter{{"tag:role", []string{"web &*"}}}}, []string{one.ID}},
			"two filters":       {Query{Filters: []Filter{{"tag-key", []string{"role"}}, {"name", []string{"web-2"}}}}, nil},
		} {
			if got := idsOf(describe(t, e, c.query)); !slices.Equal(got, c.want) {
				t.Errorf("%s: images are %v, want %v", name, got, c.want)
			}
		}
	})
}

func TestEnginesDescribeRefuse(t *testing.T) {
	onEngines(t, func(t *testing.T, e Engine, _ *time.Time) {
		m := register(t, e, web("web-1"))
		for _, c := range []struct {
			query Query
			want  Code
		}{
			{Query{IDs: []string{m.ID, "ami-00000000000000000"}}, IDNotFound},
			{Query{IDs: []string{m.ID}, Region: east}, IDNotFound},
			{Query{IDs: []string{"ami-x"}}, IDMalformed},
			{Query{Filters: []Filter{{"nonsense", []string{"x"}}}}, ParameterValue},
			{Query{Filters: []Filter{{Name: "name"}}}, NoParameter},
			{Query{ExecutableBy: []string{"12"}}, ParameterValue},
		} {
			_, err := e.Describe(t.Context(), c.query)
			wantCode(t, err, c.want)
		}
	})
}

func TestEnginesModify(t *testing.T) {
	onEngines(t, func(t *testing.T, e Engine, now *time.Time) {
		want := register(t, e, equipped())
		at := now.AddDate(1, 0, 0)
		got := modify(t, e, want.ID, DescribeAs("d <&>"), Label(Tag{"a", "1"}, Tag{"role", "b"}), Unlabel("empty"),
			Share(LaunchPermission{UserID: other}, LaunchPermission{OrganizationARN: org}, LaunchPermission{OrganizationalUnitARN: unit}),
			ProtectWithCooldown(), DeprecateAt(at))
		want.Description, want.Tags = "d <&>", []Tag{{"role", "b"}, {"a", "1"}}
		want.LaunchPermissions = []LaunchPermission{{UserID: other}, {OrganizationARN: org}, {OrganizationalUnitARN: unit}}
		want.DeregistrationProtection, want.DeprecationTime = ProtectedWithCooldown, minuteOf(at)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("modified (-want +got):\n%s", diff)
		}
		got = modify(t, e, want.ID, DescribeAs(""), Unlabel("a", "role"), Undeprecate(),
			Unshare(LaunchPermission{UserID: other}, LaunchPermission{OrganizationARN: org}, LaunchPermission{OrganizationalUnitARN: unit}))
		want.Description, want.Tags, want.LaunchPermissions, want.DeprecationTime = "", nil, nil, Time{}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("modified again (-want +got):\n%s", diff)
		}
	})
}

func TestEnginesModifyRefuse(t *testing.T) {
	onEngines(t, func(t *testing.T, e Engine, now *time.Time) {
		m := register(t, e, web("web-1"))
		wantRefusal(t, e, m.ID, NoParameter)
		wantRefusal(t, e, m.ID, ItemValue, Share(LaunchPermission{UserID: "12"}))
		wantRefusal(t, e, m.ID, ParameterValue, DeprecateAt(now.Add(-time.Hour)))
		wantRefusal(t, e, m.ID, ParameterValue, Label(Tag{"aws:a", ""}))
		wantRefusal(t, e, m.ID, IDUnavailable, Disable(), Share(LaunchPermission{UserID: other}))
		wantRefusal(t, e, m.ID, NotPermitted, Share(everyone()))
		for id, want := range map[string]Code{"ami-00000000000000000": IDNotFound, "ami-x": IDMalformed} {
			_, err := e.Modify(t.Context(), id, Caller{}, Disable())
			wantCode(t, err, want)
		}
		_, err := e.Modify(t.Context(), m.ID, Caller{Account: other}, Disable())
		wantCode(t, err, AuthFailure)
	})
}

func TestEnginesPublish(t *testing.T) {
	onEngines(t, func(t *testing.T, e Engine, now *time.Time) {
		m := register(t, e, web("web-1"))
		for _, block := range []bool{true, false} {
			if err := e.SetBlockPublicAccess(t.Context(), "local", self, block); err != nil {
				t.Fatal(err)
			}
			if got, err := e.BlockPublicAccess(t.Context(), "local", self); got != block || err != nil {
				t.Errorf("blocked is %t, %v", got, err)
			}
		}
		got := modify(t, e, m.ID, Share(everyone(), LaunchPermission{UserID: other}))
		if !got.Public() || !got.DeprecationTime.Equal(minuteOf(now.AddDate(2, 0, 0)).Time) {
			t.Errorf("published, the image is %+v", got)
		}
		if got := idsOf(describe(t, e, Query{ExecutableBy: []string{"all"}})); !slices.Equal(got, []string{m.ID}) {
			t.Errorf("images of all are %v", got)
		}
		if got := idsOf(describe(t, e, Query{ExecutableBy: []string{other}})); !slices.Equal(got, []string{m.ID}) {
			t.Errorf("images of %s are %v", other, got)
		}
		wantRefusal(t, e, m.ID, NotPermitted, Undeprecate())
		if got := modify(t, e, m.ID, Unshare(everyone()), Undeprecate()); got.Public() || !got.DeprecationTime.IsZero() {
			t.Errorf("private again, the image is %+v", got)
		}
	})
}

func TestEnginesDisable(t *testing.T) {
	onEngines(t, func(t *testing.T, e Engine, _ *time.Time) {
		m := register(t, e, web("web-1"))
		modify(t, e, m.ID, Share(LaunchPermission{UserID: other}))
		if got := modify(t, e, m.ID, Disable()); got.State != Disabled || got.LaunchPermissions != nil {
			t.Errorf("disabled, the image is %+v", got)
		}
		wantRefusal(t, e, m.ID, IDUnavailable, Share(LaunchPermission{UserID: other}))
		shared := []LaunchPermission{{UserID: other}}
		if got := modify(t, e, m.ID, Enable(), Share(shared...)); got.State != Available || !slices.Equal(got.LaunchPermissions, shared) {
			t.Errorf("enabled, the image is %+v", got)
		}
	})
}

func TestEnginesDeregister(t *testing.T) {
	onEngines(t, func(t *testing.T, e Engine, now *time.Time) {
		m := register(t, e, web("web-1"))
		modify(t, e, m.ID, ProtectWithCooldown())
		_, err := e.Deregister(t.Context(), m.ID, Caller{})
		wantCode(t, err, NotPermitted)
		modify(t, e, m.ID, Unprotect())
		_, err = e.Deregister(t.Context(), m.ID, Caller{})
		wantCode(t, err, NotPermitted)
		*now = now.Add(cooldown)
		_, err = e.Deregister(t.Context(), m.ID, Caller{Account: other})
		wantCode(t, err, AuthFailure)
		got, err := e.Deregister(t.Context(), m.ID, Caller{})
		if err != nil || got.ID != m.ID || got.State != Deregistered || got.Location != m.Location {
			t.Errorf("deregistered, the image is %+v, %v", got, err)
		}
		if left := describe(t, e, Query{}); len(left) > 0 {
			t.Errorf("images are %v", idsOf(left))
		}
		register(t, e, web("web-1"))
		for id, want := range map[string]Code{"ami-00000000000000000": IDNotFound, "ami-x": IDMalformed} {
			_, err := e.Deregister(t.Context(), id, Caller{})
			wantCode(t, err, want)
		}
	})
}
