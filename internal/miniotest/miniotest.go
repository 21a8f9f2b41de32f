package miniotest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// The variables that name a running server.
const (
	endpointVar = "AMIFORGE_TEST_S3_ENDPOINT"
	accessVar   = "AWS_ACCESS_KEY_ID"
	secretVar   = "AWS_SECRET_ACCESS_KEY"
)

// A Server is a running MinIO and the credentials of its owner.
type Server struct {
	Endpoint  string // http://127.0.0.1:port
	AccessKey string
	SecretKey string
}

// Env returns the variables, as name=value, with which a command talks to the server as its owner.
func (s *Server) Env() []string {
	return []string{
		"AWS_ENDPOINT_URL_S3=" + s.Endpoint,
		accessVar + "=" + s.AccessKey,
		secretVar + "=" + s.SecretKey,
		"AWS_SESSION_TOKEN=",
		"AWS_REGION=us-east-1",
		"AWS_EC2_METADATA_DISABLED=true",
	}
}

// Start returns a server that answers, for the time of the test t. It never skips.
func Start(t testing.TB) *Server {
	t.Helper()
	s, stop, err := open()
	if err != nil {
		t.Fatalf("minio: %v", err)
	}
	t.Cleanup(stop)
	return s
}

// Tests are those of a package: a *testing.M, or one with something around it.
type Tests interface{ Run() (code int) }

// Main runs the tests of a package with one server, which Start then returns to each of them: it stands in
// the environment as if the user had started it. Main does not return. It is not for packages that fuzz,
// whose every worker would start a server.
func Main(m Tests) {
	s, stop, err := open()
	if err != nil {
		fmt.Fprintln(os.Stderr, "minio:", err)
		os.Exit(1)
	}
	for _, kv := range append(s.Env(), endpointVar+"="+s.Endpoint) {
		name, value, _ := strings.Cut(kv, "=")
		if err := os.Setenv(name, value); err != nil {
			stop()
			fmt.Fprintln(os.Stderr, "minio:", err)
			os.Exit(1)
		}
	}
	code := m.Run()
	stop()
	os.Exit(code)
}

// NewBucket makes an empty bucket with a name of its own and returns the name.
func (s *Server) NewBucket(t testing.TB) string {
	t.Helper()
	name := "amiforge-" + strings.ToLower(rand.Text()[:16])
	if _, err := s.call(t.Context(), http.MethodPut, "/"+name, "s3", ""); err != nil {
		t.Fatalf("minio: make bucket: %v", err)
	}
	return name
}

// open finds or starts a server. stop ends what it started.
func open() (s *Server, stop func(), err error) {
	if os.Getenv(endpointVar) != "" {
		s, err = given()
		return s, func() {}, err
	}
	program, err := program()
	if err != nil {
		return nil, nil, err
	}
	return launch(program)
}

// given returns the server that the environment names.
func given() (*Server, error) {
	s := &Server{
		Endpoint:  os.Getenv(endpointVar),
		AccessKey: os.Getenv(accessVar),
		SecretKey: os.Getenv(secretVar),
	}
	if s.AccessKey == "" || s.SecretKey == "" {
		return nil, fmt.Errorf("%s is set, so set %s and %s too", endpointVar, accessVar, secretVar)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if _, err := s.call(ctx, http.MethodGet, "/", "s3", ""); err != nil {
		return nil, fmt.Errorf("%s: %w", endpointVar, err)
	}
	return s, nil
}
