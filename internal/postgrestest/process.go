package postgrestest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"amiforge/internal/child"
)

const (
	startTime = time.Minute // on a machine that is busy with other tests
	stopTime  = 10 * time.Second
)

// Asked is the role whose members are asked for their password. All others are believed.
const Asked = "asked"

// A Launched server is the test's own, which may stop it.
type Launched struct {
	Server
	dir    string // data, and the socket
	cred   *syscall.Credential
	cmd    *exec.Cmd
	log    *safeBuffer
	exited <-chan struct{}
}

// Launch starts a server of the test's own, or skips the test.
func Launch(t testing.TB) *Launched {
	t.Helper()
	s, err := launch(lookPrograms(t))
	if err != nil {
		t.Fatalf("postgres: %v", err)
	}
	t.Cleanup(s.remove)
	return s
}

func launch(program programs) (*Launched, error) {
	cred, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "postgrestest-")
	if err != nil {
		return nil, err
	}
	admin := &url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/postgres", RawQuery: "host=" + url.QueryEscape(dir)}
	s := &Launched{Server: Server{admin, program}, dir: dir, cred: cred}
	for _, step := range []func() error{s.create, s.start, s.addAsked} {
		if err := step(); err != nil {
			s.remove()
			return nil, err
		}
	}
	return s, nil
}

// unprivileged returns as whom to run the server: nil for the user of the tests, but postgres for root.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

// command returns a program that runs as the server's user.
func (s *Launched) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(s.program.path(name), args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.cred}
	return cmd
}

// create makes the server's files, and lets it ask the members of Asked for their passwords.
func (s *Launched) create() error {
	if s.cred != nil {
		if err := os.Chown(s.dir, int(s.cred.Uid), int(s.cred.Gid)); err != nil {
			return err
		}
	}
	if err := os.Chmod(s.dir, 0o755); err != nil { // root's tests are not the owner, but connect
		return err
	}
	out, err := s.command("initdb", "-D", s.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync").CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	rules := "local all +" + Asked + " scram-sha-256\nlocal all all trust\n"
	return os.WriteFile(filepath.Join(s.data(), "pg_hba.conf"), []byte(rules), 0o600)
}

func (s *Launched) data() string { return filepath.Join(s.dir, "data") }

// start runs the server until it answers.
func (s *Launched) start() error {
	s.log = &safeBuffer{}
	s.cmd = s.command("postgres", "-D", s.data(), "-k", s.dir, "-c", "listen_addresses=",
		"-c", "fsync=off", "-c", "max_connections=400", "-c", "shared_buffers=32MB")
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	exited, err := child.Start(s.cmd)
	if err != nil {
		return err
	}
	s.exited = exited
	if err := s.await(); err != nil {
		return fmt.Errorf("%s: %w\n%s", s.cmd.Path, err, s.log.String())
	}
	return nil
}

// await returns when the server lets clients in.
func (s *Launched) await() error {
	deadline := time.After(startTime)
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		select {
		case <-s.exited:
			return errors.New("exited at once")
		case <-deadline:
			return fmt.Errorf("no answer in %v", startTime)
		case <-poll.C:
			if s.answers() {
				return nil
			}
		}
	}
}

func (s *Launched) answers() bool {
	conn, err := net.Dial("unix", s.Socket())
	if err != nil {
		return false
	}
	conn.Close()
	return s.command("pg_isready", "-q", "-h", s.dir).Run() == nil
}

// Socket returns the path of the server's socket.
func (s *Launched) Socket() string { return filepath.Join(s.dir, ".s.PGSQL.5432") }

func (s *Launched) addAsked() error {
	out, err := s.command("psql", "-X", "-q", "-d", s.admin.String(), "-c", "CREATE ROLE "+Asked).CombinedOutput()
	if err != nil {
		return fmt.Errorf("create role: %w\n%s", err, out)
	}
	return nil
}

// Stop ends the server and every connection to it.
func (s *Launched) Stop() {
	if s.exited == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGINT) // PostgreSQL's "fast shutdown"; it may have ended by itself
	select {
	case <-s.exited:
	case <-time.After(stopTime):
		_ = s.cmd.Process.Kill()
		<-s.exited
	}
	s.exited = nil
}

// Restart starts a server that was stopped.
func (s *Launched) Restart(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Errorf("postgres: %v", err) // not Fatal: it may be called from any goroutine
	}
}

func (s *Launched) remove() {
	s.Stop()
	os.RemoveAll(s.dir)
}

// A safeBuffer is what the server says, which may be read while it speaks.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
