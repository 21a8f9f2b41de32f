package store

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// newTransport returns a transport on which nothing waits for ever: dialling and the TLS handshake may take
// ten seconds each, and a connection on which no byte moves for idle is dead. HTTP/2 stays off, as one
// stalled stream would not show.
func newTransport(cfg Config) (http.RoundTripper, error) {
	roots, err := certificates(cfg.Getenv("AWS_CA_BUNDLE"))
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &recorder{&http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &idleConn{conn, cfg.pace.idle}, nil
		},
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       15 * time.Second, // S3 closes after some 20 s
		MaxIdleConnsPerHost:   64,
		DisableCompression:    true, // objects come as they are
		WriteBufferSize:       64 << 10,
		ReadBufferSize:        64 << 10,
	}}, nil
}

// certificates reads the authorities to trust in place of the system's; nil means those.
func certificates(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("AWS_CA_BUNDLE: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("AWS_CA_BUNDLE: no certificate in %s", path)
	}
	return pool, nil
}

// An idleConn puts off its deadline whenever a byte is to move, in either direction: a reply may be waited
// for as long as the request is still being sent.
type idleConn struct {
	net.Conn
	idle time.Duration
}

func (c *idleConn) Read(b []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(c.idle)); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

func (c *idleConn) Write(b []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(c.idle)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// An answer is what a recorder saw of a request: minio-go drops the types of errors and most headers.
type answer struct {
	err    error       // the transport's
	date   time.Time   // the server's clock; zero if it did not say
	header http.Header // nil if there was no answer
	body   *trackBody  // what was sent; nil if nothing
}

// settle waits until the transport has let go of the body of the request made with ctx. It may still read it
// when the request has failed, and the bytes are the caller's.
func settle(ctx context.Context) {
	if a, ok := ctx.Value(answerKey{}).(*answer); ok && a.body != nil {
		<-a.body.closed
	}
}

// heard returns the header of the answer to the request made with ctx.
func heard(ctx context.Context) http.Header {
	if a, ok := ctx.Value(answerKey{}).(*answer); ok {
		return a.header
	}
	return nil
}

// A trackBody tells when nobody reads it any more.
type trackBody struct {
	mu     sync.Mutex // held while reading, so that a Close waits for it
	body   io.ReadCloser
	once   sync.Once
	closed chan struct{}
}

func (t *trackBody) Read(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-t.closed:
		return 0, http.ErrBodyReadAfterClose
	default:
		return t.body.Read(b)
	}
}

func (t *trackBody) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.once.Do(func() { close(t.closed) })
	return t.body.Close()
}

type answerKey struct{}

// A recorder notes the outcome of each request in the answer that its context carries.
type recorder struct{ next http.RoundTripper }

// expectAbove is the size of the bodies, in bytes, that are sent only once the server agrees. It then can
// refuse (403, 503) before it is sent 10 MiB that it would not read, and its reason is not lost in the reset
// of the connection that follows.
const expectAbove = 1 << 20

// RoundTrip sends one request.
func (t *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	a, ok := req.Context().Value(answerKey{}).(*answer)
	if !ok { // of a credentials provider
		return t.next.RoundTrip(req)
	}
	if req.Body != nil {
		a.body = &trackBody{body: req.Body, closed: make(chan struct{})}
		req = req.Clone(req.Context())
		req.Body = a.body
		if req.ContentLength > expectAbove {
			req.Header.Set("Expect", "100-continue")
		}
	}
	resp, err := t.next.RoundTrip(req)
	a.err = err
	if err == nil {
		a.header = resp.Header
		a.date, _ = http.ParseTime(resp.Header.Get("Date"))
	}
	return resp, err
}
