package ec2query

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func readVector(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func exampleImages() *DescribeImagesOutput {
	return &DescribeImagesOutput{NextToken: "page2", Images: []Image{{
		ImageID: exampleID, ImageLocation: "mybucket/web/image.manifest.xml", State: "available", OwnerID: "111122223333",
		CreationDate: time.Date(2026, 11, 20, 10, 11, 12, 0, time.UTC), DeprecationTime: time.Date(2028, 11, 20, 10, 11, 0, 0, time.UTC),
		Architecture: "x86_64", ImageType: "machine", Name: "web 2026-11-20", Description: "Web & mail",
		RootDeviceType: "instance-store", VirtualizationType: "hvm", Hypervisor: "xen",
		BlockDeviceMappings: []BlockDeviceMapping{
			{DeviceName: "/dev/sdb", VirtualName: "ephemeral0"},
			{DeviceName: "/dev/sdc", Ebs: &Ebs{
				SnapshotID: "snap-1234567890abcdef0", VolumeSize: 15, VolumeType: "gp3",
				DeleteOnTermination: new(false), Encrypted: new(true),
			}},
		},
		Tags: []Tag{{"Owner", "TeamA"}, {"empty", ""}},
	}}}
}

func TestDecodeResponse(t *testing.T) {
	tests := []struct {
		file, action string
		want         any
	}{
		{"describe-images.xml", "DescribeImages", exampleImages()},
		{"launch-permission.xml", "DescribeImageAttribute", &DescribeImageAttributeOutput{
			ImageID: exampleID,
			LaunchPermissions: []LaunchPermission{
				{Group: "all"},
				{UserID: "495219933132"},
				{OrganizationARN: "arn:aws:organizations::123456789012:organization/o-a1b2c3d4e5"},
			},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			got := reflect.New(reflect.TypeOf(tt.want).Elem()).Interface()
			id, err := DecodeResponse(tt.action, readVector(t, tt.file), got)
			if err != nil {
				t.Fatal(err)
			}
			if id != "59dbff89-35bd-4eac-99ed-be587EXAMPLE" {
				t.Errorf("request ID %s", id)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEncodeResponse(t *testing.T) {
	const head = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
	tests := []struct {
		name, action string
		out          any
		want         string
	}{
		{
			"no images", "DescribeImages", &DescribeImagesOutput{Images: []Image{}},
			`<imagesSet></imagesSet>`,
		},
		{"false", "EnableImage", &ReturnOutput{}, `<return>false</return>`},
		{
			"last launched", "DescribeImageAttribute",
			&DescribeImageAttributeOutput{ImageID: "ami-1", LastLaunchedTime: &AttributeValue{}, Description: &AttributeValue{Value: new("<&\r>")}},
			`<imageId>ami-1</imageId><description><value>&lt;&amp;&#xD;&gt;</value></description><lastLaunchedTime></lastLaunchedTime>`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := EncodeResponse(tt.action, "r-1", tt.out)
			if err != nil {
				t.Fatal(err)
			}
			want := head + "<" + tt.action + `Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r-1</requestId>` +
				tt.want + "</" + tt.action + "Response>\n"
			if diff := cmp.Diff(want, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestResponseRoundTrip(t *testing.T) {
	want := exampleImages()
	data, err := EncodeResponse("DescribeImages", "r-1", want)
	if err != nil {
		t.Fatal(err)
	}
	got := &DescribeImagesOutput{}
	if _, err := DecodeResponse("DescribeImages", data, got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEncodeResponseRefuses(t *testing.T) {
	for _, text := range []string{"\x00", "\x1b", "\xff", "\ufffe"} {
		out := &DescribeImagesOutput{Images: []Image{{Name: text}}}
		if _, err := EncodeResponse("DescribeImages", "r", out); err == nil {
			t.Errorf("%q was written", text)
		}
	}
}

func TestDecodeResponseRefuses(t *testing.T) {
	const open, closed = "<DescribeImagesResponse>", "</DescribeImagesResponse>"
	item := func(content string) string {
		return open + "<imagesSet><item>" + content + "</item></imagesSet>" + closed
	}
	tests := []struct{ name, document, want string }{
		{"HTML", "<html></html>", "the document is not a DescribeImagesResponse"},
		{"another action", "<CopyImageResponse/>", "the document is not a DescribeImagesResponse"},
		{"text", "hello", `text between elements: "hello"`},
		{"DTD", `<!DOCTYPE a [<!ENTITY x "y">]>` + open + closed, "a document type is not allowed"},
		{"DTD within", open + `<unknown><!ENTITY x "y"></unknown>` + closed, "unknown: a document type is not allowed"},
		{"entity", item("<name>&x;</name>"), "imagesSet: item 1: name: XML syntax error on line 1: invalid character entity &x;"},
		{"instruction", open + "<?php ?>" + closed, "the processing instruction php is not allowed"},
		{"twice", item("<name>a</name><name>b</name>"), "imagesSet: item 1: name: given twice"},
		{"no item", open + "<imagesSet><image/></imagesSet>" + closed, "imagesSet: a list has a image"},
		{"text in a list", open + "<imagesSet>a</imagesSet>" + closed, `imagesSet: text between elements: "a"`},
		{"element in a text", item("<name><b/></name>"), "imagesSet: item 1: name: an element where text is expected"},
		{"bool", item("<isPublic>1</isPublic>"), `imagesSet: item 1: isPublic: "1" is neither true nor false`},
		{"time", item("<creationDate>now</creationDate>"), `imagesSet: item 1: creationDate: "now" is not a time such as 2027-01-31T00:00:00Z`},
		{"year", item("<creationDate>9999-12-31T23:59:59-01:00</creationDate>"), `imagesSet: item 1: creationDate: "9999-12-31T23:59:59-01:00" is out of range`},
		{"more", open + closed + "<a/>", "there is more after the document"},
		{"many items", open + "<imagesSet>" + strings.Repeat("<item/>", maxItems+1), "imagesSet: lists have more than 262144 items"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := DecodeResponse("DescribeImages", []byte(tt.document), &DescribeImagesOutput{})
			if want := "decode the answer to DescribeImages: " + tt.want; err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

func TestDecodeResponseTruncated(t *testing.T) {
	data := strings.TrimSpace(string(readVector(t, "launch-permission.xml")))
	for n := range len(data) {
		_, err := DecodeResponse("DescribeImageAttribute", []byte(data[:n]), &DescribeImageAttributeOutput{})
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("%d bytes: %v", n, err)
		}
	}
}

func FuzzDecodeResponse(f *testing.F) {
	f.Add(readVector(f, "describe-images.xml"))
	f.Add([]byte("<DescribeImagesResponse><imagesSet/></DescribeImagesResponse>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		out := &DescribeImagesOutput{}
		id, err := DecodeResponse("DescribeImages", data, out)
		if err != nil {
			return
		}
		again, err := EncodeResponse("DescribeImages", id, out)
		if err != nil {
			t.Fatal(err)
		}
		back := &DescribeImagesOutput{}
		if _, err := DecodeResponse("DescribeImages", again, back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(out, back); diff != "" {
			t.Error(diff)
		}
	})
}
