package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"amiforge/bundle"
	"amiforge/diskimg"
	"amiforge/internal/store"
	"amiforge/manifest"
)

// The exit statuses of every binary.
const (
	StatusDone         = 0
	StatusFailed       = 1
	StatusUsage        = 2
	StatusBucket       = 3
	StatusVerification = 4
	StatusNotFound     = 5
	StatusHungUp       = 128 + int(syscall.SIGHUP)
	StatusInterrupted  = 128 + int(syscall.SIGINT)
	StatusBrokenPipe   = 128 + int(syscall.SIGPIPE)
	StatusTerminated   = 128 + int(syscall.SIGTERM)
)

// ErrAudit is in the chain of every error that says that an audit has found what must not be in an image.
var ErrAudit = errors.New("the audit has findings")

// Status returns the exit status that err stands for. A nil error is StatusDone.
//
// The order matters where an error is two things: a missing bucket is also fs.ErrNotExist, and so is a part
// whose absence makes a verification fail.
func Status(err error) int {
	switch {
	case err == nil || errors.Is(err, errHelped):
		return StatusDone
	case isInterrupt(err):
		return interruptStatus(err)
	case errors.Is(err, errStdoutClosed):
		return StatusBrokenPipe
	case isUsage(err):
		return StatusUsage
	case errors.Is(err, store.ErrBucket):
		return StatusBucket
	case isVerification(err):
		return StatusVerification
	case errors.Is(err, fs.ErrNotExist):
		return StatusNotFound
	default:
		return StatusFailed
	}
}

func isVerification(err error) bool {
	if _, ok := errors.AsType[*manifest.Error](err); ok {
		return true
	}
	return errors.Is(err, manifest.ErrSignature) ||
		errors.Is(err, manifest.ErrKey) ||
		errors.Is(err, manifest.ErrUnsigned) ||
		errors.Is(err, bundle.ErrVerify) ||
		errors.Is(err, diskimg.ErrDamaged) ||
		errors.Is(err, ErrAudit)
}

// exitTable is the part of --help that explains the exit status.
func exitTable() string {
	rows := []struct {
		status int
		means  string
	}{
		{StatusDone, "done"},
		{StatusFailed, "failed"},
		{StatusUsage, "wrong usage"},
		{StatusBucket, "bucket, database or EC2 not accessible: missing, denied or unreachable"},
		{StatusVerification, "verification failed: signature, digest, manifest, disk image or audit"},
		{StatusNotFound, "not found"},
		{StatusHungUp, "the terminal was closed (SIGHUP)"},
		{StatusInterrupted, "interrupted (SIGINT)"},
		{StatusBrokenPipe, "the reader of standard output went away"},
		{StatusTerminated, "terminated (SIGTERM)"},
	}
	var b strings.Builder
	b.WriteString("Exit status:\n")
	for _, row := range rows {
		fmt.Fprintf(&b, "  %3d  %s\n", row.status, row.means)
	}
	return b.String()
}
