package ec2query

import (
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const exampleID = "ami-0abcdef1234567890"

// requestVectors are what awscli sends for the commands of AWS's documentation.
func requestVectors() []struct {
	name, action, body string
	in                 any
} {
	return []struct {
		name, action, body string
		in                 any
	}{
		{
			"make public", "ModifyImageAttribute", "ImageId=ami-0abcdef1234567890&LaunchPermission.Add.1.Group=all",
			&ModifyImageAttributeInput{ImageID: exampleID, LaunchPermission: &LaunchPermissions{Add: []LaunchPermission{{Group: "all"}}}},
		},
		{
			"who may launch", "DescribeImageAttribute", "Attribute=launchPermission&ImageId=ami-0abcdef1234567890",
			&AttributeInput{ImageID: exampleID, Attribute: "launchPermission"},
		},
		{
			"make private", "ModifyImageAttribute", "ImageId=ami-0abcdef1234567890&LaunchPermission.Remove.1.Group=all",
			&ModifyImageAttributeInput{ImageID: exampleID, LaunchPermission: &LaunchPermissions{Remove: []LaunchPermission{{Group: "all"}}}},
		},
		{
			"flat", "ModifyImageAttribute", "Attribute=launchPermission&ImageId=ami-0abcdef1234567890&OperationType=add&UserGroup.1=all&UserId.1=111122223333",
			&ModifyImageAttributeInput{ImageID: exampleID, Attribute: "launchPermission", OperationType: "add", UserIDs: []string{"111122223333"}, UserGroups: []string{"all"}},
		},
		{
			"organization", "ModifyImageAttribute", "ImageId=ami-0abcdef1234567890&LaunchPermission.Add.1.UserId=111122223333&LaunchPermission.Add.2.OrganizationArn=arn%3Aaws%3Aorganizations%3A%3A123456789012%3Aorganization%2Fo-a1b2c3d4e5",
			&ModifyImageAttributeInput{ImageID: exampleID, LaunchPermission: &LaunchPermissions{Add: []LaunchPermission{
				{UserID: "111122223333"}, {OrganizationARN: "arn:aws:organizations::123456789012:organization/o-a1b2c3d4e5"},
			}}},
		},
		{
			"description", "ModifyImageAttribute", "Description.Value=new+text&ImageId=ami-0abcdef1234567890",
			&ModifyImageAttributeInput{ImageID: exampleID, Description: &AttributeValue{Value: new("new text")}},
		},
		{
			"no description", "ModifyImageAttribute", "Description.Value=&ImageId=ami-0abcdef1234567890",
			&ModifyImageAttributeInput{ImageID: exampleID, Description: &AttributeValue{Value: new("")}},
		},
		{
			"register", "RegisterImage", "ImageLocation=mybucket%2Fimage.manifest.xml&TagSpecification.1.ResourceType=image&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=v&Name=my+image&Description=d&Architecture=x86_64&RootDeviceName=%2Fdev%2Fsda1&BlockDeviceMapping.1.DeviceName=%2Fdev%2Fsdb&BlockDeviceMapping.1.VirtualName=ephemeral0&VirtualizationType=hvm&EnaSupport=true",
			&RegisterImageInput{
				Name: "my image", Description: "d", ImageLocation: "mybucket/image.manifest.xml", Architecture: "x86_64",
				RootDeviceName: "/dev/sda1", VirtualizationType: "hvm", EnaSupport: new(true),
				BlockDeviceMappings: []BlockDeviceMapping{{DeviceName: "/dev/sdb", VirtualName: "ephemeral0"}},
				TagSpecifications:   []TagSpecification{{ResourceType: "image", Tags: []Tag{{Key: "Name", Value: "v"}}}},
			},
		},
		{
			"copy", "CopyImage", "Encrypted=true&Name=copy&SourceImageId=ami-0abcdef1234567890&SourceRegion=us-east-1&CopyImageTags=true&ClientToken=b3f0c1e2-0000-4000-8000-000000000000",
			&CopyImageInput{
				Name: "copy", SourceImageID: exampleID, SourceRegion: "us-east-1", Encrypted: new(true), CopyImageTags: true,
				ClientToken: "b3f0c1e2-0000-4000-8000-000000000000",
			},
		},
		{"describe", "DescribeImages", "", &DescribeImagesInput{}},
		{
			"describe with everything", "DescribeImages", "ExecutableBy.1=self&ImageId.1=ami-0abcdef1234567890&Owner.1=self&Owner.2=amazon&IncludeDeprecated=true&IncludeDisabled=true&Filter.1.Name=name&Filter.1.Value.1=a%2A&Filter.1.Value.2=b%3F&Filter.2.Name=tag%3AOwner&Filter.2.Value.1=TeamA",
			&DescribeImagesInput{
				ExecutableBy: []string{"self"}, ImageIDs: []string{exampleID}, Owners: []string{"self", "amazon"},
				IncludeDeprecated: true, IncludeDisabled: true,
				Filters: []Filter{{Name: "name", Values: []string{"a*", "b?"}}, {Name: "tag:Owner", Values: []string{"TeamA"}}},
			},
		},
		{
			"deregister", "DeregisterImage", "ImageId=ami-0abcdef1234567890&DeleteAssociatedSnapshots=true",
			&DeregisterImageInput{ImageID: exampleID, DeleteAssociatedSnapshots: true},
		},
		{
			"deprecate", "EnableImageDeprecation", "ImageId=ami-0abcdef1234567890&DeprecateAt=2027-01-01T00%3A00%3A00Z",
			&EnableImageDeprecationInput{ImageID: exampleID, DeprecateAt: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)},
		},
		{
			"block public access", "EnableImageBlockPublicAccess", "ImageBlockPublicAccessState=block-new-sharing",
			&BlockPublicAccessInput{State: "block-new-sharing"},
		},
		{
			"ebs", "RegisterImage", "Name=abc&BlockDeviceMapping.1.Ebs.SnapshotId=snap-1&BlockDeviceMapping.1.Ebs.DeleteOnTermination=false",
			&RegisterImageInput{Name: "abc", BlockDeviceMappings: []BlockDeviceMapping{{Ebs: &Ebs{SnapshotID: "snap-1", DeleteOnTermination: new(false)}}}},
		},
		{
			"delete tags", "DeleteTags", "ResourceId.1=ami-0abcdef1234567890&Tag.1.Key=a&Tag.2.Key=b&Tag.2.Value=",
			&DeleteTagsInput{ResourceIDs: []string{exampleID}, Tags: []TagFilter{{Key: "a"}, {Key: "b", Value: new("")}}},
		},
	}
}

