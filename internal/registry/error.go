package registry

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// A Code is an error code of the EC2 API.
type Code string

// The codes of this package's errors, with EC2's meaning.
const (
	NameDuplicate  Code = "InvalidAMIName.Duplicate" // the name is taken in its owner's region
	NameMalformed  Code = "InvalidAMIName.Malformed"
	IDMalformed    Code = "InvalidAMIID.Malformed"
	IDNotFound     Code = "InvalidAMIID.NotFound"    // also fs.ErrNotExist
	IDUnavailable  Code = "InvalidAMIID.Unavailable" // deregistered already
	AuthFailure    Code = "AuthFailure"              // the image is another account's
	ParameterValue Code = "InvalidParameterValue"
	NoParameter    Code = "MissingParameter"
	TagLimit       Code = "TagLimitExceeded"
	NotPermitted   Code = "OperationNotPermitted"        // a rule or a protection forbids it, to the owner too
	ItemValue      Code = "InvalidAMIAttributeItemValue" // no such grantee
	ResourceLimit  Code = "ResourceLimitExceeded"
	InvalidRequest Code = "InvalidRequest"
	Unsupported    Code = "UnsupportedOperation"  // by this engine
	Unauthorized   Code = "UnauthorizedOperation" // to the caller, whatever the image

	// DryRunOperation says that a request would have succeeded, see Options.
	DryRunOperation Code = "DryRunOperation"
)

// ErrDryRun is what a dry run ends with where nothing would have been refused.
var ErrDryRun error = &Error{Code: DryRunOperation, Message: "Request would have succeeded, but DryRun flag is set."}

// An Error is a refusal that EC2 has a code for. Code and Message are as EC2 gives them.
type Error struct {
	Code    Code
	Message string
	IDs     []string // of the images concerned: a name's holder, the unknown ones
}

// Error returns the code and the message.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// ErrorCode returns the code as text, for those who do not know this package.
func (e *Error) ErrorCode() string { return string(e.Code) }

// Is reports that an unknown image is fs.ErrNotExist.
func (e *Error) Is(target error) bool { return target == fs.ErrNotExist && e.Code == IDNotFound }

// HasCode reports whether err is a refusal with one of the codes.
func HasCode(err error, codes ...Code) bool {
	refusal, ok := errors.AsType[*Error](err)
	return ok && slices.Contains(codes, refusal.Code)
}

func duplicate(name, holder string) error {
	message := fmt.Sprintf("AMI name %s is already in use by AMI %s", name, holder)
	return &Error{Code: NameDuplicate, Message: message, IDs: []string{holder}}
}

// notExisting is EC2's message about an ID.
const notExisting = "The image id '[%s]' does not exist"

func notFound(ids ...string) error {
	format := notExisting
	if len(ids) > 1 {
		format = "The image ids '[%s]' do not exist"
	}
	return &Error{Code: IDNotFound, Message: fmt.Sprintf(format, strings.Join(ids, ", ")), IDs: ids}
}

// unavailable says that an image is not in a state to be used so. EC2's message, which is meant for one that is
// gone, is followed by what another one is.
func (m Image) unavailable() error {
	message := fmt.Sprintf("The image id '[%s]' is no longer available", m.ID)
	if m.State != Deregistered && m.State != "" {
		message += fmt.Sprintf(": it is %s", m.State)
	}
	return &Error{Code: IDUnavailable, Message: message, IDs: []string{m.ID}}
}

func notPermitted(id, message string) error {
	return &Error{Code: NotPermitted, Message: message, IDs: []string{id}}
}

func invalid(parameter, value, rule string) error {
	message := fmt.Sprintf("Value (%q) for parameter %s is invalid. %s", value, parameter, rule)
	return &Error{Code: ParameterValue, Message: message}
}

func missing(parameter string) error {
	message := fmt.Sprintf("The request must contain the parameter %s", parameter)
	return &Error{Code: NoParameter, Message: message}
}
