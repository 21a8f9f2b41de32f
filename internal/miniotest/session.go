package miniotest

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"testing"
)

// A Session is another identity than the owner: temporary credentials that may do what a policy allows.
type Session struct {
	Endpoint, AccessKey, SecretKey, Token string
}

// ReadOnly is a policy under which objects may be read and listed, and nothing else.
const ReadOnly = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
	"Action": ["s3:GetObject", "s3:ListBucket"], "Resource": ["arn:aws:s3:::*"]}]}`

// NoAccess is a policy that forbids everything.
const NoAccess = `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny",
	"Action": ["s3:*"], "Resource": ["arn:aws:s3:::*"]}]}`

// Session returns credentials that are limited by policy, an IAM policy document. They come from the
// server's AssumeRole, so a test of "access denied" meets the server's own check.
func (s *Server) Session(t testing.TB, policy string) Session {
	t.Helper()
	form := url.Values{
		"Action": {"AssumeRole"}, "Version": {"2011-06-15"},
		"DurationSeconds": {"3600"}, "Policy": {policy},
	}
	answer, err := s.call(t.Context(), http.MethodPost, "/", "sts", form.Encode())
	if err != nil {
		t.Fatalf("minio: assume role: %v", err)
	}
	var role struct {
		AccessKey string `xml:"AssumeRoleResult>Credentials>AccessKeyId"`
		SecretKey string `xml:"AssumeRoleResult>Credentials>SecretAccessKey"`
		Token     string `xml:"AssumeRoleResult>Credentials>SessionToken"`
	}
	if err := xml.Unmarshal(answer, &role); err != nil || role.Token == "" {
		t.Fatalf("minio: assume role: answer without credentials (%v)", err)
	}
	return Session{s.Endpoint, role.AccessKey, role.SecretKey, role.Token}
}

// Env returns the variables, as name=value, with which a command talks to the server as the session.
func (s Session) Env() []string {
	return []string{
		"AWS_ENDPOINT_URL_S3=" + s.Endpoint,
		accessVar + "=" + s.AccessKey,
		secretVar + "=" + s.SecretKey,
		"AWS_SESSION_TOKEN=" + s.Token,
		"AWS_REGION=us-east-1",
		"AWS_EC2_METADATA_DISABLED=true",
	}
}
