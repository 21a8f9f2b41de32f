package ec2query

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"
)

// ErrAccess says that EC2 is not accessible: the endpoint cannot be reached, or it does not accept the credentials,
// this machine's clock, or what they are to do.
var ErrAccess = errors.New("EC2 is not accessible")

// An accessError is an error that is ErrAccess, too.
type accessError struct{ error }

// Unwrap returns what happened.
func (e accessError) Unwrap() error { return e.error }

// Is reports that it is ErrAccess.
func (e accessError) Is(target error) bool { return target == ErrAccess }

// unreachable marks the errors of connections that could not be made.
func unreachable(err error) error {
	op, ok := errors.AsType[*net.OpError](err)
	if ok && op.Op == "dial" || isError[*net.DNSError](err) || isError[*tls.CertificateVerificationError](err) ||
		isError[tls.RecordHeaderError](err) || errors.Is(err, http.ErrSchemeMismatch) {
		return accessError{err}
	}
	return err
}

func isError[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

// deniesAccess reports whether the refusal is about who asks rather than what is asked for. AuthFailure is both: the
// image of another account has it too.
func (e *Error) deniesAccess() bool {
	switch e.Code {
	case "AuthFailure":
		return strings.Contains(e.Message, "credentials")
	case "UnauthorizedOperation", "InvalidClientTokenId", "SignatureDoesNotMatch", "IncompleteSignature",
		"MissingAuthenticationToken", "MissingAuthenticationTokenException", "UnrecognizedClientException",
		"ExpiredToken", "ExpiredTokenException", "RequestExpired", "OptInRequired", "PendingVerification", "Blocked":
		return true
	}
	return false
}