func TestEncodeRequest(t *testing.T) {
	for _, tt := range requestVectors() {
		t.Run(tt.name, func(t *testing.T) {
			got := parseQuery(t, string(EncodeRequest(tt.action, tt.in)))
			want := parseQuery(t, "Action="+tt.action+"&Version="+Version+"&"+tt.body)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func parseQuery(t *testing.T, body string) url.Values {
	t.Helper()
	values, err := url.ParseQuery(body)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func TestDecodeRequest(t *testing.T) {
	for _, tt := range requestVectors() {
		t.Run(tt.name, func(t *testing.T) {
			r, err := DecodeRequest([]byte("Action=" + tt.action + "&Version=2015-10-01&" + tt.body))
			if err != nil {
				t.Fatal(err)
			}
			got := reflect.New(reflect.TypeOf(tt.in).Elem()).Interface()
			if err := r.Decode(got); err != nil {
				t.Fatal(err)
			}
			if r.Action != tt.action || r.Version != "2015-10-01" {
				t.Errorf("action %s, version %s", r.Action, r.Version)
			}
			if diff := cmp.Diff(tt.in, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodeRequestRefuses(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"nothing", "", "MissingAction: The request must contain the parameter Action"},
		{"no action", "Version=1", "MissingAction: The request must contain the parameter Action"},
		{"escape", "Action=x&a=%zz", `MalformedQueryString: The query string is malformed: invalid URL escape "%zz"`},
		{"twice", "Action=x&Action=y", "MalformedQueryString: The query string is malformed: parameter Action is given twice"},
		{"unknown", "Action=x&Nmae=y", "UnknownParameter: The parameter Nmae is not recognized"},
		{"unknown below", "Action=x&Filter.1.Vaule.1=y", "UnknownParameter: The parameter Filter.1.Vaule.1 is not recognized"},
		{"member list", "Action=x&Owner.member.1=y", "InvalidParameterValue: The list Owner is not counted from 1: it lacks Owner.1"},
		{"from 0", "Action=x&Owner.0=y", "InvalidParameterValue: The list Owner is not counted from 1: it lacks Owner.1"},
		{"leading zero", "Action=x&Owner.01=y", "InvalidParameterValue: The list Owner is not counted from 1: it lacks Owner.1"},
		{"gap", "Action=x&Owner.1=y&Owner.3=y", "InvalidParameterValue: The list Owner is not counted from 1: it lacks Owner.2"},
		{"huge", "Action=x&Owner.1=y&Owner.999999999=y", "InvalidParameterValue: The list Owner is not counted from 1: it lacks Owner.2"},
		{"text for a list", "Action=x&Owner=y", "UnknownParameter: The parameter Owner is not recognized"},
		{"list for a text", "Action=x&NextToken.1=y", "UnknownParameter: The parameter NextToken.1 is not recognized"},
		{"both", "Action=x&NextToken=y&NextToken.1=y", "UnknownParameter: The parameter NextToken is not recognized"},
		{"empty name", "Action=x&Owner..1=y", "UnknownParameter: The parameter Owner..1 is not recognized"},
		{"deep", "Action=x&a.b.c.d.e.f.g.h.i=y", "UnknownParameter: The parameter a.b.c.d.e.f.g.h.i is not recognized"},
		{"bool", "Action=x&DryRun=yes", `InvalidParameterValue: Value for parameter DryRun is invalid: "yes" is neither true nor false`},
		{"number", "Action=x&MaxResults=many", `InvalidParameterValue: Value for parameter MaxResults is invalid: "many" is not a number`},
		{"empty member", "Action=x&Filter.1.Name=", "InvalidParameterValue: Value for parameter Filter.1 is invalid: it is empty"},
		{"many", "Action=x" + strings.Repeat("&", maxParameters), "MalformedQueryString: The query string is malformed: it has more than 65536 parameters"},
		{"long", strings.Repeat("a", MaxRequestSize+1), "RequestEntityTooLarge: The request has more than 4194304 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := DecodeRequest([]byte(tt.body))
			if err == nil {
				err = r.Decode(&DescribeImagesInput{})
			}
			if err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func FuzzDecodeRequest(f *testing.F) {
	for _, tt := range requestVectors() {
		f.Add([]byte("Action=" + tt.action + "&" + tt.body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, in := range []any{&RegisterImageInput{}, &ModifyImageAttributeInput{}, &DescribeImagesInput{}, &EnableImageDeprecationInput{}} {
			r, err := DecodeRequest(body)
			if err != nil || r.Decode(in) != nil {
				continue
			}
			again, err := DecodeRequest(EncodeRequest(r.Action, in))
			if err != nil {
				t.Fatal(err)
			}
			back := reflect.New(reflect.TypeOf(in).Elem()).Interface()
			if err := again.Decode(back); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(in, back); diff != "" {
				t.Error(diff)
			}
		}
	})
}
