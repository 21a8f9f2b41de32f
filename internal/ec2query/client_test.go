package ec2query

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/google/go-cmp/cmp"
)

const (
	returnTrue = "<EnableImageResponse><requestId>r</requestId><return>true</return></EnableImageResponse>"
	newImage   = "<RegisterImageResponse><requestId>r</requestId><imageId>ami-1</imageId></RegisterImageResponse>"
	throttled  = "<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>Request limit exceeded.</Message></Error></Errors><RequestID>r</RequestID></Response>"
	refused    = "<Response><Errors><Error><Code>AuthFailure</Code><Message>no</Message></Error></Errors><RequestID>r</RequestID></Response>"
)

// An answer is what the endpoint of a test does with a request; status 0 hangs up, with body half sent.
type answer struct {
	status int
	body   string
}

// endpoint answers the n-th request with the n-th answer, and keeps the requests' bodies.
type endpoint struct {
	t       *testing.T
	answers []answer
	mu      sync.Mutex
	bodies  []string
}

// sent returns the bodies of the requests so far.
func (e *endpoint) sent() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.bodies
}

// keep returns the number of requests before this one.
func (e *endpoint) keep(body []byte) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.bodies = append(e.bodies, string(body))
	return len(e.bodies) - 1
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		e.t.Error(err)
	}
	checkSignature(e.t, r, body)
	n := e.keep(body)
	if n >= len(e.answers) {
		e.t.Errorf("request %d: %s", n+1, body)
		panic(http.ErrAbortHandler)
	}
	a := e.answers[n]
	if a.status == 0 {
		hangUp(w, a.body)
	}
	w.WriteHeader(a.status)
	io.WriteString(w, a.body)
}

func hangUp(w http.ResponseWriter, body string) {
	if body != "" {
		io.WriteString(w, body)
		w.(http.Flusher).Flush()
	}
	panic(http.ErrAbortHandler)
}

// checkSignature signs the request as it arrived, at its own date, and compares.
func checkSignature(t *testing.T, r *http.Request, body []byte) {
	t.Helper()
	date, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil {
		t.Error(err)
	}
	again, err := http.NewRequest(r.Method, "http://"+r.Host+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		t.Error(err)
	}
	again.Header.Set("Content-Type", r.Header.Get("Content-Type"))
	sum := sha256.Sum256(body)
	key := aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}
	if err := v4.NewSigner().SignHTTP(t.Context(), key, again, hex.EncodeToString(sum[:]), "ec2", "eu-west-1", date); err != nil {
		t.Error(err)
	}
	if got, want := r.Header.Get("Authorization"), again.Header.Get("Authorization"); got != want {
		t.Errorf("authorization\n%s, want\n%s", got, want)
	}
}

// setEnvironment leaves nothing of the machine's own AWS configuration.
func setEnvironment(t *testing.T) {
	t.Helper()
	none := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none, "AWS_MAX_ATTEMPTS": "", "AWS_CA_BUNDLE": "",
		"AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_EC2": "", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "",
		"HTTP_PROXY": "", "http_proxy": "",
	} {
		t.Setenv(name, value)
	}
}

// atOnce is AWS's retryer without its pauses.
func atOnce() aws.RetryerV2 {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})
}

func start(t *testing.T, answers ...answer) (*Client, *endpoint) {
	t.Helper()
	setEnvironment(t)
	e := &endpoint{t: t, answers: answers}
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	c, err := NewClient(t.Context(), "eu-west-1", &Options{Endpoint: server.URL, Retryer: atOnce()})
	if err != nil {
		t.Fatal(err)
	}
	return c, e
}

