package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestStdoutImage(t *testing.T) {
	var out bytes.Buffer
	im, err := StdoutImage(t.Context(), &Env{Stdout: &out})
	if err != nil {
		t.Fatal(err)
	}
	const hole = streamZeros + 1
	steps := []struct {
		name string
		do   func() error
		want string
	}{
		{"data", func() error { _, err := im.WriteAt([]byte("abc"), 0); return err }, ""},
		{"hole", func() error { return im.Zero(3, hole) }, ""},
		{"data behind it", func() error { _, err := im.WriteAt([]byte("d"), 3+hole); return err }, ""},
		{"gap", func() error { _, err := im.WriteAt([]byte("e"), 5+hole); return err }, "come after those before 65541"},
		{"back", func() error { return im.Zero(0, 1) }, "bytes for 0 come after"},
		{"commit", im.Commit, ""},
		{"close", im.Close, ""},
	}
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) {
			err := s.do()
			if (err == nil) != (s.want == "") || err != nil && !strings.Contains(err.Error(), s.want) {
				t.Errorf("%v, want %q", err, s.want)
			}
		})
	}
	if want := "abc" + strings.Repeat("\x00", hole) + "d"; out.String() != want {
		t.Errorf("%d bytes came out, want %d", out.Len(), len(want))
	}
}

func TestStdoutImageRefused(t *testing.T) {
	terminal := func(io.Writer) (int, bool) { return 80, true }
	for name, e := range map[string]*Env{
		"terminal": {Stdout: io.Discard, tty: terminal},
		"json":     {Stdout: io.Discard, JSON: true},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := StdoutImage(t.Context(), e); !isUsage(err) {
				t.Errorf("%v, want a usage error", err)
			}
		})
	}
}

// A writer that fails after some bytes.
type failing struct{ left int }

func (f *failing) Write(p []byte) (int, error) {
	n := min(len(p), f.left)
	f.left -= n
	if n < len(p) {
		return n, errors.New("no room")
	}
	return n, nil
}

func TestStdoutImageFails(t *testing.T) {
	im, err := StdoutImage(t.Context(), &Env{Stdout: &failing{streamZeros + 5}})
	if err != nil {
		t.Fatal(err)
	}
	if err := im.Zero(0, 3*streamZeros); err == nil || err.Error() != "no room" {
		t.Errorf("%v, want no room", err)
	}
}

// A hole may take as long as the reader of the pipe likes.
func TestStdoutImageCancelled(t *testing.T) {
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	left := 3
	im, err := StdoutImage(ctx, &Env{Stdout: writerFunc(func(p []byte) (int, error) {
		if left--; left == 0 {
			cancel(enough)
		}
		return len(p), nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	if err := im.Zero(0, 1<<60); !errors.Is(err, enough) || left != 0 {
		t.Errorf("%v after %d writes, want the cause after 3", err, 3-left)
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
