package store_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"amiforge/bundle"
	"amiforge/internal/faultproxy"
	"amiforge/internal/miniotest"
	"amiforge/internal/store"
)

// part is content of the size of a part.
var part = bytes.Repeat([]byte("0123456789abcdef"), 10<<20/16)

// faulty returns a store behind a proxy, in which "there" is part, and how it was opened.
func faulty(t *testing.T) (bundle.Store, *faultproxy.Proxy, store.Location, store.Config) {
	t.Helper()
	loc, cfg := bucket(t)
	put(t, open(t, loc, cfg), "there", part)
	p := faultproxy.New(t, miniotest.Start(t).Endpoint)
	cfg.Endpoint = p.URL
	cfg = store.Hurried(cfg)
	return open(t, loc, cfg), p, loc, cfg
}

func put(t *testing.T, s bundle.Store, name string, content []byte) {
	t.Helper()
	if err := tryPut(t.Context(), s, name, content); err != nil {
		t.Fatal(err)
	}
}

func tryPut(ctx context.Context, s bundle.Store, name string, content []byte) error {
	return s.Put(ctx, name, bytes.NewReader(content), int64(len(content)), sha1.Sum(content))
}

func tryRead(ctx context.Context, s bundle.Store, name string) ([]byte, error) {
	body, _, err := s.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

func tryList(ctx context.Context, s bundle.Store) (n int, err error) {
	for _, err := range s.List(ctx) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// operations are all that a store can do.
var operations = []struct {
	name, method string
	do           func(context.Context, bundle.Store) error
}{
	{"stat", http.MethodHead, func(ctx context.Context, s bundle.Store) error { _, err := s.Stat(ctx, "there"); return err }},
	{"get", http.MethodGet, func(ctx context.Context, s bundle.Store) error { _, err := tryRead(ctx, s, "there"); return err }},
	{"put", http.MethodPut, func(ctx context.Context, s bundle.Store) error { return tryPut(ctx, s, "new", part) }},
	{"list", http.MethodGet, func(ctx context.Context, s bundle.Store) error { _, err := tryList(ctx, s); return err }},
	{"remove", http.MethodDelete, func(ctx context.Context, s bundle.Store) error { return s.Remove(ctx, "there") }},
}

func TestTemporaryFaultsAreRetried(t *testing.T) {
	faults := map[string]faultproxy.Fault{
		"503":            faultproxy.SlowDown,
		"500":            faultproxy.Answer(500, "InternalError", "We encountered an internal error."),
		"502":            faultproxy.Answer(502, "BadGateway", "bad gateway"),
		"429":            faultproxy.Answer(429, "TooManyRequests", "slow down"),
		"RequestTimeout": faultproxy.Answer(400, "RequestTimeout", "Your socket connection was not read from in time."),
		"reset":          faultproxy.Refuse,
		"request cut":    faultproxy.CutRequest(1 << 20),
		"response lost":  faultproxy.DropResponse,
	}
	for name, fault := range faults {
		for _, op := range operations {
			if name == "RequestTimeout" && op.method == http.MethodHead {
				continue // its answer has no body to hold the code
			}
			t.Run(name+"/"+op.name, func(t *testing.T) {
				t.Parallel() // they wait most of the time
				s, p, _, _ := faulty(t)
				p.Add(faultproxy.Rule{Method: op.method, Fault: fault})
				if err := op.do(t.Context(), s); err != nil {
					t.Fatal(err)
				}
				if n := p.Requests(op.method, ""); n != 2 {
					t.Errorf("%d requests, want 2", n)
				}
			})
		}
	}
}

func TestRetriesEnd(t *testing.T) {
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			_, p, loc, cfg := faulty(t)
			cfg.Retries = 3
			p.Add(faultproxy.Rule{Times: faultproxy.Always, Fault: faultproxy.SlowDown})
			err := op.do(t.Context(), open(t, loc, cfg))
			e, ok := errors.AsType[*store.Error](err)
			if !ok || e.Status != 503 || e.Attempts != 3 || errors.Is(err, store.ErrBucket) {
				t.Fatalf("got %#v, want a 503 after 3 attempts", err)
			}
			if n := p.Requests("", ""); n != 3 {
				t.Errorf("%d requests, want 3", n)
			}
		})
	}
}

