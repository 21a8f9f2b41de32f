// Package ec2query speaks the EC2 query protocol for images: it writes and reads the requests and the answers of
// the image actions, in both directions, and has a client for an EC2 endpoint.
//
// A request is a form: flat names, lists counted from 1 (Filter.1.Value.2). An answer is XML: the same names in
// lower camel case, lists as item elements. One field tag gives both names:
//
//	`ec2:"ImageId"`       ImageId and imageId
//	`ec2:"Tag,tagSet"`    Tag and tagSet
//	`ec2:"Value,,always"` written even where it is empty
//
// A field is a string, bool, int64 or time.Time, a pointer to one of them where absent is not empty, a struct or a
// pointer to one, or a slice of such. A nil slice is absent and an empty one is an empty list.
//
// Reading is strict. Requests with unknown, repeated or malformed parameters are refused; answers may have elements
// that are not known here, since EC2 grows, but no repeated ones and neither a DTD nor entities of their own.
package ec2query

// Version is the API version that requests carry. Any is accepted.
const Version = "2016-11-15"

// What is read is bounded before anything is made of it.
const (
	MaxRequestSize  = 4 << 20  // bytes of a request's body
	MaxResponseSize = 64 << 20 // bytes of an answer
	maxParameters   = 1 << 16  // of a request; 10,000 accounts fit
	maxDepth        = 8        // names between the dots of one parameter
	maxItems        = 1 << 18  // of all lists of an answer
)
