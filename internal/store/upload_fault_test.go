package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"amiforge/bundle"
	"amiforge/internal/faultproxy"
	"amiforge/internal/miniotest"
	"amiforge/internal/store"
)

// A line is a bucket behind a proxy.
type line struct {
	loc            store.Location
	cfg, cfgAround store.Config // through the proxy, and not
	*faultproxy.Proxy
}

func newLine(t *testing.T) *line {
	t.Helper()
	loc, cfg := bucket(t)
	l := &line{loc: loc, cfgAround: cfg, Proxy: faultproxy.New(t, miniotest.Start(t).Endpoint)}
	cfg.Endpoint = l.URL
	l.cfg = store.Hurried(cfg)
	return l
}

// The requests of an upload, as rules.
func onBegin(f faultproxy.Fault) faultproxy.Rule {
	return faultproxy.Rule{Method: http.MethodPost, Fault: f}
}

func onPart(skip int, f faultproxy.Fault) faultproxy.Rule {
	return faultproxy.Rule{Method: http.MethodPut, Skip: skip, Fault: f}
}

// onComplete is for after the upload has begun.
func onComplete(f faultproxy.Fault) faultproxy.Rule {
	return faultproxy.Rule{Method: http.MethodPost, Fault: only("uploadId", f)}
}

// only passes requests without the parameter.
func only(parameter string, f faultproxy.Fault) faultproxy.Fault {
	return func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		if !r.URL.Query().Has(parameter) {
			pass.ServeHTTP(w, r)
			return
		}
		f(w, r, pass)
	}
}

func always(r faultproxy.Rule) faultproxy.Rule { r.Times = faultproxy.Always; return r }

// close ends the upload and checks that nothing of it is left but content, in the bucket or here.
func (l *line) close(t *testing.T, u *store.Upload, content []byte) {
	t.Helper()
	if err := u.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if n := goroutines(t); n > 0 {
		t.Errorf("%d goroutines are left", n)
	}
	expect(t, l.loc, l.cfgAround, content)
}

func TestUploadSurvivesTemporaryFaults(t *testing.T) {
	faults := map[string]faultproxy.Fault{
		"503":         faultproxy.SlowDown,
		"500":         faultproxy.Answer(500, "InternalError", "We encountered an internal error."),
		"200 and 500": faultproxy.Answer(200, "InternalError", "We encountered an internal error."),
		"reset":       faultproxy.Refuse,
		"request cut": faultproxy.CutRequest(1 << 20),
		"answer lost": faultproxy.DropResponse,
		"answer cut":  faultproxy.CutResponse(40),
	}
	content := noise(13*mib + 1) // of three parts
	for name, fault := range faults {
		rules := map[string]faultproxy.Rule{"part": onPart(1, fault), "last part": onPart(2, fault)}
		if name != "answer lost" && name != "answer cut" { // the server then has an upload that nobody knows
			rules["begin"] = onBegin(fault)
		}
		rules["complete"] = faultproxy.Rule{Method: http.MethodPost, Skip: 1, Fault: fault}
		if name == "200 and 500" {
			delete(rules, "begin")
			delete(rules, "part")
			delete(rules, "last part")
		}
		for at, rule := range rules {
			for _, replace := range []bool{false, true} {
				if replace && at != "complete" {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/%v", name, at, replace), func(t *testing.T) {
					l := newLine(t)
					if replace { // by an object of the same size
						put(t, open(t, l.loc, l.cfgAround), "disk.vhd", make([]byte, len(content)))
					}
					l.Add(rule)
					u := upload(t, t.Context(), l.loc, l.cfg, store.UploadOptions{Size: -1, Head: 512, Replace: replace})
					if err := send(u, content, 512); err != nil {
						t.Fatal(err)
					}
					l.close(t, u, content)
				})
			}
		}
	}
}

