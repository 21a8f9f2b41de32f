package pgkeys

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"amiforge/internal/store"
)

// An Error is a statement that failed for good. Its chain has fs.ErrNotExist, fs.ErrExist and store.ErrConflict as
// the method says, fs.ErrPermission for whatever was forbidden, and store.ErrBucket where the database is not
// accessible: not there, not reached, or not this user's. No password is in it.
type Error struct {
	Op       string // get, put, list
	Location string // of the database
	Key      string // or the prefix of a list; may be empty
	Code     string // of the server, its SQLSTATE; empty if the error is not the server's
	Message  string
	Hint     string // what the user can do; may be empty
	Attempts int    // how often it was tried

	temporary bool
	causes    []error
}

// Error returns "postgres://host/db: images/x: get: permission denied for schema amiforge (SQLSTATE 42501)".
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Location + ": ")
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	b.WriteString(e.Op + ": " + e.Message)
	if e.Code != "" {
		fmt.Fprintf(&b, " (SQLSTATE %s)", e.Code)
	}
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

// failure is an error that is not the server's.
func (k *Keys) failure(op, key string, err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Op: op, Location: k.String(), Key: key, Message: err.Error(), causes: []error{err}}
}

// explain makes an Error of what an attempt returned.
func (k *Keys) explain(op, key string, err error) *Error {
	e := k.failure(op, key, err)
	connecting, unconnected := errors.AsType[*pgconn.ConnectError](err)
	if unconnected {
		// What the chain holds beside the words is the configuration, password included.
		e.Message = oneLine(connecting.Unwrap())
		e.causes = []error{store.ErrBucket}
	}
	server, answered := errors.AsType[*pgconn.PgError](err)
	switch {
	case answered:
		e.answered(server)
	case isTrust(err):
		e.Hint = "sslrootcert=FILE can name the certificate of its authority"
	case unconnected:
		e.unreached(err)
	default:
		e.broken(err)
	}
	return e
}

// The SQLSTATEs that mean something here, see https://www.postgresql.org/docs/current/errcodes-appendix.html.
const (
	noDatabase     = "3D000"
	invalidSchema  = "3F000"
	undefinedTable = "42P01"
	noPrivilege    = "42501"
	readOnly       = "25006"
	tooMany        = "53300"
)

// answered explains an error answer.
func (e *Error) answered(server *pgconn.PgError) {
	e.Code, e.Message = server.Code, server.Message
	if !errors.Is(e, store.ErrBucket) {
		e.causes = []error{server}
	}
	e.temporary = isTemporary(server.Code)
	switch {
	case strings.HasPrefix(server.Code, "28"): // invalid authorization
		e.causes = []error{server, store.ErrBucket, fs.ErrPermission}
		e.Hint = "check the user; the password is taken from PGPASSWORD or ~/.pgpass"
	case server.Code == noDatabase:
		e.causes = []error{server, store.ErrBucket}
		e.Hint = "make the database, as with createdb, or check its name"
	case server.Code == noPrivilege:
		e.causes = []error{server, store.ErrBucket, fs.ErrPermission}
		e.Hint = "the owner of schema amiforge can GRANT USAGE on it, and SELECT, INSERT and UPDATE on its tables"
	case server.Code == readOnly:
		e.causes = []error{server, store.ErrBucket, fs.ErrPermission}
		e.Hint = "the server is a standby, or the user's default_transaction_read_only is on"
	case server.Code == tooMany:
		e.causes = []error{server, store.ErrBucket}
	}
}

// isTemporary tells whether the same statement may succeed later.
func isTemporary(code string) bool {
	switch code {
	case "40001", "40P01", // serialization failure, deadlock
		tooMany, "55P03", // no lock
		"57P01", "57P02", "57P03": // shutting down, crashed, starting
		return true
	}
	return strings.HasPrefix(code, "08") // connection exception
}

// isTrust tells whether the server's certificate is not trusted.
func isTrust(err error) bool {
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, host := errors.AsType[x509.HostnameError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	return unknown || host || invalid
}

// unreached explains a connection that could not be made.
func (e *Error) unreached(err error) {
	e.temporary = isBreak(err)
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		e.temporary = true
		e.Message = fmt.Sprintf("cannot reach %v: %v", dial.Addr, dial.Err)
		e.Hint = "check the location, and that the server runs"
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		e.temporary = !dns.IsNotFound
		e.Message = fmt.Sprintf("cannot reach %s: %s", dns.Name, dns.Err)
		e.Hint = "check the host's name"
	}
}

// broken explains a connection that broke.
func (e *Error) broken(err error) {
	e.temporary = isBreak(err)
	switch {
	case !e.temporary:
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded):
		e.Message = "no answer in time"
	case errors.Is(err, io.EOF):
		e.Message = "the server closed the connection"
	default:
		e.Message = "the connection broke: " + oneLine(err)
	}
}

// isBreak tells whether an error is of the connection.
func isBreak(err error) bool {
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, pgconn.ErrConnClosed) || pgconn.SafeToRetry(err) || pgconn.Timeout(err)
}

// oneLine joins the lines of an error, as there is one for each address that was tried.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\t' }), "; ")
}
