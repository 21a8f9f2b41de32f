package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"amiforge/bundle"
	"amiforge/diskimg"
	"amiforge/internal/store"
	"amiforge/manifest"
)

func TestStatus(t *testing.T) {
	other := errors.New("disk on fire")
	tests := []struct {
		name string
		err  error
		want int
	}{
		{"nothing", nil, 0},
		{"help", errHelped, 0},
		{"any error", other, 1},
		{"cancelled without a signal", context.Canceled, 1},
		{"forbidden file", fs.ErrPermission, 1},
		{"usage", Usagef("-k is missing"), 2},
		{"usage, wrapped", fmt.Errorf("flags: %w", Usagef("-k is missing")), 2},
		{"usage of what is not there", Usagef("-k: %w", fs.ErrNotExist), 2},
		{"bucket", fmt.Errorf("s3://b: %w", store.ErrBucket), 3},
		{"bucket not there", errors.Join(fs.ErrNotExist, store.ErrBucket), 3},
		{"bucket while verifying", errors.Join(bundle.ErrVerify, store.ErrBucket), 3},
		{"verification", fmt.Errorf("part 3: %w", bundle.ErrVerify), 4},
		{"verification of a missing part", errors.Join(bundle.ErrVerify, fs.ErrNotExist), 4},
		{"signature", fmt.Errorf("manifest: %w", manifest.ErrSignature), 4},
		{"unsigned", fmt.Errorf("manifest: %w", manifest.ErrUnsigned), 4},
		{"wrong key", fmt.Errorf("manifest: %w", manifest.ErrKey), 4},
		{"manifest", fmt.Errorf("parse: %w", &manifest.Error{Element: "image/size", Err: other}), 4},
		{"damaged disk", fmt.Errorf("disk.vhd: %w", &diskimg.Error{Format: diskimg.VHD, Err: diskimg.ErrDamaged}), 4},
		{"disk of an unknown kind", fmt.Errorf("disk.vdi: %w", diskimg.ErrUnsupported), 1},
		{"findings of an audit", fmt.Errorf("disk.raw: %w", ErrAudit), 4},
		{"not found", fmt.Errorf("out: %w", fs.ErrNotExist), 5},
		{"not found and more", errors.Join(other, fs.ErrNotExist), 5},
		{"interrupted", fmt.Errorf("upload: %w", interrupt{syscall.SIGINT}), 130},
		{"interrupted and not found", errors.Join(fs.ErrNotExist, interrupt{syscall.SIGINT}), 130},
		{"reader gone", fmt.Errorf("image: %w", errStdoutClosed), 141},
		{"hung up", fmt.Errorf("upload: %w", interrupt{syscall.SIGHUP}), 129},
		{"terminated", fmt.Errorf("upload: %w", interrupt{syscall.SIGTERM}), 143},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Status(tt.err); got != tt.want {
				t.Errorf("status of %v is %d, want %d", tt.err, got, tt.want)
			}
		})
	}
}

func TestExitTable(t *testing.T) {
	var got []string
	for _, row := range regexp.MustCompile(`(?m)^ +(\d+)  \S`).FindAllStringSubmatch(exitTable(), -1) {
		got = append(got, row[1])
	}
	var want []string
	for _, status := range []int{
		StatusDone, StatusFailed, StatusUsage, StatusBucket, StatusVerification, StatusNotFound, 129, 130, 141, 143,
	} {
		want = append(want, strconv.Itoa(status))
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("the table has %v, want %v", got, want)
	}
}

func TestInterrupted(t *testing.T) {
	cut := interrupt{syscall.SIGINT}
	other := errors.New("close: bad file descriptor")
	wrapped := fmt.Errorf("upload: %w; 3 parts are there, run it again to resume", cut)
	tests := []struct {
		name  string
		cause error
		err   error
		want  string
	}{
		{"finished all the same", cut, nil, "<nil>"},
		{"no signal", nil, other, other.Error()},
		{"cancelled by itself", context.Canceled, other, other.Error()},
		{"the cause", cut, cut, "interrupted"},
		{"the cause and a note", cut, wrapped, wrapped.Error()},
		{"plain cancellation", cut, context.Canceled, "interrupted"},
		{"what the cancellation led to", cut, other, "interrupted: close: bad file descriptor"},
		{"SIGTERM", interrupt{syscall.SIGTERM}, context.Canceled, "interrupted by SIGTERM"},
		{"SIGHUP", interrupt{syscall.SIGHUP}, context.Canceled, "interrupted by SIGHUP"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			if tt.cause != nil {
				cancel(tt.cause)
			}
			if got := interrupted(ctx, tt.err); fmt.Sprint(got) != tt.want {
				t.Errorf("got %v, want %s", got, tt.want)
			}
			cancel(nil)
		})
	}
	if !errors.Is(fmt.Errorf("put: %w", cut), context.Canceled) {
		t.Error("an interrupt is not context.Canceled")
	}
}
