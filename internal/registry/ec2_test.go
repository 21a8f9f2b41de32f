package registry

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"amiforge/internal/ec2query"
	"amiforge/internal/store"
)

// lines returns the parameters of a request, one a line.
func lines(t *testing.T, body string) string {
	t.Helper()
	text, err := url.QueryUnescape(strings.ReplaceAll(body, "&", "\n"))
	if err != nil {
		t.Error(err)
	}
	return text
}

func TestEC2RegistrationOnTheWire(t *testing.T) {
	f, e, _ := startFake(t)
	m := equipped()
	m.RootDeviceName, m.ProductCodes = "/dev/sda1", []ProductCode{{"774F4FF8", "devpay"}}
	m.Owner, m.Region = other, "" // EC2 says whose it is
	if got := register(t, e, m); got.Owner != self || got.Region != "local" {
		t.Errorf("registered as %+v", got)
	}
	want := `Action=RegisterImage
Architecture=x86_64
BlockDeviceMapping.1.DeviceName=/dev/sdb
BlockDeviceMapping.1.VirtualName=ephemeral0
BlockDeviceMapping.2.DeviceName=/dev/sdc
BlockDeviceMapping.2.Ebs.DeleteOnTermination=false
BlockDeviceMapping.2.Ebs.SnapshotId=snap-1
BlockDeviceMapping.2.Ebs.VolumeType=gp3
BlockDeviceMapping.3.DeviceName=/dev/sdd
BlockDeviceMapping.3.Ebs.DeleteOnTermination=true
BlockDeviceMapping.3.Ebs.Encrypted=true
BlockDeviceMapping.3.Ebs.VolumeSize=8
BootMode=uefi
Description=the web & its servers
EnaSupport=true
ImageLocation=bucket/web/image.manifest.xml
KernelId=aki-1
Name=web (1) [x]
RamdiskId=ari-1
SriovNetSupport=simple
TagSpecification.1.ResourceType=image
TagSpecification.1.Tag.1.Key=role
TagSpecification.1.Tag.1.Value=web & more
TagSpecification.1.Tag.2.Key=empty
TagSpecification.1.Tag.2.Value=
Version=2016-11-15
VirtualizationType=hvm`
	if diff := cmp.Diff(want, lines(t, f.requests[0])); diff != "" {
		t.Error(diff)
	}
}

