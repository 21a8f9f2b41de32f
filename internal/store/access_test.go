package store_test

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"amiforge/internal/faultproxy"
	"amiforge/internal/miniotest"
	"amiforge/internal/store"
)

// with returns the environment with some variables changed.
func with(env []string, changes ...string) []string {
	return append(changes, env...) // getenv takes the first
}

func TestBucketNotAccessible(t *testing.T) {
	server := miniotest.Start(t)
	there, _ := bucket(t)
	missing := store.Location{Bucket: "amiforge-no-such-bucket", Prefix: "p"}
	answer := func(status int, code, message string) []string {
		p := faultproxy.New(t, server.Endpoint)
		p.Add(faultproxy.Rule{Times: faultproxy.Always, Fault: faultproxy.Answer(status, code, message)})
		return with(server.Env(), "AWS_ENDPOINT_URL_S3="+p.URL)
	}
	skewed := "The difference between the request time and the server's time is too large."
	tests := []struct {
		name       string
		loc        store.Location
		env        []string
		permission bool // fs.ErrPermission is in the chain
		want       []string
	}{
		{"missing bucket", missing, server.Env(), false, []string{"404 NoSuchBucket: ", "make the bucket"}},
		{
			"wrong secret", there, with(server.Env(), "AWS_SECRET_ACCESS_KEY=notTheSecretAtAll"), true,
			[]string{"403 SignatureDoesNotMatch: ", "check AWS_SECRET_ACCESS_KEY"},
		},
		{
			"unknown key", there, with(server.Env(), "AWS_ACCESS_KEY_ID=nobodyknowsme"), true,
			[]string{"403 InvalidAccessKeyId: ", "check AWS_ACCESS_KEY_ID"},
		},
		{
			"bad session token", there, with(server.Session(t, miniotest.ReadOnly).Env(), "AWS_SESSION_TOKEN=x"), true,
			[]string{"InvalidToken", "get new credentials"},
		},
		{"denied", there, server.Session(t, miniotest.NoAccess).Env(), true, []string{"403 AccessDenied: Access Denied"}},
		{
			"clock skew", there, answer(403, "RequestTimeTooSkewed", skewed), true,
			[]string{"RequestTimeTooSkewed", "set this machine's clock, it says 2", ", the server's 2"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := open(t, test.loc, store.Hurried(store.Config{Getenv: getenv(test.env)}))
			for _, op := range operations {
				if test.name == "clock skew" && op.name == "stat" {
					continue // the proxy answers a HEAD without the code
				}
				err := op.do(t.Context(), s)
				if !errors.Is(err, store.ErrBucket) || errors.Is(err, fs.ErrPermission) != test.permission || errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s: %v (bucket %v, permission %v, missing %v)", op.name, err,
						errors.Is(err, store.ErrBucket), errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist))
				}
				for _, want := range append(test.want, test.loc.String(), ": "+op.name+": ") {
					if err != nil && !strings.Contains(err.Error(), want) {
						t.Errorf("%s: %v\nmisses %q", op.name, err, want)
					}
				}
				if err != nil && (strings.Contains(err.Error(), server.SecretKey) || strings.Contains(err.Error(), "notTheSecret")) {
					t.Errorf("%s: a secret is in %v", op.name, err)
				}
			}
		})
	}
}

