package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"amiforge/bundle"
)

// ErrBucket says that the bucket is not accessible: it does not exist, the endpoint cannot be reached, or the
// server does not accept the keys, this machine's clock, or what they are to do.
var ErrBucket = errors.New("bucket is not accessible")

// An Error is a request that failed for good. Its chain has fs.ErrNotExist for a missing object,
// fs.ErrPermission for whatever was forbidden, ErrBucket, bundle.ErrVerify for content that is not what it was
// said to be, and what broke the connection, as they apply.
type Error struct {
	Op       string // stat, get, put, remove, list; of an Upload also: begin upload, put part 3, and so on
	Location string // of the object, or of the store
	Status   int    // of HTTP; 0 if there was no answer
	Code     string // of S3, such as NoSuchBucket
	Message  string // the server's own, or what went wrong without it
	Hint     string // what the user can do; may be empty
	Attempts int    // how often it was tried

	temporary bool
	region    string // where the server says that the bucket is
	causes    []error
}

// Error returns "s3://b/p/image.part.03: put: 503 SlowDown: Please reduce your request rate (6 attempts)".
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s: ", e.Location, e.Op)
	if e.Status != 0 {
		fmt.Fprintf(&b, "%d %s: ", e.Status, e.Code)
	}
	b.WriteString(strings.TrimSuffix(e.Message, "."))
	if e.Attempts > 1 {
		fmt.Fprintf(&b, " (%d attempts)", e.Attempts)
	}
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

// Unwrap returns what errors.Is can find.
func (e *Error) Unwrap() []error { return e.causes }

// elsewhere returns the region to go to, if the server says that here is the wrong one.
func (e *Error) elsewhere(here string) string {
	switch e.Status {
	case http.StatusMovedPermanently, http.StatusTemporaryRedirect, http.StatusBadRequest:
		if e.region != here {
			return e.region
		}
	}
	return ""
}

// A sourceError is an error in reading what was to be sent: no fault of the connection.
type sourceError struct{ error }

func (e sourceError) Unwrap() error { return e.error }

// location names an object, or with "" the whole store.
func (c *client) location(name string) string {
	if name == "" {
		return c.loc.String()
	}
	return c.loc.Object(name)
}

// failure is an error that no answer of the server explains.
func (c *client) failure(op, name string, err error) *Error {
	return &Error{Op: op, Location: c.location(name), Message: err.Error(), causes: []error{err}}
}

// explain makes an Error of what a request returned.
func (c *client) explain(op, name string, err error, a *answer) *Error {
	if source, ok := errors.AsType[sourceError](err); ok {
		return c.failure(op, name, source.error)
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if r, ok := errors.AsType[minio.ErrorResponse](err); ok && a.err == nil {
		return c.answered(op, name, r, a)
	}
	if a.err != nil {
		err = a.err
	}
	return c.unanswered(op, name, err)
}

// answered explains an error answer.
func (c *client) answered(op, name string, r minio.ErrorResponse, a *answer) *Error {
	e := &Error{
		Op: op, Location: c.location(name), Status: r.StatusCode, Message: r.Error(), region: r.Region,
		// Without a document in the answer minio-go makes the status line the code.
		Code:      strings.TrimPrefix(r.Code, fmt.Sprintf("%d ", r.StatusCode)),
		temporary: isTemporary(r),
	}
	switch {
	case r.Code == minio.NoSuchBucket:
		e.causes = []error{ErrBucket}
	case r.Code == minio.NoSuchUpload: // what is missing is not an object
	case r.StatusCode == http.StatusNotFound:
		e.causes = []error{fs.ErrNotExist}
	case r.StatusCode == http.StatusForbidden || r.StatusCode == http.StatusUnauthorized:
		e.causes = []error{fs.ErrPermission, ErrBucket}
	case isBadToken(r.Code):
		e.causes = []error{fs.ErrPermission, ErrBucket}
	case r.Code == "BadDigest" || r.Code == "XAmzContentChecksumMismatch":
		e.causes = []error{bundle.ErrVerify}
	}
	e.Hint = c.hint(op, r, a)
	return e
}

// isTemporary tells whether the same request may succeed later.
func isTemporary(r minio.ErrorResponse) bool {
	switch r.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	switch r.Code {
	case "RequestTimeout", "SlowDown", "InternalError", "ConditionalRequestConflict", "OperationAborted":
		return true
	}
	return false
}

func isBadToken(code string) bool {
	return code == "ExpiredToken" || code == "InvalidToken" || code == "InvalidTokenId"
}

// hint says what the user can do about an answer.
func (c *client) hint(op string, r minio.ErrorResponse, a *answer) string {
	switch r.Code {
	case minio.NoSuchBucket:
		return fmt.Sprintf("make the bucket, or check its name and the endpoint %s", c.endpoint.Host)
	case minio.NoSuchUpload:
		return "another program, or a lifecycle rule of the bucket, has ended the upload"
	case "SignatureDoesNotMatch":
		return "the secret does not belong to the access key: check AWS_SECRET_ACCESS_KEY"
	case "InvalidAccessKeyId":
		return fmt.Sprintf("check AWS_ACCESS_KEY_ID, and that the endpoint %s is the right one", c.endpoint.Host)
	case "RequestTimeTooSkewed":
		return skew(time.Now(), a.date)
	case "AccessControlListNotSupported":
		return "the bucket has ACLs disabled, as S3 makes all since April 2023: " +
			"set its object ownership to BucketOwnerPreferred, or leave --acl out"
	case minio.AccessDenied:
		if op == "get" || op == "stat" {
			return "S3 says the same of a missing object to those who may not list the bucket"
		}
	}
	if isBadToken(r.Code) {
		return "the session token is not valid any more: get new credentials"
	}
	return ""
}

// skew names both clocks.
func skew(here, there time.Time) string {
	s := "set this machine's clock, it says " + here.UTC().Format(time.RFC3339)
	if !there.IsZero() {
		s += ", the server's " + there.UTC().Format(time.RFC3339)
	}
	return s
}

// unanswered explains a connection that could not be made, or that broke.
func (c *client) unanswered(op, name string, err error) *Error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	e := &Error{Op: op, Location: c.location(name), Message: err.Error(), temporary: true, causes: []error{err}}
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" || isNetError[*net.DNSError](err) {
		e.Message = fmt.Sprintf("cannot reach %s: %v", c.endpoint.Host, dialReason(err, dial))
		e.Hint = "check the endpoint, and that the server runs"
		e.causes = append(e.causes, ErrBucket)
		return e
	}
	switch {
	case isNetError[*tls.CertificateVerificationError](err):
		e.temporary = false
		e.Hint = fmt.Sprintf("%s is not trusted: AWS_CA_BUNDLE can name the file of its authority", c.endpoint.Host)
		e.causes = append(e.causes, ErrBucket)
	case errors.Is(err, http.ErrSchemeMismatch) || isNetError[tls.RecordHeaderError](err):
		e.temporary = false
		e.Hint = "the endpoint does not speak TLS: write http://" + c.endpoint.Host
		e.causes = append(e.causes, ErrBucket)
	case errors.Is(err, io.EOF):
		e.Message = "the server closed the connection"
		e.causes = append(e.causes, io.ErrUnexpectedEOF)
	case errors.Is(err, context.DeadlineExceeded) || isTimeout(err):
		e.Message = "no answer in time: " + err.Error()
	}
	return e
}

// dialReason leaves out what "cannot reach" has said.
func dialReason(err error, dial *net.OpError) error {
	if dial != nil {
		return dial.Err
	}
	return err
}

func isNetError[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

func isTimeout(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}