func TestErrorKeepsTheServersWords(t *testing.T) {
	_, p, loc, cfg := faulty(t)
	cfg.Retries = 2
	p.Add(faultproxy.Rule{Times: faultproxy.Always, Fault: faultproxy.SlowDown})
	err := tryPut(t.Context(), open(t, loc, cfg), "image.part.03", part)
	want := loc.String() + "/image.part.03: put: 503 SlowDown: Please reduce your request rate (2 attempts)"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestReadResumes(t *testing.T) {
	tests := []struct {
		name  string
		cuts  []int64 // where each answer breaks off
		reads int
	}{
		{"at once", []int64{0}, 2},
		{"after a byte", []int64{1}, 2},
		{"in the middle", []int64{5 << 20}, 2},
		{"before the last byte", []int64{10<<20 - 1}, 2},
		{"five times", []int64{1 << 20, 0, 3 << 20, 1, 4097}, 6},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, p, _, _ := faulty(t)
			for _, n := range test.cuts {
				p.Add(faultproxy.Rule{Method: http.MethodGet, Path: "there", Fault: faultproxy.CutResponse(n)})
			}
			got, err := tryRead(t.Context(), s, "there")
			if err != nil || !bytes.Equal(got, part) {
				t.Errorf("read %d bytes, %v", len(got), err)
			}
			if n := p.Requests(http.MethodGet, "there"); n != test.reads {
				t.Errorf("%d requests, want %d", n, test.reads)
			}
		})
	}
}

func TestReadEnds(t *testing.T) {
	s, p, _, _ := faulty(t)
	p.Add(faultproxy.Rule{Method: http.MethodGet, Path: "there", Times: faultproxy.Always, Fault: faultproxy.CutResponse(100)})
	got, err := tryRead(t.Context(), s, "there")
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "broke off at byte 600 of 10485760") {
		t.Errorf("got %v", err)
	}
	if len(got) != 600 || p.Requests(http.MethodGet, "there") != 6 {
		t.Errorf("read %d bytes in %d requests", len(got), p.Requests(http.MethodGet, "there"))
	}
}

// Every MiB lets the reader forget the failures before it, in how many stretches it may come.
func TestReadOfLongObjectOutlastsManyFaults(t *testing.T) {
	for _, stretch := range []int64{1 << 20, 300_000} {
		t.Run(fmt.Sprint(stretch), func(t *testing.T) {
			s, p, _, _ := faulty(t)
			times := (len(part) - 1) / int(stretch)
			p.Add(faultproxy.Rule{Method: http.MethodGet, Path: "there", Times: times, Fault: faultproxy.EndResponse(stretch)})
			if got, err := tryRead(t.Context(), s, "there"); err != nil || !bytes.Equal(got, part) {
				t.Errorf("read %d bytes, %v", len(got), err)
			}
			if n := p.Requests(http.MethodGet, "there"); n != times+1 {
				t.Errorf("%d requests, want %d", n, times+1)
			}
		})
	}
}

