package bundle

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// A named pipe that nobody writes to does not hold up the end of the context.
func TestOpenImagePipeCancelled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	cancel(stop)
	if _, err := OpenImage(ctx, path, &ImageOptions{Size: 1}); !errors.Is(err, stop) {
		t.Errorf("%v, want %v", err, stop)
	}
	if f, err := unix.Open(path, unix.O_WRONLY|unix.O_NONBLOCK, 0); err == nil { // lets the goroutine go
		unix.Close(f)
	}
}
