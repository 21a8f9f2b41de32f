package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"amiforge/internal/registry"
)

// Result prints what the command is for, on standard output: text and a newline (an empty text prints nothing),
// or v as one JSON object under --json. A command calls it last, and under --json once.
func (e *Env) Result(text string, v any) error {
	if e.JSON {
		return e.printJSON(v)
	}
	if text == "" {
		return nil
	}
	return e.print(text + "\n")
}

func (e *Env) printJSON(v any) error {
	if e.hasResult {
		panic("cli: a second JSON object on standard output")
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // locations and server messages hold & and <, and this is no web page
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("result as JSON: %w", err)
	}
	e.hasResult = true
	return e.print(b.String())
}

func (e *Env) print(text string) error {
	if _, err := io.WriteString(e.Stdout, text); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	return nil
}

// A coded error carries the code that EC2 gives the same mistake, such as InvalidAMIID.NotFound.
type coded interface {
	error
	ErrorCode() string
}

// A detailed error has more to say under --json: Detail returns the object with what it adds.
type detailed interface {
	error
	Detail(o ErrorObject) any
}

// An ErrorObject is how an error looks under --json.
type ErrorObject struct {
	Message string `json:"message"`
	Status  int    `json:"status"`
	Code    string `json:"code,omitempty"`

	ImageIDs []string `json:"imageIds,omitempty"` // that it is about, such as the one that has the name
}

// report tells the user how the command failed, if it did: a line for each of several joined errors, and
// under --json an object on standard output as well.
func (e *Env) report(err error) {
	if err == nil || errors.Is(err, errHelped) || errors.Is(err, errStdoutClosed) {
		return
	}
	e.message(err.Error())
	if isUsage(err) {
		e.message("run " + e.Name + " --help")
	}
	if e.JSON && !e.hasResult {
		// The status says that the command failed; that standard output did too changes nothing.
		_ = e.printJSON(map[string]any{"error": describe(err)})
	}
}

func describe(err error) any {
	o := ErrorObject{Message: err.Error(), Status: Status(err)}
	if c, ok := errors.AsType[coded](err); ok {
		o.Code = c.ErrorCode()
	}
	if refusal, ok := errors.AsType[*registry.Error](err); ok {
		o.ImageIDs = refusal.IDs
	}
	if d, ok := errors.AsType[detailed](err); ok {
		return d.Detail(o)
	}
	return o
}
