package cli

import "testing"

// TestImageRegion has one source of the region after the other. AWS_REGION may be about the store alone, so that a
// registry which is EC2 goes before it.
func TestImageRegion(t *testing.T) {
	variables := map[string]string{}
	e := &Env{Getenv: func(name string) string { return variables[name] }}
	for _, step := range []struct {
		set  func()
		want string
	}{
		{func() {}, "local"},
		{func() { variables["AWS_DEFAULT_REGION"] = "default" }, "default"},
		{func() { variables["AWS_REGION"] = "aws" }, "aws"},
		{func() { e.Registry = "s3://bucket" }, "aws"},
		{func() { e.Registry = "ec2://eu-west-1" }, "eu-west-1"},
		{func() { variables["AMI_REGION"] = "ami" }, "ami"},
		{func() { e.Region = "flag" }, "flag"},
	} {
		step.set()
		if got := e.ImageRegion(); got != step.want {
			t.Errorf("region is %s, want %s", got, step.want)
		}
	}
}
