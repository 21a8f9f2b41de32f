package manifest

import (
	"errors"
	"fmt"
)

var (
	// ErrUnsigned is what Verify returns for a manifest without a signature.
	ErrUnsigned = errors.New("manifest is not signed")

	// ErrSignature is what Verify returns where the signature is not that of the manifest and the key: one
	// of them is another's, or the manifest was changed.
	ErrSignature = errors.New("signature does not match the manifest and this key")

	// ErrKey is what Unwrap and Decrypt return for a private key that does not open the content key.
	ErrKey = errors.New("private key does not open this bundle")
)

// An Error says which element of a manifest is wrong, and how.
type Error struct {
	// Element is the path of the element under the root, such as image/parts/part[3]/filename, or of an
	// attribute, image/parts/@count. Positions count from 0 in the order of the document. It is "manifest"
	// where the document as a whole is wrong.
	Element string
	Err     error
}

func (e *Error) Error() string { return e.Element + ": " + e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// within says that err, if any, happened in element.
func within(element string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := err.(*Error); ok {
		return &Error{element + "/" + e.Element, e.Err}
	}
	return &Error{element, err}
}

// faultf is an Error of element.
func faultf(element, format string, args ...any) error {
	return &Error{element, fmt.Errorf(format, args...)}
}
