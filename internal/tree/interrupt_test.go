package tree

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// An archive that does not come keeps nobody waiting who wants to stop.
func TestArchiveInterrupted(t *testing.T) {
	for name, begin := range map[string]string{"nothing": "", "less than a header": strings.Repeat("\x00", 100), "gzip": "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"} {
		t.Run(name, func(t *testing.T) {
			r, w := io.Pipe()
			defer w.Close()
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				io.WriteString(w, begin)
				cancel()
			}()
			src, err := OpenArchive(ctx, r, "pipe", nil)
			if err == nil {
				_, err = src.Next()
				src.Close()
			}
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestInterruptibleReads(t *testing.T) {
	text := strings.Repeat("0123456789", 1000)
	for name, r := range map[string]io.Reader{
		"whole": strings.NewReader(text), "bytes": iotest.OneByteReader(strings.NewReader(text)),
		"error with data": iotest.DataErrReader(strings.NewReader(text)),
	} {
		if err := iotest.TestReader(interruptible(t.Context(), r), []byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