func TestClientRetries(t *testing.T) {
	tests := []struct {
		name     string
		register bool
		answers  []answer
		want     string // the error
	}{
		{"idempotent", false, []answer{{200, returnTrue}}, ""},
		{"throttled", false, []answer{{503, throttled}, {503, throttled}, {200, returnTrue}}, ""},
		{"lost", false, []answer{{0, ""}, {0, "<Enable"}, {200, returnTrue}}, ""},
		{"broken", false, []answer{{500, ""}, {502, "<html>"}, {200, returnTrue}}, ""},
		{"given up", false, []answer{{503, throttled}, {503, throttled}, {503, throttled}}, "ec2 EnableImage: RequestLimitExceeded: Request limit exceeded."},
		{"refused", false, []answer{{401, refused}}, "ec2 EnableImage: AuthFailure: no"},
		{"not EC2", false, []answer{{200, "<html></html>"}}, "ec2: decode the answer to EnableImage: the document is not a EnableImageResponse"},
		{"register", true, []answer{{200, newImage}}, ""},
		{"register throttled", true, []answer{{503, throttled}, {200, newImage}}, ""},
		{"register broken", true, []answer{{500, ""}}, "ec2 RegisterImage: the endpoint answered 500 Internal Server Error"},
		{"register lost", true, []answer{{0, ""}}, "EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, e := start(t, tt.answers...)
			var err error
			if tt.register {
				_, err = c.RegisterImage(t.Context(), &RegisterImageInput{Name: "web"})
			} else {
				_, err = c.EnableImage(t.Context(), &ImageInput{ImageID: exampleID})
			}
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.HasSuffix(err.Error(), tt.want)) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if n := len(e.sent()); n != len(tt.answers) {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestClientCopyTwice(t *testing.T) {
	done := strings.ReplaceAll(newImage, "Register", "Copy")
	c, e := start(t, answer{}, answer{200, done}, answer{200, done})
	in := &CopyImageInput{Name: "copy", SourceImageID: exampleID, SourceRegion: "us-east-1"}
	for range 2 {
		if _, err := c.CopyImage(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	sent := e.sent()
	if sent[0] != sent[1] || !strings.Contains(sent[0], "ClientToken=") {
		t.Errorf("the retry differs or has no token: %s", sent[:2])
	}
	if sent[1] == sent[2] || in.ClientToken != "" {
		t.Error("two copies have the same token")
	}
}

func TestClientDryRun(t *testing.T) {
	body, err := EncodeError(&Error{Code: DryRunOperation, Message: "Request would have succeeded."})
	if err != nil {
		t.Fatal(err)
	}
	c, _ := start(t, answer{412, string(body)})
	_, err = c.RegisterImage(t.Context(), &RegisterImageInput{Name: "web", DryRun: true})
	refusal, ok := errors.AsType[*Error](err)
	if !ok || refusal.Code != DryRunOperation || refusal.Status != 412 {
		t.Errorf("got %v", err)
	}
}

func TestClientImages(t *testing.T) {
	first := string(readVector(t, "describe-images.xml"))
	last := strings.ReplaceAll(first, "<nextToken>page2</nextToken>", "")
	c, e := start(t, answer{200, first}, answer{200, last})
	var got []string
	for image, err := range c.Images(t.Context(), &DescribeImagesInput{MaxResults: 5}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, image.ImageID)
	}
	if diff := cmp.Diff([]string{exampleID, exampleID}, got); diff != "" {
		t.Error(diff)
	}
	if second := e.sent()[1]; !strings.Contains(second, "MaxResults=5&NextToken=page2") {
		t.Errorf("second request %s", second)
	}
}

func TestClientImagesEndless(t *testing.T) {
	page := string(readVector(t, "describe-images.xml"))
	c, _ := start(t, answer{200, page}, answer{200, page})
	var last error
	for _, err := range c.Images(t.Context(), &DescribeImagesInput{}) {
		last = err
	}
	if last == nil || last.Error() != "ec2 DescribeImages: the endpoint gave the same page twice" {
		t.Errorf("got %v", last)
	}
}

func TestClientCancelled(t *testing.T) {
	c, e := start(t)
	why := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if _, err := c.EnableImage(ctx, &ImageInput{ImageID: exampleID}); !errors.Is(err, why) || len(e.sent()) != 0 {
		t.Errorf("got %v after %d requests", err, len(e.sent()))
	}
}