func TestUploadEndsOfLastingFaults(t *testing.T) {
	denied := faultproxy.Answer(403, "AccessDenied", "Access Denied.")
	tests := map[string]struct {
		rule   faultproxy.Rule
		status int
		op     string
	}{
		"503 at the begin":    {always(onBegin(faultproxy.SlowDown)), 503, "begin upload"},
		"403 at the begin":    {always(onBegin(denied)), 403, "begin upload"},
		"503 of a part":       {always(onPart(2, faultproxy.SlowDown)), 503, "put part"},
		"403 of a part":       {always(onPart(2, denied)), 403, "put part"},
		"403 once":            {onPart(2, denied), 403, "put part"},
		"404 of a part":       {onPart(1, faultproxy.Answer(404, "NoSuchUpload", "Ended.")), 404, "put part"},
		"503 at completion":   {always(onComplete(faultproxy.SlowDown)), 503, "complete upload"},
		"403 at completion":   {always(onComplete(denied)), 403, "complete upload"},
		"404 at completion":   {always(onComplete(faultproxy.Answer(404, "NoSuchUpload", "Ended."))), 404, "complete upload"},
		"200 that is none":    {always(onComplete(faultproxy.Answer(200, "InternalError", "Sorry."))), 200, "complete upload"},
		"connection is reset": {always(onPart(2, faultproxy.Refuse)), 0, "put part"},
	}
	content := noise(40 * mib)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l := newLine(t)
			l.cfg.Retries = 3
			l.Add(test.rule)
			u := upload(t, t.Context(), l.loc, l.cfg, store.UploadOptions{Size: -1})
			err := send(u, content, 0)
			e, ok := errors.AsType[*store.Error](err)
			if !ok || e.Status != test.status || !strings.HasPrefix(e.Op, test.op) {
				t.Fatalf("got %v, want %d of %s", err, test.status, test.op)
			}
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) != (test.status == 403) {
				t.Errorf("%v has the wrong causes", err)
			}
			if again := u.Zero(40*mib, 1); again != err {
				t.Errorf("then %v", again)
			}
			if n := l.Requests(http.MethodPut, ""); n > 5+3*3 {
				t.Errorf("%d parts were sent in all", n)
			}
			l.close(t, u, nil)
		})
	}
}

// What another program puts while the answer is lost is not taken for what was sent.
func TestUploadIsOvertaken(t *testing.T) {
	content, other := noise(9*mib), bytes.Repeat([]byte("x"), 9*mib)
	for _, replace := range []bool{false, true} {
		t.Run(fmt.Sprint(replace), func(t *testing.T) {
			l := newLine(t)
			around := open(t, l.loc, l.cfgAround)
			l.Add(faultproxy.Rule{Method: http.MethodPost, Skip: 1, Fault: func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
				pass.ServeHTTP(httptest.NewRecorder(), r)
				if err := tryPut(r.Context(), around, "disk.vhd", other); err != nil {
					t.Error(err)
				}
				faultproxy.Refuse(w, r, pass)
			}})
			u := upload(t, t.Context(), l.loc, l.cfg, store.UploadOptions{Size: -1, Replace: replace})
			err := send(u, content, 0)
			if err == nil || errors.Is(err, fs.ErrExist) == replace {
				t.Errorf("got %v", err)
			}
			l.close(t, u, other)
		})
	}
}

// An object that is not what was sent, although all went well, is told of.
func TestUploadIsCompared(t *testing.T) {
	content := noise(9 * mib)
	tests := map[string][]byte{
		"the object has 3 bytes":   []byte("xyz"),
		"the object has CRC-64/NV": bytes.Repeat([]byte("x"), len(content)),
	}
	for want, other := range tests {
		t.Run(want, func(t *testing.T) {
			l := newLine(t)
			second := upload(t, t.Context(), l.loc, l.cfgAround, store.UploadOptions{Size: -1, Replace: true})
			l.Add(faultproxy.Rule{Method: http.MethodPost, Skip: 1, Fault: func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
				answer := httptest.NewRecorder()
				pass.ServeHTTP(answer, r)
				if err := errors.Join(send(second, other, 0), second.Close()); err != nil {
					t.Error(err)
				}
				w.Write(answer.Body.Bytes())
			}})
			u := upload(t, t.Context(), l.loc, l.cfg, store.UploadOptions{Size: -1})
			if err := send(u, content, 0); !errors.Is(err, bundle.ErrVerify) || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want bundle.ErrVerify", err)
			}
			l.close(t, u, other)
		})
	}
}

func TestUploadChangedOnTheWay(t *testing.T) {
	flip := func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		r.Body = io.NopCloser(&flipper{r: r.Body, at: 5000})
		pass.ServeHTTP(w, r)
	}
	lines := map[string]func(*line){"CRC": func(*line) {}, "MD5": func(l *line) { l.Add(always(onBegin(noChecksums))) }}
	for name, prepare := range lines {
		t.Run(name, func(t *testing.T) {
			l := newLine(t)
			prepare(l)
			l.Add(onPart(1, flip))
			u := upload(t, t.Context(), l.loc, l.cfg, store.UploadOptions{Size: -1})
			if err := send(u, noise(21*mib), 0); !errors.Is(err, bundle.ErrVerify) {
				t.Errorf("got %v, want bundle.ErrVerify", err)
			}
			l.close(t, u, nil)
		})
	}
}

