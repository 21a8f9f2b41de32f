package bundle

import (
	"bytes"
	"context"
	"crypto/sha1"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func putDir(d *Dir, name, content string) error {
	return d.Put(context.Background(), name, strings.NewReader(content), int64(len(content)), sha1.Sum([]byte(content)))
}

func TestOpenDir(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b")
	if _, err := OpenDir(path, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v, want fs.ErrNotExist", err)
	}
	d := openDir(t, path)
	if d.String() != path {
		t.Errorf("String is %q", d)
	}
	if err := putDir(d, "x", "content"); err != nil {
		t.Error(err)
	}
	if _, err := OpenDir(filepath.Join(path, "x"), nil); err == nil {
		t.Error("a file was opened as a directory")
	}
}

// Temporary files go with a killed writer, not with a living one, and no object can be mistaken for one.
func TestSweep(t *testing.T) {
	path := t.TempDir()
	d := openDir(t, path)
	living, err := newTemp(d.root)
	if err != nil {
		t.Fatal(err)
	}
	killed, err := newTemp(d.root)
	if err != nil {
		t.Fatal(err)
	}
	if err := killed.Close(); err != nil { // as the kernel does for it; its name stays
		t.Fatal(err)
	}
	if err := putDir(d, "image.part.00", "x"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(path, tempPrefix+"directory"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenDir(path, nil); err != nil {
		t.Fatal(err)
	}
	if got := names(t, path); len(got) != 3 {
		t.Errorf("a reader swept: %q are left", got)
	}
	openDir(t, path)
	want := []string{living.name, "image.part.00"}
	if got := names(t, path); !slices.Equal(got, want) {
		t.Errorf("%q are left, want %q", got, want)
	}
	if _, err := living.Write([]byte("y")); err != nil {
		t.Error(err)
	}
	if err := living.commit("image.part.01", true); err != nil {
		t.Error(err)
	}
	if err := putDir(d, tempPrefix+"x", "x"); err == nil || !strings.Contains(err.Error(), "temporary") {
		t.Errorf("an object with the name of a temporary file: %v", err)
	}
}

// A Put that fails leaves no temporary file.
func TestPutLeavesNothing(t *testing.T) {
	path := t.TempDir()
	d := openDir(t, path)
	content := strings.NewReader("content")
	if err := os.Mkdir(filepath.Join(path, "directory"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"wrong digest":   d.Put(t.Context(), "x", content, 7, sha1.Sum(nil)),
		"too short":      d.Put(t.Context(), "x", content, 8, sha1.Sum([]byte("content"))),
		"cancelled late": d.Put(t.Context(), "x", failingAt{context.Canceled}, 7, sha1.Sum([]byte("content"))),
		"is a directory": d.Put(t.Context(), "directory", content, 7, sha1.Sum([]byte("content"))),
	} {
		if err == nil || strings.Count(err.Error(), path) != 1 {
			t.Errorf("%s: %v, want the path once", name, err)
		}
	}
	if got := names(t, path); len(got) > 0 {
		t.Errorf("%q are left", got)
	}
}

type failingAt struct{ err error }

func (f failingAt) ReadAt([]byte, int64) (int, error) { return 0, f.err }

// What is not a regular file is no object, and nothing waits for it.
func TestDirOddFiles(t *testing.T) {
	path, outside := t.TempDir(), filepath.Join(t.TempDir(), "secret")
	d := openDir(t, path)
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"fifo":      unix.Mkfifo(filepath.Join(path, "fifo"), 0o600),
		"directory": os.Mkdir(filepath.Join(path, "directory"), 0o700),
		"out":       os.Symlink(outside, filepath.Join(path, "out")),
		"up":        os.Symlink("../"+filepath.Base(filepath.Dir(outside))+"/secret", filepath.Join(path, "up")),
		"loop":      os.Symlink("loop", filepath.Join(path, "loop")),
	} {
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Stat(t.Context(), name); err == nil {
			t.Errorf("Stat of %s succeeds", name)
		}
		if _, _, err := d.Open(t.Context(), name); err == nil || strings.Count(err.Error(), path) != 1 {
			t.Errorf("Open of %s: %v", name, err)
		}
	}
	for o, err := range d.List(t.Context()) {
		t.Errorf("List yields %v: %v", o, err)
	}
	if err := d.Remove(t.Context(), "directory"); !errors.Is(err, unix.EISDIR) {
		t.Errorf("Remove of a directory: %v", err)
	}
	if err := d.Remove(t.Context(), "out"); err != nil { // the link itself
		t.Error(err)
	}
	if err := putDir(d, "up", "public"); err != nil { // in place of the link
		t.Error(err)
	}
	if p, err := os.ReadFile(outside); err != nil || string(p) != "secret" {
		t.Errorf("the file outside holds %q: %v", p, err)
	}
}

// A directory that is removed meanwhile, or that may not be written, gives an error at once.
func TestDirGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dir")
	d := openDir(t, path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := putDir(d, "x", "content"); err == nil || !strings.Contains(err.Error(), "the directory is gone") {
		t.Errorf("gone: %v", err)
	}
}

func TestDirReadOnly(t *testing.T) {
	path := t.TempDir()
	d := openDir(t, path)
	if err := os.Chmod(path, 0o500); err != nil {
		t.Fatal(err)
	}
	withoutRoot(t)
	if err := putDir(d, "x", "content"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("%v, want fs.ErrPermission", err)
	}
}

// An object that is cut while it is read is an error, and one that grows is read as long as it was.
func TestDirObjectChanges(t *testing.T) {
	path := t.TempDir()
	d := openDir(t, path)
	for size, want := range map[int64]error{1000: io.ErrUnexpectedEOF, 1 << 20: nil} {
		if err := putDir(d, "x", string(bytes.Repeat([]byte("x"), 100_000))); err != nil {
			t.Fatal(err)
		}
		body, n, err := d.Open(t.Context(), "x")
		if err != nil || n != 100_000 {
			t.Fatal(n, err)
		}
		if err := os.Truncate(filepath.Join(path, "x"), size); err != nil {
			t.Fatal(err)
		}
		p, err := io.ReadAll(body)
		if err != want || want == nil && len(p) != 100_000 {
			t.Errorf("truncated to %d: %d bytes: %v, want %v", size, len(p), err, want)
		}
		if err := body.Close(); err != nil {
			t.Error(err)
		}
	}
}

// The whole way through a directory: nothing but the bundle is in it.
func TestCreateInDir(t *testing.T) {
	path := t.TempDir()
	st := openDir(t, path)
	im, opts := fourParts()
	if _, err := Create(t.Context(), st, im, opts); err != nil {
		t.Fatal(err)
	}
	want := append([]string{"image.manifest.xml"}, parts(5)...)
	if got := names(t, path); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if err := openMem(t, st).Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
	to := openDir(t, t.TempDir())
	if done, err := Copy(t.Context(), to, st, doc, nil); err != nil || done.Sent != 5 {
		t.Errorf("copy: %+v: %v", done, err)
	}
	if done, err := Copy(t.Context(), to, st, doc, nil); err != nil || done.Kept != 5 {
		t.Errorf("copy again: %+v: %v", done, err)
	}
	if err := Remove(t.Context(), st, doc); err != nil {
		t.Error(err)
	}
	if got := names(t, path); len(got) > 0 {
		t.Errorf("%q are left", got)
	}
}
