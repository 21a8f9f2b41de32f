package registry

import (
	"errors"
	"regexp"

	"amiforge/internal/ec2query"
	"amiforge/internal/store"
)

// idInText finds the images that EC2's messages name.
var idInText = regexp.MustCompile(`\bami-[0-9a-f]+\b`)

// refused returns the error of a request about the images ids as other engines give it: EC2's refusal is an *Error,
// and what keeps EC2 from being used at all is store.ErrBucket.
func refused(err error, ids ...string) error {
	if err == nil {
		return nil
	}
	said := err
	if refusal, ok := errors.AsType[*ec2query.Error](err); ok && refusal.Code != "" {
		said = refusalOf(refusal, ids)
	}
	if errors.Is(err, ec2query.ErrAccess) {
		return accessError{said}
	}
	return said
}

func refusalOf(refusal *ec2query.Error, ids []string) error {
	if refusal.Code == ec2query.DryRunOperation {
		return ErrDryRun
	}
	if named := idInText.FindAllString(refusal.Message, -1); len(named) > 0 {
		ids = named
	}
	return &Error{Code: Code(refusal.Code), Message: refusal.Message, IDs: ids}
}

// An accessError is why EC2 cannot be used: for those who know stores only, it is a bucket that is not accessible.
type accessError struct{ error }

// Unwrap returns what happened.
func (e accessError) Unwrap() error { return e.error }

// Is reports that it is store.ErrBucket.
func (e accessError) Is(target error) bool { return target == store.ErrBucket }

// doubtful reports whether a request may have been carried out though it ended in err.
func doubtful(err error) bool {
	if err == nil || errors.Is(err, ec2query.ErrAccess) {
		return false
	}
	refusal, ok := errors.AsType[*ec2query.Error](err)
	return !ok || refusal.Status >= 500 && refusal.Code != "RequestLimitExceeded"
}

func unsupported(message string) error { return &Error{Code: Unsupported, Message: message} }