// noChecksums refuses uploads with a checksum, as a server does that does not know the algorithm.
func noChecksums(w http.ResponseWriter, r *http.Request, pass http.Handler) {
	if r.Header.Get("X-Amz-Checksum-Algorithm") != "" {
		faultproxy.Answer(400, "InvalidRequest", "Checksum algorithm provided is unsupported.")(w, r, pass)
		return
	}
	pass.ServeHTTP(w, r)
}

func TestUploadToServerWithoutChecksums(t *testing.T) {
	tests := map[string]faultproxy.Fault{
		"refuses them":    noChecksums,
		"does not agree":  faultproxy.DropHeader("X-Amz-Checksum-Algorithm"),
		"knows not of it": faultproxy.Answer(501, "NotImplemented", "A header implies functionality that is not implemented."),
	}
	content := noise(4 * 8 * mib)
	for name, fault := range tests {
		t.Run(name, func(t *testing.T) {
			l := newLine(t)
			l.Add(onBegin(fault))
			var withMD5, withCRC atomic.Int32
			l.Add(always(onPart(0, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
				if r.Header.Get("Content-Md5") != "" {
					withMD5.Add(1)
				}
				if r.Header.Get("X-Amz-Checksum-Crc64nvme") != "" {
					withCRC.Add(1)
				}
				pass.ServeHTTP(w, r)
			})))
			u := upload(t, t.Context(), l.loc, l.cfg, store.UploadOptions{Size: -1})
			if err := send(u, content, 0); err != nil {
				t.Fatal(err)
			}
			if withMD5.Load() != 4 || withCRC.Load() != 0 {
				t.Errorf("%d parts have an MD5 and %d a CRC, want 4 and 0", withMD5.Load(), withCRC.Load())
			}
			l.close(t, u, content)
		})
	}
}

func TestUploadIsCancelled(t *testing.T) {
	cause := errors.New("the user has had enough")
	content := noise(40 * mib)
	// The server does what it was asked for, and the client may not notice any more.
	pass := func(w http.ResponseWriter, r *http.Request, pass http.Handler) { pass.ServeHTTP(w, r) }
	tests := map[string]struct {
		rule func(faultproxy.Fault) faultproxy.Rule
		then faultproxy.Fault
	}{
		"at the begin":    {onBegin, pass},
		"at the first":    {func(f faultproxy.Fault) faultproxy.Rule { return onPart(0, f) }, faultproxy.Hang},
		"in the middle":   {func(f faultproxy.Fault) faultproxy.Rule { return onPart(3, f) }, faultproxy.Hang},
		"between retries": {func(f faultproxy.Fault) faultproxy.Rule { return onPart(3, f) }, faultproxy.SlowDown},
		"after a part":    {func(f faultproxy.Fault) faultproxy.Rule { return onPart(3, f) }, pass},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l := newLine(t)
			ctx, cancel := context.WithCancelCause(t.Context())
			l.Add(test.rule(func(w http.ResponseWriter, r *http.Request, h http.Handler) {
				cancel(cause)
				test.then(w, r, h)
			}))
			u := upload(t, ctx, l.loc, l.cfg, store.UploadOptions{Size: -1, Head: 512})
			if err := send(u, content, 512); !errors.Is(err, cause) || !strings.HasPrefix(err.Error(), u.String()) {
				t.Errorf("got %v, want %v", err, cause)
			}
			l.close(t, u, nil)
		})
	}
}

// What was cancelled when the server already makes the object is committed, if its answer comes soon.
func TestUploadIsCancelledTooLate(t *testing.T) {
	content := noise(9 * mib)
	l := newLine(t)
	ctx, cancel := context.WithCancel(t.Context())
	l.Add(faultproxy.Rule{Method: http.MethodPost, Skip: 1, Fault: func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		cancel()
		pass.ServeHTTP(w, r)
	}})
	u := upload(t, ctx, l.loc, l.cfg, store.UploadOptions{Size: -1})
	if err := send(u, content, 0); err != nil {
		t.Error(err)
	}
	l.close(t, u, content)
}

func TestUploadIsCancelledAndHangs(t *testing.T) {
	cause := errors.New("the user has had enough")
	for name, skip := range map[string]int{"at the begin": 0, "at completion": 1} {
		t.Run(name, func(t *testing.T) {
			l := newLine(t)
			ctx, cancel := context.WithCancelCause(t.Context())
			l.Add(faultproxy.Rule{Method: http.MethodPost, Skip: skip, Fault: func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
				cancel(cause)
				faultproxy.Hang(w, r, pass)
			}})
			u := upload(t, ctx, l.loc, store.Grace(l.cfg, 50*time.Millisecond), store.UploadOptions{Size: -1})
			if err := send(u, noise(9*mib), 0); !errors.Is(err, cause) {
				t.Errorf("got %v, want %v", err, cause)
			}
			l.close(t, u, nil)
		})
	}
}