// A server without minio's headers says nothing in its answer to HEAD: Stat must find out the reason.
func TestStatFindsTheReason(t *testing.T) {
	server := miniotest.Start(t)
	there, cfg := bucket(t)
	p := faultproxy.New(t, server.Endpoint)
	p.Add(faultproxy.Rule{Method: http.MethodHead, Times: faultproxy.Always, Fault: func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		rec := httptest.NewRecorder()
		pass.ServeHTTP(rec, r)
		w.WriteHeader(rec.Code)
	}})
	cfg.Endpoint = p.URL
	cfg = store.Hurried(cfg)

	s := open(t, store.Location{Bucket: "amiforge-no-such-bucket"}, cfg)
	if _, err := s.Stat(t.Context(), "x"); !errors.Is(err, store.ErrBucket) || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing bucket: %v, want store.ErrBucket", err)
	}
	s = open(t, there, cfg)
	for range 3 {
		if _, err := s.Stat(t.Context(), "x"); errors.Is(err, store.ErrBucket) || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("missing object: %v, want fs.ErrNotExist", err)
		}
	}
	if n := p.Requests(http.MethodGet, there.Bucket); n != 1 {
		t.Errorf("%d times asked whether the bucket is there, want once", n)
	}
	cfg.Getenv = getenv(with(server.Env(), "AWS_SECRET_ACCESS_KEY=wrong"))
	if _, err := open(t, there, cfg).Stat(t.Context(), "x"); err == nil || !strings.Contains(err.Error(), "SignatureDoesNotMatch") {
		t.Errorf("wrong secret: %v", err)
	}
}

func TestReadOnlySession(t *testing.T) {
	loc, cfg := bucket(t)
	put(t, open(t, loc, cfg), "there", part)
	cfg.Getenv = getenv(miniotest.Start(t).Session(t, miniotest.ReadOnly).Env())
	s := open(t, loc, store.Hurried(cfg))
	if got, err := tryRead(t.Context(), s, "there"); err != nil || len(got) != len(part) {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
	if n, err := tryList(t.Context(), s); n != 1 || err != nil {
		t.Errorf("listed %d, %v", n, err)
	}
	for _, op := range operations[2:] {
		if op.name == "list" {
			continue
		}
		if err := op.do(t.Context(), s); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s: %v, want fs.ErrPermission", op.name, err)
		}
	}
}

func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	loc, cfg := bucket(t)
	cfg.Endpoint = "http://" + address
	cfg.Retries = 2
	for _, op := range operations {
		err := op.do(t.Context(), open(t, loc, store.Hurried(cfg)))
		if !errors.Is(err, store.ErrBucket) || !strings.Contains(err.Error(), "cannot reach "+address) {
			t.Errorf("%s: %v", op.name, err)
		}
	}
}

func TestTLS(t *testing.T) {
	calls := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		faultproxy.Answer(404, "NoSuchKey", "The specified key does not exist.")(w, r, nil)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	env := with(miniotest.Start(t).Env(), "AWS_ENDPOINT_URL_S3="+server.URL)
	loc := store.Location{Bucket: "bucket"}

	_, err := tryRead(t.Context(), open(t, loc, store.Hurried(store.Config{Getenv: getenv(env)})), "x")
	if !errors.Is(err, store.ErrBucket) || !strings.Contains(err.Error(), "AWS_CA_BUNDLE") || calls != 0 {
		t.Errorf("untrusted: %v", err)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, cert, 0o600); err != nil {
		t.Fatal(err)
	}
	trusting := store.Hurried(store.Config{Getenv: getenv(with(env, "AWS_CA_BUNDLE="+ca))})
	if _, err := tryRead(t.Context(), open(t, loc, trusting), "x"); !errors.Is(err, fs.ErrNotExist) || calls != 1 {
		t.Errorf("trusted: %v", err)
	}
}

func TestHTTPSToHTTP(t *testing.T) {
	loc, cfg := bucket(t)
	cfg.Endpoint = strings.Replace(miniotest.Start(t).Endpoint, "http://", "https://", 1)
	_, err := tryRead(t.Context(), open(t, loc, store.Hurried(cfg)), "x")
	if !errors.Is(err, store.ErrBucket) || !strings.Contains(err.Error(), "write http://") {
		t.Errorf("got %v", err)
	}
}

