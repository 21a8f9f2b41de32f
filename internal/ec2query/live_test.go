package ec2query

import (
	"errors"
	"io/fs"
	"os"
	"testing"
)

// live returns a client for the endpoint that AMIFORGE_TEST_EC2_ENDPOINT names, of which moto is one. Nobody has to
// have one, so that its lack skips the test everywhere.
func live(t *testing.T) *Client {
	t.Helper()
	url := os.Getenv("AMIFORGE_TEST_EC2_ENDPOINT")
	if url == "" {
		t.Skip("AMIFORGE_TEST_EC2_ENDPOINT names no endpoint")
	}
	setEnvironment(t)
	c, err := NewClient(t.Context(), "us-east-1", &Options{Endpoint: url})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestLive makes the calls that moto answers rightly.
func TestLive(t *testing.T) {
	c := live(t)
	in := &RegisterImageInput{Name: "amiforge live", ImageLocation: "bucket/image.manifest.xml", DryRun: true}
	_, err := c.RegisterImage(t.Context(), in)
	if refusal, ok := errors.AsType[*Error](err); !ok || refusal.Code != DryRunOperation || refusal.Status != 412 {
		t.Errorf("dry run: %v", err)
	}
	in.DryRun = false
	made, err := c.RegisterImage(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	checkTag(t, c, made.ImageID)
	checkLaunchPermission(t, c, made.ImageID)
	if out, err := c.DeregisterImage(t.Context(), &DeregisterImageInput{ImageID: made.ImageID}); err != nil || !out.Return {
		t.Errorf("deregister: %v, %v", out, err)
	}
	_, err = c.DeregisterImage(t.Context(), &DeregisterImageInput{ImageID: "ami-00000000000000000"})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("deregister an unknown image: %v", err)
	}
}

func checkTag(t *testing.T, c *Client, id string) {
	t.Helper()
	if _, err := c.CreateTags(t.Context(), &CreateTagsInput{ResourceIDs: []string{id}, Tags: []Tag{{"Owner", "a&b"}}}); err != nil {
		t.Fatal(err)
	}
	found := 0
	for image, err := range c.Images(t.Context(), &DescribeImagesInput{Filters: []Filter{{"tag:Owner", []string{"a&b"}}}}) {
		if err != nil {
			t.Fatal(err)
		}
		if image.ImageID == id && len(image.Tags) == 1 && image.Tags[0] == (Tag{"Owner", "a&b"}) {
			found++
		}
	}
	if found != 1 {
		t.Errorf("found the tagged image %d times", found)
	}
}

func checkLaunchPermission(t *testing.T, c *Client, id string) {
	t.Helper()
	all := &LaunchPermissions{Add: []LaunchPermission{{Group: "all"}}}
	if _, err := c.ModifyImageAttribute(t.Context(), &ModifyImageAttributeInput{ImageID: id, LaunchPermission: all}); err != nil {
		t.Fatal(err)
	}
	out, err := c.DescribeImageAttribute(t.Context(), &AttributeInput{ImageID: id, Attribute: "launchPermission"})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.LaunchPermissions) != 1 || out.LaunchPermissions[0].Group != "all" {
		t.Errorf("launch permissions %v", out.LaunchPermissions)
	}
}
