package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const childVariable = "AMIFORGE_TEST_CHILD"

// TestMain lets the test binary play a binary of the project, for what cannot be tested in one process.
func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		Main("Usage: child", childMain)
	}
	// Children are to start with SIGINT and SIGHUP at their default even where this process ignores them, and a
	// signal that is caught is at its default in a child.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGHUP)
	os.Exit(m.Run())
}

// childMain does what its first argument says.
func childMain(ctx context.Context, e *Env) error {
	args, err := e.Parse()
	if err != nil {
		return err
	}
	switch args[0] {
	case "create":
		return childCreate(e, args[1])
	case "wait":
		fmt.Fprintln(e.Stdout, "ready")
		<-ctx.Done()
		return fmt.Errorf("upload: %w; run it again to resume", context.Cause(ctx))
	case "hang":
		fmt.Fprintln(e.Stdout, "ready")
		<-ctx.Done()
		fmt.Fprintln(e.Stdout, "signalled")
		if _, err := io.Copy(io.Discard, e.Stdin); err != nil {
			return err
		}
		return context.Cause(ctx)
	case "pour":
		return childPour(e, args[1])
	case "fail":
		return errors.New(args[1])
	}
	return Usagef("what is %s?", args[0])
}

func childCreate(e *Env, path string) error {
	f, err := CreateFile(path, FileOptions{})
	if err != nil {
		return err
	}
	defer f.Close()
	fmt.Fprintln(e.Stdout, "ready")
	if _, err := io.Copy(io.Discard, e.Stdin); err != nil {
		return err
	}
	if _, err := io.WriteString(f, "child"); err != nil {
		return err
	}
	return f.Commit()
}

// childPour writes until nobody reads any more, and removes path in the end.
func childPour(e *Env, path string) error {
	defer os.Remove(path)
	fmt.Fprintln(e.Stdout, "ready")
	for {
		if err := e.Result(strings.Repeat("x", 1<<16), nil); err != nil {
			e.Notef("nobody reads this")
			return err
		}
	}
}

func exitCode(err error) int {
	e, _ := errors.AsType[*exec.ExitError](err)
	return e.ExitCode()
}

func TestSignal(t *testing.T) {
	tests := []struct {
		signal syscall.Signal
		status int
		stderr string
	}{
		{syscall.SIGINT, 130, "upload: interrupted; run it again to resume\n"},
		{syscall.SIGTERM, 143, "upload: interrupted by SIGTERM; run it again to resume\n"},
		{syscall.SIGHUP, 129, "upload: interrupted by SIGHUP; run it again to resume\n"},
	}
	for _, tt := range tests {
		t.Run(tt.signal.String(), func(t *testing.T) {
			c := startChild(t, "wait")
			if err := c.cmd.Process.Signal(tt.signal); err != nil {
				t.Fatal(err)
			}
			if got := exitCode(c.cmd.Wait()); got != tt.status {
				t.Errorf("status is %d, want %d", got, tt.status)
			}
			if got := c.stderr.String(); !strings.HasSuffix(got, ": "+tt.stderr) || strings.Count(got, "\n") != 1 {
				t.Errorf("stderr is %q, want %q", got, tt.stderr)
			}
		})
	}
}

// signalled signals a child that hangs, and returns when it is told.
func (c *child) signalled(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	if line, err := c.stdout.ReadString('\n'); line != "signalled\n" {
		t.Fatalf("got %q, %v", line, err)
	}
}

// wantKilled sends SIGINT again and again until the child is dead of it, and not of others that are sent with it.
func (c *child) wantKilled(t *testing.T, others ...syscall.Signal) {
	t.Helper()
	dead := make(chan error)
	go func() { dead <- c.cmd.Wait() }()
	for again := time.Tick(50 * time.Millisecond); ; {
		select {
		case <-again:
			for _, s := range append(others, syscall.SIGINT) {
				c.cmd.Process.Signal(s) // fails once it is dead
			}
		case <-dead:
			if ws := c.cmd.ProcessState.Sys().(syscall.WaitStatus); !ws.Signaled() || ws.Signal() != syscall.SIGINT {
				t.Errorf("ended with %v, want it killed by SIGINT", c.cmd.ProcessState)
			}
			return
		}
	}
}

func TestLaterSignalKills(t *testing.T) {
	c := startChild(t, "hang")
	c.signalled(t, syscall.SIGTERM)
	c.wantKilled(t)
}

// timeout(1) signals the command and then its group: the second signal does not end the cleaning up.
func TestSecondSignal(t *testing.T) {
	c := startChild(t, "hang")
	c.signalled(t, syscall.SIGTERM)
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := c.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if got := exitCode(c.cmd.Wait()); got != StatusTerminated {
		t.Errorf("ended with %v, want status %d", c.cmd.ProcessState, StatusTerminated)
	}
}

// A terminal that is closed sends SIGHUP twice, and the second one does not end the cleaning up, whenever it comes.
func TestSecondHangup(t *testing.T) {
	c := startChild(t, "hang")
	c.signalled(t, syscall.SIGHUP)
	c.wantKilled(t, syscall.SIGHUP)
}

// Under nohup a command outlives its terminal.
func TestNohup(t *testing.T) {
	signal.Ignore(syscall.SIGHUP)
	defer signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	c := startChild(t, "wait")
	for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM} {
		if err := c.cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	if got := exitCode(c.cmd.Wait()); got != StatusTerminated {
		t.Errorf("status is %d, want %d", got, StatusTerminated)
	}
}

// A reader that goes away, as head does, ends the command without a word and after its cleanup.
func TestBrokenPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "leftover")
	writeFile(t, path, "")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	cmd := exec.Command(os.Args[0], "pour", path)
	cmd.Env = append(os.Environ(), childVariable+"=1")
	var stderr strings.Builder
	cmd.Stdout, cmd.Stderr = w, &stderr
	if got := exitCode(cmd.Run()); got != StatusBrokenPipe {
		t.Errorf("status is %d, want %d", got, StatusBrokenPipe)
	}
	w.Close()
	if got := stderr.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "nobody reads this") {
		t.Errorf("stderr is %q", got)
	}
	wantNames(t, filepath.Dir(path))
}

func TestMainStatus(t *testing.T) {
	tests := []struct {
		args   []string
		status int
		stdout string
		stderr string
	}{
		{[]string{"fail", "disk on fire"}, 1, "", "NAME: disk on fire\n"},
		{[]string{"fail", "x", "--json"}, 1, `{"error":{"message":"x","status":1}}` + "\n", "NAME: x\n"},
		{[]string{"dance"}, 2, "", "NAME: what is dance?\nNAME: run NAME --help\n"},
		{[]string{"--dance"}, 2, "", "NAME: unknown flag --dance\nNAME: run NAME --help\n"},
		{[]string{"--help"}, 0, "Usage: child\n\n" + commonUsage + "\n" + exitTable(), ""},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			cmd := exec.Command(os.Args[0], tt.args...)
			cmd.Env = append(os.Environ(), childVariable+"=1")
			var stdout, stderr strings.Builder
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			if err := cmd.Run(); err != nil && exitCode(err) != tt.status || cmd.ProcessState.ExitCode() != tt.status {
				t.Errorf("ended with %v, want status %d", err, tt.status)
			}
			want := strings.ReplaceAll(tt.stderr, "NAME", filepath.Base(os.Args[0]))
			if stdout.String() != tt.stdout || stderr.String() != want {
				t.Errorf("got %q and %q, want %q and %q", &stdout, &stderr, tt.stdout, want)
			}
		})
	}
}
