package ec2query

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io/fs"
	"net/http"
)

// DryRunOperation is the code of the error that says that a request with DryRun would have succeeded.
const DryRunOperation = "DryRunOperation"

// An Error is an endpoint's refusal.
type Error struct {
	Code      string // empty where the endpoint did not answer as EC2 does
	Message   string
	RequestID string
	Status    int // of HTTP
}

// Error returns the code and the message, or the HTTP status where there is no code.
func (e *Error) Error() string {
	if e.Code == "" {
		return fmt.Sprintf("the endpoint answered %d %s", e.Status, http.StatusText(e.Status))
	}
	return e.Code + ": " + e.Message
}

// ErrorCode returns the code, for those who do not know this package.
func (e *Error) ErrorCode() string { return e.Code }

// HTTPStatusCode returns the status, for those who do not know this package.
func (e *Error) HTTPStatusCode() int { return e.Status }

// Is reports that an unknown image is fs.ErrNotExist, a refused caller fs.ErrPermission, and one who may do nothing
// of the kind ErrAccess.
func (e *Error) Is(target error) bool {
	if target == ErrAccess {
		return e.deniesAccess()
	}
	switch e.Code {
	case "InvalidAMIID.NotFound":
		return target == fs.ErrNotExist
	case "AuthFailure", "UnauthorizedOperation":
		return target == fs.ErrPermission
	}
	return false
}

// errorDocument is <Response><Errors><Error>…, the one answer with capitals.
type errorDocument struct {
	XMLName   xml.Name     `xml:"Response"`
	Errors    []errorEntry `xml:"Errors>Error"`
	RequestID string       `xml:"RequestID"`
}

type errorEntry struct{ Code, Message string }

// EncodeError returns the body of the answer with which a server refuses. It is sent with e.Status.
func EncodeError(e *Error) ([]byte, error) {
	doc := errorDocument{Errors: []errorEntry{{e.Code, e.Message}}, RequestID: e.RequestID}
	body, err := xml.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("encode error %s: %w", e.Code, err)
	}
	return bytes.Join([][]byte{[]byte(xml.Header), body, []byte("\n")}, nil), nil
}

// DecodeError returns what an endpoint said with a status that is not 200. A body that is not EC2's leaves an error
// with the status alone.
func DecodeError(status int, body []byte) *Error {
	var doc errorDocument
	err := xml.NewTokenDecoder(newTokens(body)).Decode(&doc)
	if err != nil || len(doc.Errors) == 0 {
		return &Error{Status: status}
	}
	first := doc.Errors[0]
	return &Error{Code: first.Code, Message: first.Message, RequestID: doc.RequestID, Status: status}
}
