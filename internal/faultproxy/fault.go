package faultproxy

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"time"
)

// A Fault handles a request in place of pass, which is the server. A test may write its own.
type Fault func(w http.ResponseWriter, r *http.Request, pass http.Handler)

// SlowDown answers 503 SlowDown, as S3 does under load, and does not ask the server.
func SlowDown(w http.ResponseWriter, r *http.Request, pass http.Handler) {
	Answer(http.StatusServiceUnavailable, "SlowDown", "Please reduce your request rate.")(w, r, pass)
}

// Answer returns a fault that answers with an S3 error document and does not ask the server.
func Answer(status int, code, message string) Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		if r.Method != http.MethodHead {
			fmt.Fprintf(w, "%s<Error><Code>%s</Code><Message>%s</Message></Error>", xml.Header, code, message)
		}
	}
}

// Refuse resets the connection before the server hears of the request.
func Refuse(w http.ResponseWriter, _ *http.Request, _ http.Handler) { reset(w) }

// CutRequest returns a fault that reads n bytes of the request's body and resets the connection; the server
// hears nothing of it.
func CutRequest(n int64) Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		io.CopyN(io.Discard, r.Body, n)
		reset(w)
	}
}

// CutResponse returns a fault that passes the request on and resets the connection after the header and the
// first n bytes of the answer's body. Of many bytes fewer arrive, if the client is slow to read: a reset drops
// what has not left. EndResponse is for tests that count them.
func CutResponse(n int64) Fault {
	return func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler { // pass panics so when a Write fails
				panic(p)
			}
			reset(w)
		}()
		pass.ServeHTTP(&cutter{w, n}, r)
	}
}

// EndResponse returns a fault that passes the request on and closes the connection in order after the header and
// the first n bytes of the answer's body, all of which arrive.
func EndResponse(n int64) Fault {
	return func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		pass.ServeHTTP(&cutter{w, n}, r)
		panic(http.ErrAbortHandler) // net/http then closes the connection
	}
}

// DropResponse lets the server do the work and then resets the connection without an answer.
func DropResponse(_ http.ResponseWriter, r *http.Request, pass http.Handler) {
	pass.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler) // net/http then closes the connection
}

// Delay returns a fault that waits, then passes the request on, unless the client has gone.
func Delay(d time.Duration) Fault {
	return func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		wait := time.NewTimer(d)
		defer wait.Stop()
		select {
		case <-wait.C:
			pass.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	}
}

// Hang never answers, until the client has gone.
func Hang(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
	io.Copy(io.Discard, r.Body) // net/http notices that the client goes once the body is read
	<-r.Context().Done()
}

// DropHeader returns a fault that takes a header out of the server's answer.
func DropHeader(name string) Fault {
	return func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		pass.ServeHTTP(&dropper{w, name}, r)
	}
}

type dropper struct {
	http.ResponseWriter
	name string
}

func (d *dropper) Unwrap() http.ResponseWriter { return d.ResponseWriter }

func (d *dropper) WriteHeader(status int) {
	d.Header().Del(d.name)
	d.ResponseWriter.WriteHeader(status)
}

var errCut = errors.New("faultproxy: cut")

// A cutter fails with errCut when n bytes of the body are written.
type cutter struct {
	http.ResponseWriter
	n int64
}

func (c *cutter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *cutter) Write(b []byte) (int, error) {
	if int64(len(b)) < c.n {
		c.n -= int64(len(b))
		return c.ResponseWriter.Write(b)
	}
	n, _ := c.ResponseWriter.Write(b[:c.n])
	c.n = 0
	http.NewResponseController(c.ResponseWriter).Flush()
	return n, errCut
}

// reset closes the connection in a way that the client sees as "connection reset by peer".
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}