func TestReadEndsOfTooManyFaults(t *testing.T) {
	const stretch = 100_000 // six of them are less than a MiB
	s, p, _, _ := faulty(t)
	p.Add(faultproxy.Rule{Method: http.MethodGet, Path: "there", Times: faultproxy.Always, Fault: faultproxy.EndResponse(stretch)})
	got, err := tryRead(t.Context(), s, "there")
	if !errors.Is(err, io.ErrUnexpectedEOF) || len(got) != 6*stretch || !strings.Contains(err.Error(), "(6 attempts)") {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
}

func TestReadOfChangedObjectFails(t *testing.T) {
	s, p, _, _ := faulty(t)
	p.Add(faultproxy.Rule{Method: http.MethodGet, Path: "there", Fault: faultproxy.CutResponse(5000)})
	body, _, err := s.Open(t.Context(), "there")
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	put(t, s, "there", bytes.Repeat([]byte("y"), len(part)))
	got, err := io.ReadAll(body)
	if err == nil || !strings.Contains(err.Error(), "changed while it was read") {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
}

func TestReadOfServerWithoutRangesFails(t *testing.T) {
	s, p, _, _ := faulty(t)
	p.Add(faultproxy.Rule{Method: http.MethodGet, Path: "there", Fault: faultproxy.CutResponse(5000)})
	p.Add(faultproxy.Rule{Method: http.MethodGet, Path: "there", Fault: faultproxy.DropHeader("Content-Range")})
	got, err := tryRead(t.Context(), s, "there")
	if err == nil || !strings.Contains(err.Error(), "does not send a part") || len(got) > 5000 {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
}

// stall passes n bytes of the answer, then keeps the connection open and silent.
func stall(n int) faultproxy.Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		from := strings.TrimSuffix(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-")
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %s-%d/%d", from, len(part)-1, len(part)))
		w.Header().Set("Content-Length", fmt.Sprint(len(part)))
		w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
		w.Header().Set("ETag", `"0123456789abcdef0123456789abcdef"`)
		w.Write(part[:n])
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
}

func TestSilentConnectionsEnd(t *testing.T) {
	tests := map[string]faultproxy.Fault{"no answer": faultproxy.Hang, "body stops": stall(5000)}
	for name, fault := range tests {
		t.Run(name, func(t *testing.T) {
			_, p, loc, cfg := faulty(t)
			cfg.Retries = 2
			p.Add(faultproxy.Rule{Times: faultproxy.Always, Fault: fault})
			s := open(t, loc, store.Impatient(cfg, 50*time.Millisecond))
			_, err := tryRead(t.Context(), s, "there")
			if err == nil || !strings.Contains(err.Error(), "no answer in time") {
				t.Errorf("got %v", err)
			}
			if n := p.Requests(http.MethodGet, "there"); n != 2 {
				t.Errorf("%d requests, want 2", n)
			}
		})
	}
}

func TestCancelEndsTheWaiting(t *testing.T) {
	s, p, _, _ := faulty(t)
	cause := errors.New("the user has had enough")
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			p.Add(faultproxy.Rule{Method: op.method, Fault: func(w http.ResponseWriter, r *http.Request, h http.Handler) {
				cancel(cause)
				faultproxy.SlowDown(w, r, h)
			}})
			if err := op.do(ctx, s); !errors.Is(err, cause) {
				t.Errorf("got %v, want %v", err, cause)
			}
		})
	}
}

// The reason of a refusal must not be lost in the reset of a connection on which 10 MiB are on their way.
func TestRefusedBeforeTheBodyIsSent(t *testing.T) {
	s, p, _, _ := faulty(t)
	p.Add(faultproxy.Rule{
		Method: http.MethodPut, Times: faultproxy.Always,
		Fault: faultproxy.Answer(403, "AccessDenied", "Access Denied."),
	})
	for range 20 {
		if err := tryPut(t.Context(), s, "new", part); !errors.Is(err, fs.ErrPermission) {
			t.Fatalf("got %v, want fs.ErrPermission", err)
		}
	}
	if n := p.Requests(http.MethodPut, ""); n != 20 {
		t.Errorf("%d requests, want 20", n)
	}
}

