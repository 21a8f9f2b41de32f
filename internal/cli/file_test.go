package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// names lists the directory dir, hidden files too.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func wantNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, names(t, dir)); diff != "" {
		t.Errorf("directory (-want +got):\n%s", diff)
	}
}

func wantContent(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s holds %q, %v, want %q", path, got, err, want)
	}
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestCreateFile(t *testing.T) {
	tests := []struct {
		name     string
		existing string
		opts     FileOptions
	}{
		{"new", "", FileOptions{}},
		{"new, not synced", "", FileOptions{NoSync: true}},
		{"new, forced", "", FileOptions{Force: true}},
		{"replaced", "old", FileOptions{Force: true}},
		{"replaced, not synced", "old", FileOptions{Force: true, NoSync: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "disk.raw")
			if tt.existing != "" {
				writeFile(t, path, tt.existing)
			}
			f, err := CreateFile(path, tt.opts)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := f.WriteAt([]byte("new"), 0); err != nil {
				t.Fatal(err)
			}
			if got, _ := os.ReadFile(path); string(got) != tt.existing {
				t.Errorf("before Commit it holds %q, want %q", got, tt.existing)
			}
			if err := f.Commit(); err != nil {
				t.Fatal(err)
			}
			wantContent(t, path, "new")
			wantNames(t, dir, "disk.raw")
		})
	}
}

func TestCreateFileMode(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o027))
	tests := []struct{ mode, want os.FileMode }{
		{0, 0o640},
		{0o600, 0o600},
		{0o644, 0o640},
	}
	for _, tt := range tests {
		t.Run(tt.mode.String(), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "pk.pem")
			f, err := CreateFile(path, FileOptions{Mode: tt.mode})
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Commit(); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(path); err != nil || info.Mode() != tt.want {
				t.Errorf("mode is %v, %v, want %v", info.Mode(), err, tt.want)
			}
		})
	}
}

func TestCreateFileInWorkingDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	f, err := CreateFile("disk.raw", FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	wantNames(t, ".", "disk.raw")
}

func TestCreateFileLongName(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("n", 255))
	f, err := CreateFile(path, FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	wantContent(t, path, "")
}

func TestCreateFileRefuses(t *testing.T) {
	dir := t.TempDir()
	file, link, fifo := filepath.Join(dir, "file"), filepath.Join(dir, "link"), filepath.Join(dir, "fifo")
	writeFile(t, file, "old")
	if err := errors.Join(os.Symlink("nowhere", link), syscall.Mkfifo(fifo, 0o666)); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		path  string
		force bool
		is    error
		text  string
	}{
		{"existing file", file, false, fs.ErrExist, "--force"},
		{"existing link", link, false, fs.ErrExist, "--force"},
		{"link, forced", link, true, nil, "not a regular file"},
		{"pipe, forced", fifo, true, nil, "not a regular file"},
		{"device, forced", os.DevNull, true, nil, "not a regular file"},
		{"directory", dir, false, syscall.EISDIR, dir},
		{"directory, forced", dir, true, syscall.EISDIR, dir},
		{"directory with a slash", dir + "/", true, syscall.EISDIR, dir},
		{"no such directory", filepath.Join(dir, "no", "file"), false, fs.ErrNotExist, "create " + filepath.Join(dir, "no", "file")},
		{"name that is a directory to be", filepath.Join(dir, "no") + "/", false, fs.ErrNotExist, dir},
		{"file as directory", filepath.Join(file, "x"), true, syscall.ENOTDIR, file},
		{"empty name", "", true, nil, "empty"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := CreateFile(tt.path, FileOptions{Force: tt.force})
			if err == nil {
				f.Close()
				t.Fatal("no error")
			}
			if tt.is != nil && !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.text) || strings.Contains(err.Error(), ".tmp-") {
				t.Errorf("got %v, want %v with %q", err, tt.is, tt.text)
			}
			wantNames(t, dir, "fifo", "file", "link")
		})
	}
	wantContent(t, file, "old")
}

func TestFileAbort(t *testing.T) {
	dir := t.TempDir()
	f, err := CreateFile(filepath.Join(dir, "disk.raw"), FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := f.Abort(); err != nil {
			t.Error(err)
		}
	}
	if err := f.Commit(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Commit after Abort: %v", err)
	}
	wantNames(t, dir)
}

func TestFileCommitTwice(t *testing.T) {
	f, err := CreateFile(filepath.Join(t.TempDir(), "disk.raw"), FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Commit(), f.Close()); err != nil {
		t.Error(err)
	}
	if err := f.Commit(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("second Commit: %v", err)
	}
	wantContent(t, f.path, "")
}