func TestACL(t *testing.T) {
	loc, cfg := bucket(t)
	p := faultproxy.New(t, miniotest.Start(t).Endpoint)
	cfg.Endpoint = p.URL
	var acl string
	p.Add(faultproxy.Rule{Method: http.MethodPut, Times: 2, Fault: func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		acl = r.Header.Get("X-Amz-Acl")
		pass.ServeHTTP(w, r)
	}})
	put(t, open(t, loc, cfg), "plain", part)
	if acl != "" {
		t.Errorf("ACL %q is sent unasked", acl)
	}
	cfg.ACL = "aws-exec-read"
	s := open(t, loc, cfg)
	put(t, s, "with", part)
	if acl != "aws-exec-read" {
		t.Errorf("ACL %q is sent", acl)
	}
	p.Add(faultproxy.Rule{
		Method: http.MethodPut,
		Fault:  faultproxy.Answer(400, "AccessControlListNotSupported", "The bucket does not allow ACLs"),
	})
	err := tryPut(t.Context(), s, "refused", part)
	if err == nil || errors.Is(err, store.ErrBucket) || !strings.Contains(err.Error(), "leave --acl out") {
		t.Errorf("got %v", err)
	}
}

// elsewhere refuses what is signed for another region than eu-north-1.
func elsewhere(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	if strings.Contains(r.Header.Get("Authorization"), "/eu-north-1/") {
		faultproxy.Answer(404, "NoSuchKey", "The specified key does not exist.")(w, r, nil)
		return
	}
	w.Header().Set("X-Amz-Bucket-Region", "eu-north-1")
	faultproxy.Answer(400, "AuthorizationHeaderMalformed", "the region 'us-east-1' is wrong; expecting 'eu-north-1'")(w, r, nil)
}

func TestWrongRegionIsCorrected(t *testing.T) {
	loc, cfg := bucket(t)
	p := faultproxy.New(t, miniotest.Start(t).Endpoint)
	p.Add(faultproxy.Rule{Times: faultproxy.Always, Fault: elsewhere})
	cfg.Endpoint = p.URL
	for _, op := range operations[:2] {
		if err := op.do(t.Context(), open(t, loc, store.Hurried(cfg))); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, want fs.ErrNotExist", op.name, err)
		}
	}
	s := open(t, loc, store.Hurried(cfg))
	before := p.Requests("", "")
	for range 3 {
		_, err := s.Stat(t.Context(), "x")
		if !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
	}
	// HEAD, the same again elsewhere, a GET whether the bucket is there; then the region is known.
	if n := p.Requests("", "") - before; n != 5 {
		t.Errorf("%d requests, want 5", n)
	}
}

func TestRegionThatIsAlwaysAnotherEnds(t *testing.T) {
	loc, cfg := bucket(t)
	p := faultproxy.New(t, miniotest.Start(t).Endpoint)
	p.Add(faultproxy.Rule{Times: faultproxy.Always, Fault: func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("X-Amz-Bucket-Region", strings.ToLower(r.Method)+"-"+r.Header.Get("X-Amz-Date"))
		faultproxy.Answer(301, "PermanentRedirect", "use another endpoint")(w, r, nil)
	}})
	cfg.Endpoint = p.URL
	_, err := tryRead(t.Context(), open(t, loc, store.Hurried(cfg)), "x")
	if e, ok := errors.AsType[*store.Error](err); !ok || e.Status != 301 {
		t.Errorf("got %v", err)
	}
}

func TestBadNamesAndKeys(t *testing.T) {
	loc, cfg := bucket(t)
	s := open(t, loc, cfg)
	for _, name := range []string{strings.Repeat("x", 1024), "a\xffb", "a\nb"} {
		if _, err := s.Stat(t.Context(), name); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("Stat of %.10q: %v, want fs.ErrInvalid", name, err)
		}
	}
}

func TestCancelledOpen(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	loc, cfg := bucket(t)
	if s, err := store.Open(ctx, loc, cfg); !errors.Is(err, context.Canceled) {
		t.Errorf("Open = %v, %v", s, err)
	}
}