func TestListResumes(t *testing.T) {
	s, p, _, _ := faulty(t)
	g, ctx := errgroup.WithContext(t.Context())
	g.SetLimit(16)
	for i := range 1100 {
		g.Go(func() error { return tryPut(ctx, s, fmt.Sprintf("many.%d", i), nil) })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	p.Add(faultproxy.Rule{Method: http.MethodGet, Skip: 1, Times: 2, Fault: faultproxy.SlowDown})
	if n, err := tryList(t.Context(), s); n != 1101 || err != nil {
		t.Errorf("listed %d objects, %v; want 1101", n, err)
	}
	if n := p.Requests(http.MethodGet, ""); n != 4 {
		t.Errorf("%d requests, want 4", n)
	}
}

func TestStoreWithoutChecksums(t *testing.T) {
	s, p, _, _ := faulty(t)
	var withMD5, withSHA1 atomic.Int32
	p.Add(faultproxy.Rule{Times: faultproxy.Always, Fault: func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		if r.Header.Get("Content-Md5") != "" {
			withMD5.Add(1)
		}
		if r.Header.Get("X-Amz-Checksum-Sha1") != "" {
			withSHA1.Add(1)
		}
		faultproxy.DropHeader("X-Amz-Checksum-Sha1")(w, r, pass)
	}})
	for range 3 {
		put(t, s, "new", part)
	}
	if withSHA1.Load() != 1 || withMD5.Load() != 3 {
		t.Errorf("sent %d times with SHA-1 and %d with MD5, want 1 and 3", withSHA1.Load(), withMD5.Load())
	}
	if o, err := s.Stat(t.Context(), "new"); err != nil || o.SHA1 != nil || o.Size != int64(len(part)) {
		t.Errorf("Stat = %v, %v", o, err)
	}
	err := s.Put(t.Context(), "new", bytes.NewReader(part[1:]), int64(len(part)-1), sha1.Sum(part))
	if !errors.Is(err, bundle.ErrVerify) {
		t.Errorf("Put of the wrong content: %v, want bundle.ErrVerify", err)
	}
	if got, err := tryRead(t.Context(), s, "new"); err != nil || !bytes.Equal(got, part) {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
}

func TestStatTellsTheDigest(t *testing.T) {
	loc, cfg := bucket(t)
	s := open(t, loc, cfg)
	put(t, s, "new", part)
	o, err := s.Stat(t.Context(), "new")
	if err != nil || o.SHA1 == nil || *o.SHA1 != sha1.Sum(part) {
		t.Errorf("Stat = %v, %v", o, err)
	}
}

// A part that was changed on its way is refused by the server.
func TestContentChangedOnTheWay(t *testing.T) {
	s, p, _, _ := faulty(t)
	put(t, s, "first", nil) // the next one is not measured here
	p.Add(faultproxy.Rule{Method: http.MethodPut, Fault: func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		r.Body = io.NopCloser(&flipper{r: r.Body, at: 5000})
		pass.ServeHTTP(w, r)
	}})
	err := tryPut(t.Context(), s, "new", part)
	if !errors.Is(err, bundle.ErrVerify) {
		t.Errorf("got %v, want bundle.ErrVerify", err)
	}
	if _, err := s.Stat(t.Context(), "new"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat: %v, want fs.ErrNotExist", err)
	}
}

// A flipper changes a bit of the byte at an offset.
type flipper struct {
	r      io.Reader
	at, to int
}

func (f *flipper) Read(b []byte) (int, error) {
	n, err := f.r.Read(b)
	if i := f.at - f.to; 0 <= i && i < n {
		b[i] ^= 1
	}
	f.to += n
	return n, err
}

// When Put returns, however it ends, the caller may do with the body what it likes. The race detector sees it.
func TestBodyIsTheCallersAgain(t *testing.T) {
	faults := map[string]faultproxy.Fault{
		"refused":     faultproxy.Answer(403, "AccessDenied", "Access Denied."),
		"cut":         faultproxy.CutRequest(3 << 20),
		"answer lost": faultproxy.DropResponse,
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			_, p, loc, cfg := faulty(t)
			cfg.Retries = 1
			s := open(t, loc, cfg)
			content := bytes.Clone(part)
			for range 5 {
				p.Add(faultproxy.Rule{Method: http.MethodPut, Fault: fault})
				if err := tryPut(t.Context(), s, "new", content); err == nil {
					t.Error("no error")
				}
				clear(content)
			}
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		s, p, _, _ := faulty(t)
		content := bytes.Clone(part)
		ctx, cancel := context.WithCancel(t.Context())
		p.Add(faultproxy.Rule{Method: http.MethodPut, Fault: func(w http.ResponseWriter, r *http.Request, h http.Handler) {
			io.CopyN(io.Discard, r.Body, 1<<20)
			cancel()
			faultproxy.Hang(w, r, h)
		}})
		if err := tryPut(ctx, s, "new", content); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		clear(content)
	})
}
