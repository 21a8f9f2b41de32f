package oracle_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"amiforge/internal/oracle"
)

// A recorder stands in for a test that is expected to skip or fail.
type recorder struct {
	testing.TB
	ended string
}

func (r *recorder) Helper() {}

func (r *recorder) Skipf(format string, args ...any) { r.end("skip: "+format, args) }

func (r *recorder) Fatalf(format string, args ...any) { r.end("fatal: "+format, args) }

func (r *recorder) end(format string, args []any) {
	r.ended = fmt.Sprintf(format, args...)
	panic(r)
}

func ending(f func(tb testing.TB)) (ended string) {
	r := new(recorder)
	defer func() {
		if p := recover(); p != nil && p != any(r) {
			panic(p)
		}
		ended = r.ended
	}()
	f(r)
	return r.ended
}

func TestLookMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	look := func(tb testing.TB) { oracle.Look(tb, "no-such-tool") }

	t.Setenv("AMIFORGE_TEST_NO_SKIP", "")
	want := "skip: no-such-tool is not installed: apt-get install no-such-tool"
	if got := ending(look); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	t.Setenv("AMIFORGE_TEST_NO_SKIP", "1")
	if got := ending(look); !strings.HasPrefix(got, "fatal: no-such-tool is not installed") {
		t.Errorf("got %q, want a failure", got)
	}
}

func TestRun(t *testing.T) {
	if got := string(oracle.Run(t, "sh", "-c", "echo out; echo err >&2")); got != "out\n" {
		t.Errorf("got %q, want out", got)
	}
	got := ending(func(tb testing.TB) { oracle.Output(tb, exec.Command("sh", "-c", "echo why >&2; exit 3")) })
	if !strings.Contains(got, "exit status 3") || !strings.Contains(got, "why") {
		t.Errorf("got %q, want the status and the tool's words", got)
	}
}

func TestPackage(t *testing.T) {
	tests := []struct{ tool, want string }{
		{"qemu-img", "qemu-utils"},
		{"e2fsck", "e2fsprogs"},
		{"openssl", "openssl"},
		{"pigz", "pigz"},
	}
	for _, tt := range tests {
		t.Run(tt.tool, func(t *testing.T) {
			if got := oracle.Package(tt.tool); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
