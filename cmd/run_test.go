package cmd_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A bench is where a Go test runs binaries: a directory of its own and an environment that knows nothing of the
// user's.
type bench struct {
	testing.TB
	dir string
	env []string
}

func newBench(t testing.TB, env ...string) *bench {
	t.Helper()
	home := t.TempDir()
	return &bench{t, t.TempDir(), append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "AWS_EC2_METADATA_DISABLED=true", "GORACE=" + goRace,
		"EC2_CERT=" + keyFile(t, "user2048-cert.pem"), "EC2_USER_ID=123456789012",
		"EC2_PRIVATE_KEY=" + keyFile(t, "user2048-key.pem"),
	}, env...)}
}

// keyFile returns the path of one of the vectors' keys or certificates.
func keyFile(t testing.TB, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(top, "testdata", "bundle", "keys", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// An ending is how a command ended.
type ending struct {
	stdout, stderr string
	status         int // negative: the signal that killed it
	took           time.Duration
	peak           int64 // resident memory, bytes
}

func (b *bench) command(args ...string) *exec.Cmd {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Env = b.dir, b.env
	return cmd
}

// run runs a command to its end.
func (b *bench) run(args ...string) ending {
	b.Helper()
	return b.start(args...).wait()
}

// want runs a command and wants it to end with status.
func (b *bench) want(status int, args ...string) ending {
	b.Helper()
	e := b.run(args...)
	e.want(b, status, args...)
	return e
}

func (e ending) want(t testing.TB, status int, args ...string) {
	t.Helper()
	if e.status != status {
		t.Fatalf("%v: status is %d, want %d\n%s%s", args, e.status, status, e.stdout, e.stderr)
	}
}

// A running command.
type running struct {
	*exec.Cmd
	bench          *bench
	stdout, stderr bytes.Buffer
	began          time.Time
}

func (b *bench) start(args ...string) *running {
	b.Helper()
	r := &running{Cmd: b.command(args...), bench: b, began: time.Now()}
	r.Stdout, r.Stderr = &r.stdout, &r.stderr
	if err := r.Start(); err != nil {
		b.Fatal(err)
	}
	return r
}

func (r *running) signal(s syscall.Signal) {
	r.bench.Helper()
	if err := r.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		r.bench.Error(err)
	}
}

func (r *running) wait() ending {
	r.bench.Helper()
	err := r.Wait()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		r.bench.Fatal(err)
	}
	e := ending{
		stdout: r.stdout.String(), stderr: r.stderr.String(),
		status: r.ProcessState.ExitCode(), took: time.Since(r.began), peak: peak(r.ProcessState),
	}
	if w := r.ProcessState.Sys().(syscall.WaitStatus); w.Signaled() {
		e.status = -int(w.Signal())
	}
	return e
}

// path returns the path of a file of the bench.
func (b *bench) path(name string) string { return filepath.Join(b.dir, filepath.FromSlash(name)) }

// image writes size pseudo-random bytes, the same every time.
func (b *bench) image(name string, size int64) {
	b.Helper()
	f, err := os.Create(b.path(name))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if _, err := io.CopyN(f, rand.NewChaCha8([32]byte{}), size); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
}

// same wants two files to have the same content.
func (b *bench) same(one, other string) {
	b.Helper()
	if e := b.run("cmp", one, other); e.status != 0 {
		b.Errorf("%s and %s differ: %s%s", one, other, e.stdout, e.stderr)
	}
}

// names returns the names in a directory, joined by spaces; "" if it is missing.
func (b *bench) names(dir string) string {
	b.Helper()
	entries, err := os.ReadDir(b.path(dir))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		b.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return strings.Join(names, " ")
}

// exists tells whether a file is there.
func (b *bench) exists(name string) bool {
	b.Helper()
	_, err := os.Lstat(b.path(name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		b.Fatal(err)
	}
	return err == nil
}

func (b *bench) mkdir(name string) {
	b.Helper()
	if err := os.Mkdir(b.path(name), 0o700); err != nil {
		b.Fatal(err)
	}
}

// getenv looks into the bench's environment, where the last one counts.
func (b *bench) getenv(name string) (value string) {
	for _, kv := range b.env {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			value = v
		}
	}
	return value
}
