package store

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"
)

// configure returns a Config that sees these variables and, as ~/.aws, these two files only.
func configure(t *testing.T, config, secrets string, env ...string) Config {
	t.Helper()
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"config": config, "credentials": secrets} {
		if text == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(home, ".aws", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env = append(env, "HOME="+home, "AWS_EC2_METADATA_DISABLED=true")
	cfg := Config{Getenv: func(name string) string {
		for _, kv := range env {
			if n, v, _ := strings.Cut(kv, "="); n == name {
				return v
			}
		}
		return ""
	}}
	return cfg.withDefaults()
}

func TestParseEndpoint(t *testing.T) {
	for in, want := range map[string]string{
		"https://minio.example.com":  "https://minio.example.com",
		"https://minio.example.com/": "https://minio.example.com",
		"http://10.0.0.1:9000":       "http://10.0.0.1:9000",
		"minio.example.com":          "https://minio.example.com",
		"minio.example.com:9000/":    "https://minio.example.com:9000",
		"localhost":                  "http://localhost",
		"localhost:9000":             "http://localhost:9000",
		"127.0.0.1:9000":             "http://127.0.0.1:9000",
		"[::1]:9000":                 "http://[::1]:9000",
	} {
		if got, err := parseEndpoint(in); err != nil || got.String() != want {
			t.Errorf("parseEndpoint(%q) = %v, %v; want %s", in, got, err, want)
		}
	}
	for _, in := range []string{
		"ftp://x", "https://", "https://x/path", "https://x?y", "https://x#y", "https://user:password@x", "://x",
		"http://x:port", "http://[::1", "s3://bucket", "https://user:password@x:port",
	} {
		got, err := parseEndpoint(in)
		if err == nil {
			t.Errorf("parseEndpoint(%q) = %v, want an error", in, got)
		} else if strings.Contains(err.Error(), "password") {
			t.Errorf("parseEndpoint(%q): the password is in %v", in, err)
		}
	}
}

const configFile = `[default]
region = eu-west-1
endpoint_url = https://default.example.com

[profile lab]
region = eu-west-3
endpoint_url = https://lab.example.com
services = lab-services
aws_access_key_id = LABKEY
aws_secret_access_key = labsecret

[services lab-services]
s3 =
  endpoint_url = https://s3.lab.example.com
  addressing_style = path
ec2 =
  endpoint_url = https://ec2.lab.example.com

[profile role]
role_arn = arn:aws:iam::123456789012:role/x
source_profile = default

[profile process]
credential_process = /bin/echo {"Version":1,"AccessKeyId":"PROCESSKEY","SecretAccessKey":"s"}

[profile broken]
credential_process = /bin/false now
`

const secretsFile = `[default]
aws_access_key_id = FILEKEY
aws_secret_access_key = filesecret

[token]
aws_access_key_id = TOKENKEY
aws_secret_access_key = s
aws_session_token = filetoken

[half]
aws_access_key_id = HALFKEY
`

func TestEndpointAndRegion(t *testing.T) {
	tests := []struct {
		name             string
		config           string
		env              []string
		set              Config
		endpoint, region string
	}{
		{"nothing", "", nil, Config{}, awsEndpoint, "us-east-1"},
		{"default profile", configFile, nil, Config{}, "https://default.example.com", "eu-west-1"},
		{"profile", configFile, []string{"AWS_PROFILE=lab"}, Config{}, "https://s3.lab.example.com", "eu-west-3"},
		{"given profile", configFile, []string{"AWS_PROFILE=default"}, Config{Profile: "lab"}, "https://s3.lab.example.com", "eu-west-3"},
		{
			"environment", configFile,
			[]string{"AWS_ENDPOINT_URL=https://all.example.com", "AWS_DEFAULT_REGION=us-west-1"},
			Config{},
			"https://all.example.com", "us-west-1",
		},
		{
			"environment for S3", configFile,
			[]string{
				"AWS_ENDPOINT_URL=https://all.example.com", "AWS_ENDPOINT_URL_S3=https://s3.example.com",
				"AWS_DEFAULT_REGION=us-west-1", "AWS_REGION=us-west-2",
			},
			Config{},
			"https://s3.example.com", "us-west-2",
		},
		{
			"given", configFile,
			[]string{"AWS_ENDPOINT_URL_S3=https://s3.example.com", "AWS_REGION=us-west-2"},
			Config{Endpoint: "localhost:9000", Region: "local"},
			"http://localhost:9000", "local",
		},
		{
			"ignored", configFile,
			[]string{"AWS_ENDPOINT_URL_S3=https://s3.example.com", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=TRUE"},
			Config{},
			awsEndpoint, "eu-west-1",
		},
		{
			"given though ignored", configFile,
			[]string{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true"},
			Config{Endpoint: "https://given.example.com"},
			"https://given.example.com", "eu-west-1",
		},
		{
			"region in the endpoint", "", nil,
			Config{Endpoint: "https://s3.eu-north-1.amazonaws.com"},
			"https://s3.eu-north-1.amazonaws.com", "eu-north-1",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cfg := configure(t, test.config, "", test.env...)
			cfg.Endpoint, cfg.Region, cfg.Profile = test.set.Endpoint, test.set.Region, test.set.Profile
			p, err := cfg.profile()
			if err != nil {
				t.Fatal(err)
			}
			endpoint, err := cfg.endpoint(p)
			if err != nil || endpoint.String() != test.endpoint {
				t.Errorf("endpoint = %v, %v; want %s", endpoint, err, test.endpoint)
			}
			if got := cfg.region(p, endpoint); got != test.region {
				t.Errorf("region = %s, want %s", got, test.region)
			}
		})
	}
}

// find returns the credentials that cfg leads to.
func find(ctx context.Context, cfg Config) (credentials.Value, error) {
	p, err := cfg.profile()
	if err != nil {
		return credentials.Value{}, err
	}
	creds, err := cfg.credentials(ctx, p)
	if err != nil {
		return credentials.Value{}, err
	}
	return creds.GetWithContext(nil)
}

func TestCredentials(t *testing.T) {
	tests := []struct {
		name, profile string
		env           []string
		key, token    string
	}{
		{"file", "", nil, "FILEKEY", ""},
		{"environment", "", []string{"AWS_ACCESS_KEY_ID=ENVKEY", "AWS_SECRET_ACCESS_KEY=s"}, "ENVKEY", ""},
		{
			"environment with token", "",
			[]string{"AWS_ACCESS_KEY_ID=ENVKEY", "AWS_SECRET_ACCESS_KEY=s", "AWS_SESSION_TOKEN=t", "AWS_PROFILE=token"},
			"ENVKEY", "t",
		},
		{"profile in the environment", "", []string{"AWS_PROFILE=token"}, "TOKENKEY", "filetoken"},
		{"given profile first", "token", []string{"AWS_ACCESS_KEY_ID=ENVKEY", "AWS_SECRET_ACCESS_KEY=s"}, "TOKENKEY", "filetoken"},
		{"in the config file", "lab", nil, "LABKEY", ""},
		{"process", "process", nil, "PROCESSKEY", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cfg := configure(t, configFile, secretsFile, test.env...)
			cfg.Profile = test.profile
			got, err := find(t.Context(), cfg)
			if err != nil || got.AccessKeyID != test.key || got.SessionToken != test.token {
				t.Errorf("got %q, token %q, %v", got.AccessKeyID, got.SessionToken, err)
			}
		})
	}
}

func TestCredentialsMissing(t *testing.T) {
	tests := []struct {
		name, config, secrets string
		env                   []string
		want                  string
	}{
		{"none", "", "", nil, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"},
		{"no secret", "", "", []string{"AWS_ACCESS_KEY_ID=x"}, "AWS_SECRET_ACCESS_KEY is not"},
		{"no key", "", secretsFile, []string{"AWS_SECRET_ACCESS_KEY=thesecret"}, "AWS_ACCESS_KEY_ID is not"},
		{"no profile", configFile, secretsFile, []string{"AWS_PROFILE=nope"}, `profile "nope" is neither in`},
		{"half a pair in the file", "", secretsFile, []string{"AWS_PROFILE=half"}, "must both be set"},
		{"role", configFile, "", []string{"AWS_PROFILE=role"}, "aws configure export-credentials --profile role"},
		{"process fails", configFile, "", []string{"AWS_PROFILE=broken"}, "exit status 1"},
		{"not a file of sections", "", "[default\nthesecret", nil, "is not a valid AWS configuration file"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cfg := configure(t, test.config, test.secrets, test.env...)
			_, err := find(t.Context(), cfg)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "thesecret") {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// metadata is a metadata service with a role.
func metadata(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /latest/api/token", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "token") })
	mux.HandleFunc("GET /latest/meta-data/iam/security-credentials/", func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("X-aws-ec2-metadata-token") != "token":
			http.Error(w, "no token", http.StatusUnauthorized)
		case strings.HasSuffix(r.URL.Path, "/"):
			fmt.Fprint(w, "my-role")
		default:
			fmt.Fprintf(w, `{"Code": "Success", "AccessKeyId": "ROLEKEY", "SecretAccessKey": "s", "Token": "t", "Expiration": %q}`,
				time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func TestInstanceRole(t *testing.T) {
	endpoint := "AWS_EC2_METADATA_SERVICE_ENDPOINT=" + metadata(t).URL
	got, err := find(t.Context(), configure(t, "", "", endpoint, "AWS_EC2_METADATA_DISABLED=false"))
	if err != nil || got.AccessKeyID != "ROLEKEY" || got.SessionToken != "t" {
		t.Errorf("got %q, %v", got.AccessKeyID, err)
	}
	if _, err := find(t.Context(), configure(t, "", "", endpoint)); !errors.Is(err, errNoCredentials) {
		t.Errorf("disabled: %v", err)
	}
}

func TestSilentMetadataServiceEnds(t *testing.T) {
	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(hang) })
	cfg := configure(t, "", "", "AWS_EC2_METADATA_SERVICE_ENDPOINT="+server.URL, "AWS_EC2_METADATA_DISABLED=false")
	start := time.Now()
	if _, err := find(t.Context(), cfg); !errors.Is(err, errNoCredentials) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(start); took > 2*metadataTime {
		t.Errorf("took %v", took)
	}
}

// The role of a container must work or fail: another identity in its place would be a surprise.
func TestContainerRoleFails(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	_, err := find(t.Context(), configure(t, "", "", "AWS_CONTAINER_CREDENTIALS_FULL_URI="+server.URL))
	if err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("got %v", err)
	}
}

// Keys of a file are read once, not for every request.
func TestLastingCredentials(t *testing.T) {
	cfg := configure(t, "", secretsFile)
	p, err := cfg.profile()
	if err != nil {
		t.Fatal(err)
	}
	creds, err := cfg.credentials(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if creds.IsExpired() {
		t.Error("keys without an expiry have expired")
	}
}

// Without a home there is no ~/.aws; that of the working directory is somebody else's.
func TestNoHome(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir(".aws", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(".aws/credentials", []byte(secretsFile), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := configure(t, "", "", "HOME=")
	if got, err := find(t.Context(), cfg); !errors.Is(err, errNoCredentials) {
		t.Errorf("got %q, %v", got.AccessKeyID, err)
	}
}

func TestNothingIsSentUnsigned(t *testing.T) {
	_, err := Open(t.Context(), Location{Bucket: "bucket"}, configure(t, "", ""))
	if !errors.Is(err, errNoCredentials) || !strings.HasPrefix(err.Error(), "s3://bucket/: ") {
		t.Errorf("got %v", err)
	}
}

func TestServer(t *testing.T) {
	for _, tt := range []struct{ endpoint, variable, want string }{
		{"", "", "https://s3.amazonaws.com"},
		{"", "localhost:9000/", "http://localhost:9000"},
		{"https://one.example/", "localhost:9000", "https://one.example"},
	} {
		cfg := Config{Endpoint: tt.endpoint, Getenv: func(name string) string {
			return map[string]string{"AWS_ENDPOINT_URL": tt.variable}[name]
		}}
		if got, err := cfg.Server(); err != nil || got != tt.want {
			t.Errorf("%+v: %s, %v", tt, got, err)
		}
	}
}
