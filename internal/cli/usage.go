package cli

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// errHelped ends a command that was asked for --help or --version only. Its status is StatusDone.
var errHelped = errors.New("help printed")

// A usageError is a command line that cannot be obeyed.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }

func (e *usageError) Unwrap() error { return e.err }

// Usagef returns an error that says what is wrong with the command line. Its status is StatusUsage, and the
// message is followed by a hint at --help. The format is that of fmt.Errorf.
func Usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}

func isUsage(err error) bool {
	_, ok := errors.AsType[*usageError](err)
	return ok
}

// flagError says in our words what the flag parser found wrong. It does not repeat what may be a secret that
// was typed behind an unknown flag.
func flagError(f *pflag.FlagSet, err error) error {
	if e, ok := errors.AsType[*pflag.NotExistError](err); ok {
		return unknownFlag(f, e)
	}
	if e, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return Usagef("%s needs a value", flagName(e.GetFlag()))
	}
	if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return Usagef("%s %q: %w", flagName(e.GetFlag()), e.GetValue(), valueError(e.GetFlag(), e.Unwrap()))
	}
	if e, ok := errors.AsType[*pflag.InvalidSyntaxError](err); ok {
		return Usagef("%s is not a flag", e.GetSpecifiedFlag())
	}
	return Usagef("%w", err)
}

// formerFlags returns what flags of ec2-ami-tools and euca2ools are called here, where their old names are none.
func formerFlags() map[string]string {
	return map[string]string{"url": "endpoint-url", "U": "endpoint-url", "location": "region", "debug": "verbose"}
}

func unknownFlag(f *pflag.FlagSet, e *pflag.NotExistError) error {
	if ours, ok := formerFlags()[e.GetSpecifiedName()]; ok && f.Lookup(ours) != nil {
		return Usagef("unknown flag %s; here it is --%s", specified(e), ours)
	}
	// "-region" is read as -r with friends; who types it means --region.
	if group := e.GetSpecifiedShortnames(); group != "" {
		name, _, _ := strings.Cut(group, "=")
		if f.Lookup(name) != nil && len(name) > 1 {
			return Usagef("unknown flag -%s; did you mean --%s?", name, name)
		}
		return Usagef("unknown flag -%s%s", e.GetSpecifiedName(), asFile("-"+group))
	}
	if near, ok := nearestFlag(e.GetSpecifiedName(), f); ok {
		return Usagef("unknown flag --%s; did you mean --%s?", e.GetSpecifiedName(), near)
	}
	return Usagef("unknown flag --%s%s", e.GetSpecifiedName(), asFile("--"+e.GetSpecifiedName()))
}

// specified returns an unknown flag as it was typed.
func specified(e *pflag.NotExistError) string {
	if e.GetSpecifiedShortnames() != "" {
		return "-" + e.GetSpecifiedName()
	}
	return "--" + e.GetSpecifiedName()
}

// asFile says how a file is named that was taken for a flag, if arg is one.
func asFile(arg string) string {
	if _, err := os.Lstat(arg); err != nil {
		return ""
	}
	return fmt.Sprintf("; the file is named ./%s", arg)
}

func flagName(f *pflag.Flag) string {
	if f.Shorthand == f.Name { // a letter that stands for different things
		return "-" + f.Name
	}
	if f.Shorthand != "" {
		return "-" + f.Shorthand + "/--" + f.Name
	}
	return "--" + f.Name
}

// valueError replaces what strconv says, which names its own functions, by what is wrong with the value.
func valueError(f *pflag.Flag, err error) error {
	e, ok := errors.AsType[*strconv.NumError](err)
	switch {
	case !ok:
		return err
	case f.Value.Type() == "bool":
		return errors.New("neither true nor false")
	case e.Err == strconv.ErrRange:
		return errors.New("out of range")
	default:
		return errors.New("not a whole number")
	}
}