func TestEC2RegisterRefuses(t *testing.T) {
	f, e, _ := startFake(t)
	local, nowhere, east := web("web-1"), web("web-2"), web("web-3")
	local.Location, nowhere.Location, east.Region = "/images/image.manifest.xml", "", "east"
	for want, m := range map[string]Image{
		`Value ("/images/image.manifest.xml") for parameter imageLocation is invalid. EC2 registers bundles in S3: upload it, and give s3://bucket/path.`: local,
		"The request must contain the parameter imageLocation":                                  nowhere,
		`Value ("east") for parameter region is invalid. This registry is EC2 in region local.`: east,
	} {
		_, err := e.Register(t.Context(), m)
		if refusal, ok := errors.AsType[*Error](err); !ok || refusal.Message != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if len(f.requests) > 0 {
		t.Errorf("requests: %s", f.requests)
	}
}

// TestEC2RegisterLost loses the answer to a registration that was made, and the request of one that was not.
func TestEC2RegisterLost(t *testing.T) {
	f, e, _ := startFake(t)
	f.lost["RegisterImage"] = 1
	m := register(t, e, web("web-1"))
	if got := describe(t, e, Query{}); len(got) != 1 || got[0].ID != m.ID || f.count("RegisterImage") != 1 {
		t.Errorf("images are %v, want %s", idsOf(got), m.ID)
	}
	look := f.requests[1]
	for _, want := range []string{"Owner.1=self", "Filter.1.Value.1=web-1", "Filter.2.Value.1=bucket/web/image.manifest.xml"} {
		if !strings.Contains(lines(t, look), want) {
			t.Errorf("it was looked for with %s, which lacks %s", look, want)
		}
	}
	f.denied["RegisterImage"] = &ec2query.Error{Status: 502}
	_, err := e.Register(t.Context(), web("web-2"))
	want := `register "web-2": ec2 RegisterImage: the endpoint answered 502 Bad Gateway; it may be registered in spite of that: look for its name`
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if looks := f.count("DescribeImages"); looks < ec2Looks {
		t.Errorf("it was looked for %d times", looks)
	}
}

// TestEC2RegisterUnseen has an EC2 that registers images and does not describe them.
func TestEC2RegisterUnseen(t *testing.T) {
	f, e, _ := startFake(t)
	f.denied["DescribeImages"] = &ec2query.Error{Code: "UnauthorizedOperation", Message: "no", Status: 403}
	m := register(t, e, web("web-1"))
	if CheckID(m.ID) != nil || m.State != Pending || m.Name != "web-1" {
		t.Errorf("registered as %+v", m)
	}
}

func TestEC2DeregisterLost(t *testing.T) {
	f, e, _ := startFake(t)
	m := register(t, e, web("web-1"))
	f.lost["DeregisterImage"] = 1
	if got, err := e.Deregister(t.Context(), m.ID, Caller{}); err != nil || got.State != Deregistered {
		t.Errorf("got %+v, %v", got, err)
	}
	m = register(t, e, web("web-1"))
	f.denied["DeregisterImage"] = &ec2query.Error{Status: 502}
	if got, err := e.Deregister(t.Context(), m.ID, Caller{}); err == nil || got.State != Available {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestEC2Queries has what EC2 is asked for, next to Action, Version and MaxResults.
func TestEC2Queries(t *testing.T) {
	const id = "ami-0123456789abcdef0"
	for _, c := range []struct {
		query Query
		want  string
	}{
		{Query{}, "Owner.1=self"},
		{Query{As: Caller{Account: other}}, "Owner.1=self"},
		{Query{AnyOwner: true, Name: "web-1"}, "Filter.1.Name=name Filter.1.Value.1=web-1"},
		{Query{AnyOwner: true, Owner: "amazon"}, "Owner.1=amazon"},
		{Query{Name: `a*b?c\`}, `Filter.1.Name=name Filter.1.Value.1=a\*b\?c\\ Owner.1=self`},
		{Query{Filters: []Filter{{"name", []string{"a*", "b"}}}}, "Filter.1.Name=name Filter.1.Value.1=a* Filter.1.Value.2=b Owner.1=self"},
		{Query{Owner: other, IncludeDeprecated: true, IncludeDisabled: true}, "IncludeDeprecated=true IncludeDisabled=true Owner.1=" + other},
		{Query{ExecutableBy: []string{"all", "self"}}, "ExecutableBy.1=all ExecutableBy.2=self"},
		{Query{Filters: []Filter{{"owner-alias", []string{"amazon"}}}}, "Filter.1.Name=owner-alias Filter.1.Value.1=amazon"},
		{Query{Filters: []Filter{{"state", []string{"disabled"}}}}, "Filter.1.Name=state Filter.1.Value.1=disabled IncludeDisabled=true Owner.1=self"},
		{Query{Location: "s3://b/p*"}, `Filter.1.Name=manifest-location Filter.1.Value.1=b/p\*`},
		{Query{Filters: []Filter{{"manifest-location", []string{"s3://b/*", "c/*"}}}}, "Filter.1.Name=manifest-location Filter.1.Value.1=b/* Filter.1.Value.2=c/* Owner.1=self"},
		{Query{IDs: []string{id, id}}, "ImageId.1=" + id + " IncludeDeprecated=true IncludeDisabled=true"},
	} {
		got := strings.ReplaceAll(lines(t, string(ec2query.EncodeRequest("D", c.query.input()))), "\n", " ")
		want := "Action=D " + c.want + " MaxResults=1000 Version=2016-11-15"
		if len(c.query.IDs) > 0 {
			want = "Action=D " + c.want + " Version=2016-11-15"
		}
		wantWords, gotWords := strings.Fields(want), strings.Fields(got)
		slices.Sort(wantWords)
		slices.Sort(gotWords)
		if diff := cmp.Diff(wantWords, gotWords); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", c.query, diff)
		}
	}
}

func TestEC2Pages(t *testing.T) {
	f, e, _ := startFake(t)
	f.page = 2
	for i := range 5 {
		register(t, e, web(fmt.Sprint("web-", i)))
	}
	f.sent()
	if got := describe(t, e, Query{}); len(got) != 5 || f.count("DescribeImages") != 3 {
		t.Errorf("%d images of %d pages", len(got), f.count("DescribeImages"))
	}
}

// TestEC2Shares has images of the account and of another one that shares them: with whom, only the owner sees.
func TestEC2Shares(t *testing.T) {
	f, e, _ := startFake(t)
	mine := register(t, e, web("web-1"))
	theirs := web("web-2")
	theirs.Owner = other
	theirs = register(t, f.engine, theirs)
	if err := f.engine.SetBlockPublicAccess(t.Context(), "local", other, false); err != nil {
		t.Fatal(err)
	}
	modify(t, f.engine, theirs.ID, Share(LaunchPermission{UserID: self}, everyone()))
	modify(t, e, mine.ID, Share(LaunchPermission{UserID: other}))
	got := describe(t, e, Query{IDs: []string{theirs.ID, mine.ID}})
	for i, want := range []LaunchPermission{everyone(), {UserID: other}} {
		if !slices.Equal(got[i].LaunchPermissions, []LaunchPermission{want}) {
			t.Errorf("image %d is shared with %v", i, got[i].LaunchPermissions)
		}
	}
	_, err := e.Modify(t.Context(), theirs.ID, Caller{}, Disable())
	wantCode(t, err, AuthFailure)
	_, err = e.Deregister(t.Context(), theirs.ID, Caller{})
	wantCode(t, err, AuthFailure)
}

func TestEC2LongListing(t *testing.T) {
	f, e, _ := startFake(t)
	for i := range ec2Shown + 1 {
		register(t, f.engine, web(fmt.Sprint("web-", i)))
	}
	if got := describe(t, e, Query{}); len(got) != ec2Shown+1 || f.count("DescribeImageAttribute") != 0 {
		t.Errorf("%d images, for which %d permissions were asked for", len(got), f.count("DescribeImageAttribute"))
	}
	if describe(t, e, Query{Name: "web-1"}); f.count("DescribeImageAttribute") != 1 {
		t.Errorf("%d permissions were asked for", f.count("DescribeImageAttribute"))
	}
}

func TestEC2Unsupported(t *testing.T) {
	f, e, now := startFake(t)
	m := register(t, e, web("web-1"))
	f.sent()
	_, err := e.Modify(t.Context(), m.ID, Caller{}, DescribeAs("d"), Launched(*now))
	wantCode(t, err, Unsupported)
	_, err = e.Sweep(t.Context(), Caller{}, true)
	wantCode(t, err, Unsupported)
	_, err = e.BeginCopy(t.Context(), m, inWest)
	wantCode(t, err, Unsupported)
	_, err = e.FinishCopy(t.Context(), m.ID, "")
	wantCode(t, err, Unsupported)
	wantCode(t, e.AbortCopy(t.Context(), m.ID, io.EOF), Unsupported)
	_, err = e.BlockPublicAccess(t.Context(), "east", self)
	wantCode(t, err, ParameterValue)
	wantCode(t, e.SetBlockPublicAccess(t.Context(), "east", self, false), ParameterValue)
	if sent := f.sent(); len(sent) > 0 {
		t.Errorf("requests %v", sent)
	}
}

func TestEC2Errors(t *testing.T) {
	f, e, _ := startFake(t)
	for _, c := range []struct {
		code, message string
		access        bool
		ids           []string
	}{
		{"AuthFailure", "AWS was not able to validate the provided access credentials", true, nil},
		{"UnauthorizedOperation", "You are not authorized to perform this operation.", true, nil},
		{"AuthFailure", "Not authorized for image:ami-1a2b3c4d", false, []string{"ami-1a2b3c4d"}},
		{"InvalidAMIID.NotFound", "The image ids '[ami-1, ami-2]' do not exist", false, []string{"ami-1", "ami-2"}},
		{"SomethingNew", "new", false, nil},
	} {
		f.denied["DescribeImages"] = &ec2query.Error{Code: c.code, Message: c.message, Status: 400}
		_, err := e.Describe(t.Context(), Query{})
		refusal, ok := errors.AsType[*Error](err)
		if !ok || string(refusal.Code) != c.code || refusal.Message != c.message || !slices.Equal(refusal.IDs, c.ids) {
			t.Errorf("%s: got %#v", c.code, err)
		}
		if got := errors.Is(err, store.ErrBucket); got != c.access {
			t.Errorf("%s: %s: is store.ErrBucket: %t", c.code, c.message, got)
		}
	}
}

func TestEC2Unreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	setAWS(t)
	t.Setenv("AWS_ENDPOINT_URL", "http://"+l.Addr().String())
	e, err := Open(t.Context(), "ec2://eu-west-1", store.Config{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, list := e.Describe(t.Context(), Query{})
	_, register := e.Register(t.Context(), Image{Name: "web-1", Location: "s3://b/p"})
	for _, err := range []error{list, register} {
		if !errors.Is(err, store.ErrBucket) {
			t.Errorf("got %v", err)
		}
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	for _, region := range []string{"", "eu-west-1/", "EU", "evil.example/"} {
		if _, err := Open(t.Context(), "ec2://"+region, store.Config{}, nil); err == nil {
			t.Errorf("region %q is opened", region)
		}
	}
}

// inProcess sends requests to a handler without a network, so that time can stand still.
type inProcess struct{ http.Handler }

func (p inProcess) Do(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w.Result(), nil
}

// TestEC2Throttled has an EC2 that is asked too often at first.
func TestEC2Throttled(t *testing.T) {
	setAWS(t)
	t.Setenv("AWS_MAX_ATTEMPTS", "3")
	synctest.Test(t, func(t *testing.T) {
		refusals := 0
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if refusals++; refusals < 3 {
				w.WriteHeader(503)
				io.WriteString(w, "<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>Request limit exceeded.</Message></Error></Errors></Response>")
				return
			}
			io.WriteString(w, "<DescribeImagesResponse><requestId>r</requestId><imagesSet/></DescribeImagesResponse>")
		})
		client, err := ec2query.NewClient(t.Context(), "local", &ec2query.Options{Endpoint: "http://x", HTTPClient: inProcess{handler}})
		if err != nil {
			t.Fatal(err)
		}
		if got := describe(t, newEC2(client, "local", nil), Query{}); len(got) != 0 || refusals != 3 {
			t.Errorf("%d images after %d requests", len(got), refusals)
		}
	})
}

func TestEC2Images(t *testing.T) {
	for _, c := range []struct {
		wire ec2query.Image
		want string
	}{
		{ec2query.Image{ImageLocation: "b/p/image.manifest.xml", RootDeviceType: "instance-store"}, "s3://b/p/image.manifest.xml"},
		{ec2query.Image{ImageLocation: "123456789012/web-1", RootDeviceType: "ebs"}, "123456789012/web-1"},
		{ec2query.Image{ImageLocation: "123456789012/a.manifest.xml", RootDeviceType: "ebs"}, "123456789012/a.manifest.xml"},
		{ec2query.Image{ImageLocation: "http://s3.amazonaws.com:80/b/image.manifest.xml"}, "http://s3.amazonaws.com:80/b/image.manifest.xml"},
		{ec2query.Image{}, ""},
	} {
		if got := imageOfEC2(c.wire, "local").Location; got != c.want {
			t.Errorf("%s is at %s, want %s", c.wire.ImageLocation, got, c.want)
		}
	}
	m := full()
	m.ManifestDigest, m.CooldownEnd, m.DeregistrationTime = "", Time{}, Time{}
	m.LaunchPermissions = []LaunchPermission{everyone()}
	if diff := cmp.Diff(m, imageOfEC2(imageOnWire(m), "local")); diff != "" {
		t.Errorf("an image of EC2 (-want +got):\n%s", diff)
	}
	none := ec2query.BlockDeviceMapping{DeviceName: "/dev/sdb", NoDevice: new("")}
	if got := devicesOfEC2([]ec2query.BlockDeviceMapping{none}); len(got) > 0 {
		t.Errorf("no device is %v", got)
	}
}
