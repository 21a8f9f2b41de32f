package ec2query

import (
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAccess(t *testing.T) {
	tests := []struct {
		code, message string
		want          bool
	}{
		{"AuthFailure", "AWS was not able to validate the provided access credentials", true},
		{"AuthFailure", "Not authorized for image:" + exampleID, false},
		{"UnauthorizedOperation", "You are not authorized to perform this operation.", true},
		{"RequestExpired", "Request has expired.", true},
		{"InvalidAMIID.NotFound", "The image id '[" + exampleID + "]' does not exist", false},
		{"", "", false},
	}
	for _, tt := range tests {
		if got := errors.Is(&Error{Code: tt.code, Message: tt.message}, ErrAccess); got != tt.want {
			t.Errorf("%s: %s: is ErrAccess: %t", tt.code, tt.message, got)
		}
	}
}

// closedPort returns a URL on which nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

func wantAccess(t *testing.T, c *Client, want string) {
	t.Helper()
	_, err := c.EnableImage(t.Context(), &ImageInput{ImageID: exampleID})
	if !errors.Is(err, ErrAccess) || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want ErrAccess: %s", err, want)
	}
}

func TestUnreachable(t *testing.T) {
	setEnvironment(t)
	c, err := NewClient(t.Context(), "eu-west-1", &Options{Endpoint: closedPort(t), Retryer: atOnce()})
	if err != nil {
		t.Fatal(err)
	}
	wantAccess(t, c, "connection refused")
}

func TestUntrusted(t *testing.T) {
	setEnvironment(t)
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	c, err := NewClient(t.Context(), "eu-west-1", &Options{Endpoint: server.URL, Retryer: atOnce()})
	if err != nil {
		t.Fatal(err)
	}
	wantAccess(t, c, "certificate")
}

func TestNoCredentials(t *testing.T) {
	setEnvironment(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	c, err := NewClient(t.Context(), "eu-west-1", &Options{Endpoint: closedPort(t), Retryer: atOnce()})
	if err != nil {
		t.Fatal(err)
	}
	wantAccess(t, c, "find AWS credentials: set AWS_ACCESS_KEY_ID")
}

func TestProfile(t *testing.T) {
	setEnvironment(t)
	file := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(file, []byte("[work]\naws_access_key_id = AKIDWORK\naws_secret_access_key = s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", file)
	var authorization, agent string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authorization, agent = r.Header.Get("Authorization"), r.Header.Get("User-Agent")
	}))
	defer server.Close()
	c, err := NewClient(t.Context(), "eu-west-1", &Options{Endpoint: server.URL, Profile: "work", UserAgent: "ami-x/1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.EnableImage(t.Context(), &ImageInput{ImageID: exampleID}); err == nil {
		t.Error("an empty answer is none")
	}
	if !strings.Contains(authorization, "Credential=AKIDWORK/") || agent != "ami-x/1" {
		t.Errorf("signed %s by %s", authorization, agent)
	}
	if _, err := NewClient(t.Context(), "eu-west-1", &Options{Profile: "none"}); err == nil {
		t.Error("a profile that is not there is none")
	}
}