// What was cancelled, and is found to be there all the same, is committed; what may be there, or not, is said to be.
func TestUploadIsCancelledAndUnheard(t *testing.T) {
	cause := errors.New("the user has had enough")
	denied := faultproxy.Answer(403, "AccessDenied", "Access Denied.")
	content := noise(9 * mib)
	for name, rules := range map[string][]faultproxy.Rule{
		"it can look":    nil,
		"it cannot look": {always(faultproxy.Rule{Method: http.MethodHead, Skip: 1, Fault: denied})},
		"it cannot remove": {
			always(faultproxy.Rule{Method: http.MethodDelete, Fault: denied}),
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLine(t)
			for _, r := range rules {
				l.Add(r)
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			l.Add(faultproxy.Rule{Method: http.MethodPost, Skip: 1, Fault: func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
				pass.ServeHTTP(httptest.NewRecorder(), r)
				cancel(cause)
				faultproxy.Hang(w, r, pass)
			}})
			u := upload(t, ctx, l.loc, store.Grace(l.cfg, 50*time.Millisecond), store.UploadOptions{Size: -1})
			err := send(u, content, 0)
			if known := name != "it cannot look"; known != (err == nil) || !known && !(errors.Is(err, cause) && errors.Is(err, store.ErrUnknown)) {
				t.Errorf("got %v", err)
			}
			l.close(t, u, content)
		})
	}
}

// An upload that cannot be removed is named, and Close can try again.
func TestUploadThatStays(t *testing.T) {
	l := newLine(t)
	l.Add(faultproxy.Rule{Method: http.MethodDelete, Fault: faultproxy.Answer(403, "AccessDenied", "Access Denied.")})
	u := upload(t, t.Context(), l.loc, l.cfg, store.UploadOptions{Size: -1})
	if err := write(u, noise(20*mib), 0); err != nil {
		t.Fatal(err)
	}
	for l.Requests(http.MethodPut, "") == 0 && t.Context().Err() == nil { // it begins beside the writing
		runtime.Gosched()
	}
	err := u.Close()
	ids := uploads(t, l.loc)
	if len(ids) != 1 || !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), ids[0]) {
		t.Errorf("got %v, uploads %q", err, ids)
	}
	l.close(t, u, nil)
}

// A part that arrived twice is in the object once.
func TestUploadPartIsSentTwice(t *testing.T) {
	l := newLine(t)
	l.Add(faultproxy.Rule{Method: http.MethodPut, Times: 3, Fault: faultproxy.DropResponse})
	content := noise(17 * mib)
	u := upload(t, t.Context(), l.loc, l.cfg, store.UploadOptions{Size: 17 * mib})
	if err := send(u, content, 0); err != nil {
		t.Fatal(err)
	}
	if n := l.Requests(http.MethodPut, ""); n != 6 {
		t.Errorf("%d parts were sent, want 6", n)
	}
	l.close(t, u, content)
	found, err := core(t).StatObject(t.Context(), l.loc.Bucket, l.loc.Prefix+"/disk.vhd", minio.StatObjectOptions{})
	if err != nil || !strings.HasSuffix(found.ETag, "-3") {
		t.Errorf("ETag %q, %v; want three parts", found.ETag, err)
	}
}

// An upload of which the client was not told stays, without a part, and does not matter.
func TestUploadBeginsTwice(t *testing.T) {
	l := newLine(t)
	l.Add(onBegin(faultproxy.DropResponse))
	content := noise(9 * mib)
	u := upload(t, t.Context(), l.loc, l.cfg, store.UploadOptions{Size: -1})
	if err := send(u, content, 0); err != nil {
		t.Fatal(err)
	}
	ids := uploads(t, l.loc)
	if len(ids) != 1 {
		t.Fatalf("uploads %q, want one", ids)
	}
	key := l.loc.Prefix + "/disk.vhd"
	found, err := core(t).ListObjectParts(t.Context(), l.loc.Bucket, key, ids[0], 0, 10)
	if err != nil || len(found.ObjectParts) != 0 {
		t.Errorf("it has parts %v, %v", found.ObjectParts, err)
	}
	if err := core(t).AbortMultipartUpload(t.Context(), l.loc.Bucket, key, ids[0]); err != nil {
		t.Error(err)
	}
	l.close(t, u, content)
}