func TestFileCommitFindsTheNameTaken(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "disk.raw")
	f, err := CreateFile(path, FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, "another's")
	if err := f.Commit(); !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), "--force") {
		t.Errorf("got %v", err)
	}
	wantContent(t, path, "another's")
	wantNames(t, dir, "disk.raw")
}

func TestFileCommitAfterFailedWrite(t *testing.T) {
	dir := t.TempDir()
	f, err := CreateFile(filepath.Join(dir, "disk.raw"), FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.File.Close(); err != nil { // stands for a disk that fails at the end
		t.Fatal(err)
	}
	if err := f.Commit(); err == nil {
		t.Error("no error")
	}
	wantNames(t, dir)
}

func TestRenameExclusive(t *testing.T) {
	dir := t.TempDir()
	temp, path := filepath.Join(dir, "temp"), filepath.Join(dir, "path")
	writeFile(t, temp, "new")
	if err := renameExclusive(temp, path); err != nil {
		t.Fatal(err)
	}
	wantNames(t, dir, "path")
	writeFile(t, temp, "newer")
	if err := renameExclusive(temp, path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v, want fs.ErrExist", err)
	}
	wantContent(t, path, "new")
}

// Of several that write the same new file at once, exactly one wins, and its content is whole.
func TestCreateFileRace(t *testing.T) {
	for range 20 {
		dir := t.TempDir()
		path := filepath.Join(dir, "disk.raw")
		var wins atomic.Int32
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				switch err := create(path, fmt.Sprint("content ", i)); {
				case err == nil:
					wins.Add(1)
				case !errors.Is(err, fs.ErrExist):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if wins.Load() != 1 {
			t.Errorf("%d won", wins.Load())
		}
		wantNames(t, dir, "disk.raw")
		if got, _ := os.ReadFile(path); len(got) != len("content 0") {
			t.Errorf("content is %q", got)
		}
	}
}

func create(path, content string) error {
	f, err := CreateFile(path, FileOptions{NoSync: true})
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.WriteString(f, content); err != nil {
		return err
	}
	return f.Commit()
}

// What a killed process leaves behind goes with the next CreateFile; what a living one works on stays.
func TestCreateFileRemovesStale(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "disk.raw")
	for _, name := range []string{".disk.raw.tmp-", ".disk.raw.tmp-short", ".other.raw.tmp-" + strings.Repeat("A", 26)} {
		writeFile(t, filepath.Join(dir, name), "not ours")
	}
	before := names(t, dir)

	dead, alive := startChild(t, "create", path), startChild(t, "create", path)
	if got := len(names(t, dir)); got != len(before)+2 {
		t.Fatalf("%d names, want the temporary files of two children", got)
	}
	dead.kill(t)
	f, err := CreateFile(path, FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := len(names(t, dir)); got != len(before)+2 {
		t.Errorf("%d names: %v, want the temporary files of the living child and of this process", got, names(t, dir))
	}
	if err := f.Abort(); err != nil {
		t.Error(err)
	}
	alive.finish(t)
	wantContent(t, path, "child")
	wantNames(t, dir, append(before, "disk.raw")...)
}

// A process killed between the link and the removal of the temporary name leaves two names of a whole file.
func TestCreateFileRemovesStaleSecondName(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "disk.raw")
	writeFile(t, path, "whole")
	if err := os.Link(path, filepath.Join(dir, tempPrefix("disk.raw")+strings.Repeat("A", 26))); err != nil {
		t.Fatal(err)
	}
	if _, err := CreateFile(path, FileOptions{}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
	wantNames(t, dir, "disk.raw")
	wantContent(t, path, "whole")
}

// A child is this test binary at work as childMain tells it. It says on its output when it is ready.
type child struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
	stderr strings.Builder
}

func startChild(t *testing.T, args ...string) *child {
	t.Helper()
	c := &child{cmd: exec.Command(os.Args[0], args...)}
	c.cmd.Env = append(os.Environ(), childVariable+"=1")
	c.cmd.Stderr = &c.stderr
	stdin, err := c.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.stdin, c.stdout = stdin, bufio.NewReader(stdout)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.cmd.Process.Kill() })
	if line, err := c.stdout.ReadString('\n'); line != "ready\n" {
		t.Fatalf("child says %q, %v; %s", line, err, &c.stderr)
	}
	return c
}

func (c *child) kill(t *testing.T) {
	t.Helper()
	if err := c.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	c.cmd.Wait() // says that it was killed
}

func (c *child) finish(t *testing.T) {
	t.Helper()
	if err := errors.Join(c.stdin.Close(), c.cmd.Wait()); err != nil {
		t.Errorf("child: %v; %s", err, &c.stderr)
	}
}
