package ec2query

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeError(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		want   *Error
		text   string
	}{
		{
			"EC2", 400, string(readVector(t, "error.xml")),
			&Error{
				Code: "InvalidAMIName.Duplicate", Message: "AMI name web is already in use by AMI ami-0abcdef1234567890",
				RequestID: "ea966190-f9aa-478e-9ede-example", Status: 400,
			},
			"InvalidAMIName.Duplicate: AMI name web is already in use by AMI ami-0abcdef1234567890",
		},
		{"HTML", 500, "<!doctype html><title>oops</title>", &Error{Status: 500}, "the endpoint answered 500 Internal Server Error"},
		{"nothing", 503, "", &Error{Status: 503}, "the endpoint answered 503 Service Unavailable"},
		{"no error", 400, "<Response><Errors/></Response>", &Error{Status: 400}, "the endpoint answered 400 Bad Request"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := DecodeError(tt.status, []byte(tt.body))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if got.Error() != tt.text {
				t.Errorf("text %q", got)
			}
		})
	}
}

func TestErrorRoundTrip(t *testing.T) {
	want := &Error{Code: DryRunOperation, Message: "Request would have succeeded, but DryRun flag is set.", RequestID: "r", Status: 412}
	body, err := EncodeError(want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, DecodeError(412, body)); diff != "" {
		t.Error(diff)
	}
}

func TestErrorIs(t *testing.T) {
	tests := []struct {
		code string
		want error
	}{
		{"InvalidAMIID.NotFound", fs.ErrNotExist},
		{"AuthFailure", fs.ErrPermission},
		{"UnauthorizedOperation", fs.ErrPermission},
	}
	for _, tt := range tests {
		t.Run(tt.code, func(t *testing.T) {
			if !errors.Is(&Error{Code: tt.code}, tt.want) || errors.Is(&Error{Code: "Other"}, tt.want) {
				t.Error("is not", tt.want)
			}
		})
	}
}
