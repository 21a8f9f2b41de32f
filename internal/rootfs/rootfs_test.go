package rootfs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func file(content string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(content), Mode: 0o644} }

func link(target string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink | 0o777}
}

func dir() *fstest.MapFile { return &fstest.MapFile{Mode: fs.ModeDir | 0o755} }

// tree has a root, and a file system of its own on /boot.
func tree(t *testing.T) *Root {
	t.Helper()
	chain := fstest.MapFS{
		"etc/passwd":   file("root"),
		"bin":          link("usr/bin"),
		"usr/bin/sh":   link("dash"),
		"usr/bin/dash": file("program"),
		"abs":          link("/etc/passwd"),
		"up":           link("../../../etc/passwd"),
		"etc/out":      link("../../etc/../../etc/passwd"),
		"loop":         link("loop"),
		"a":            link("b"),
		"b":            link("a"),
		"dangling":     link("/etc/nothing"),
		"boot":         dir(),
		"kernel":       link("/boot/vmlinuz"),
		"pipe":         &fstest.MapFile{Mode: fs.ModeNamedPipe | 0o644},
		"null":         &fstest.MapFile{Mode: fs.ModeDevice | fs.ModeCharDevice | 0o666},
		"slashes":      link("//etc///passwd"),
		"dots":         link("./etc/./passwd"),
		"bent":         link("etc/passwd/../passwd"),
	}
	for i := range 50 {
		chain[fmt.Sprintf("c%d", i)] = link(fmt.Sprintf("c%d", i+1))
	}
	chain["c50"] = file("far")
	r := New(chain)
	boot := fstest.MapFS{"vmlinuz": link("vmlinuz-6"), "vmlinuz-6": file("kernel"), "back": link("../etc/passwd"), "root": link("/")}
	if err := r.Mount("boot", boot); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReadFile(t *testing.T) {
	r := tree(t)
	tests := []struct {
		name, want string
		err        error
	}{
		{"etc/passwd", "root", nil},
		{"bin/sh", "program", nil},
		{"abs", "root", nil},
		{"up", "root", nil},
		{"etc/out", "root", nil},
		{"slashes", "root", nil},
		{"dots", "root", nil},
		{"kernel", "kernel", nil},
		{"boot/vmlinuz", "kernel", nil},
		{"boot/back", "root", nil},
		{"boot/root/boot/root/etc/passwd", "root", nil},
		{"c11", "far", nil},
		{"c9", "", ErrLinks},
		{"loop", "", ErrLinks},
		{"a", "", ErrLinks},
		{"a/b", "", ErrLinks},
		{"dangling", "", fs.ErrNotExist},
		{"bent", "", fs.ErrNotExist},
		{"etc/passwd/x", "", fs.ErrNotExist},
		{"nothing", "", fs.ErrNotExist},
		{"pipe", "", ErrNotRegular},
		{"null", "", ErrNotRegular},
		{"etc", "", ErrNotRegular},
		{".", "", ErrNotRegular},
		{"/etc/passwd", "", fs.ErrInvalid},
		{"../etc/passwd", "", fs.ErrInvalid},
		{"", "", fs.ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := r.ReadFile(tt.name)
			if string(b) != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("got %q, %v", b, err)
			}
		})
	}
}

func TestReadUpTo(t *testing.T) {
	r := New(fstest.MapFS{"f": file("12345")})
	for limit, want := range map[int64]error{4: ErrTooLong, 5: nil, 6: nil, 0: ErrTooLong} {
		if _, err := r.ReadUpTo("f", limit); !errors.Is(err, want) {
			t.Errorf("%d: %v", limit, err)
		}
	}
}

func TestMount(t *testing.T) {
	r := tree(t)
	if err := r.Mount("boot", fstest.MapFS{}); err == nil {
		t.Error("two file systems are mounted on one directory")
	}
	if err := r.Mount("no/such", fstest.MapFS{}); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if err := r.Mount("boot/efi", fstest.MapFS{"EFI/x": file("x")}); err != nil {
		t.Fatal(err)
	}
	if b, err := r.ReadFile("boot/efi/EFI/x"); string(b) != "x" {
		t.Errorf("got %q, %v", b, err)
	}
	if err := r.Mount("extra", fstest.MapFS{"boot/vmlinuz": file("other")}); err != nil {
		t.Fatal(err)
	}
	list, err := r.ReadDir(".")
	if err != nil || !slices.ContainsFunc(list, func(e fs.DirEntry) bool { return e.Name() == "extra" && e.IsDir() }) {
		t.Error(list, err)
	}
	if b, err := r.ReadFile("boot/vmlinuz"); string(b) != "kernel" {
		t.Errorf("got %q, %v", b, err)
	}
}

func TestGlob(t *testing.T) {
	r := tree(t)
	tests := []struct {
		pattern string
		want    []string
	}{
		{"etc/pass*", []string{"etc/passwd"}},
		{"bin/*", []string{"bin/dash", "bin/sh"}},
		{"*/vmlinuz-?", []string{"boot/vmlinuz-6"}},
		{"etc/passwd/*", nil},
		{"loop/*", nil},
		{"nothing/*/x", nil},
		{"dangling", []string{"dangling"}},
		{".", []string{"."}},
	}
	for _, tt := range tests {
		got, err := r.Glob(tt.pattern)
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", tt.pattern, err, diff)
		}
	}
	if _, err := r.Glob("["); err == nil {
		t.Error("a pattern that is none is accepted")
	}
}

// TestWalk goes over everything once, links not followed.
func TestWalk(t *testing.T) {
	var got []string
	err := tree(t).Walk(context.Background(), func(f *File) error {
		if !strings.HasPrefix(f.Name, "c") {
			got = append(got, f.Name)
		}
		return nil
	}, func(name string, err error) { t.Error(name, err) })
	want := []string{
		".", "a", "abs", "b", "bent", "bin", "boot", "boot/back", "boot/root", "boot/vmlinuz", "boot/vmlinuz-6", "dangling", "dots", "etc",
		"etc/out", "etc/passwd", "kernel", "loop", "null", "pipe", "slashes", "up", "usr", "usr/bin", "usr/bin/dash", "usr/bin/sh",
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

// An endless file system has itself in each directory, and no numbers to tell them apart by.
type endless struct{ fstest.MapFS }

func (e endless) Open(name string) (fs.File, error) { return e.MapFS.Open(inner(name)) }

func (e endless) Lstat(name string) (fs.FileInfo, error) { return e.MapFS.Lstat(inner(name)) }

func (e endless) ReadDir(name string) ([]fs.DirEntry, error) {
	return fs.ReadDir(e.MapFS, ".")
}

func inner(name string) string {
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		return name[i+1:]
	}
	return name
}

func TestWalkEndless(t *testing.T) {
	r := New(endless{fstest.MapFS{"d": dir()}})
	files := 0
	err := r.Walk(context.Background(), func(*File) error { files++; return nil }, func(name string, err error) { t.Error(name, err) })
	if !errors.Is(err, ErrTooMany) || files > maxDepth+1 {
		t.Error(files, err)
	}
}

func TestWalkStops(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	enough := errors.New("enough")
	err := tree(t).Walk(ctx, func(*File) error { cancel(enough); return nil }, nil)
	if !errors.Is(err, enough) {
		t.Error(err)
	}
	if err := tree(t).Walk(context.Background(), func(*File) error { return enough }, nil); !errors.Is(err, enough) {
		t.Error(err)
	}
}

// TestDir reads a directory of this machine whose links lead out of it.
func TestDir(t *testing.T) {
	outside, inside := t.TempDir(), t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(outside, "secret"), "outside")
	if err := os.MkdirAll(filepath.Join(inside, outside), 0o755); err != nil {
		t.Fatal(err)
	}
	write(filepath.Join(inside, outside, "secret"), "inside")
	for name, target := range map[string]string{"l": filepath.Join(outside, "secret"), "d": outside, "up": "../../../../../../../.." + outside + "/secret"} {
		if err := os.Symlink(target, filepath.Join(inside, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(inside, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	d, err := Dir(inside)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	r := New(d)
	for _, name := range []string{"l", "d/secret", "up"} {
		if b, err := r.ReadFile(name); string(b) != "inside" {
			t.Errorf("%s: got %q, %v", name, b, err)
		}
	}
	if _, err := r.Open("pipe"); !errors.Is(err, ErrNotRegular) {
		t.Error(err)
	}
	if f, err := d.Open("pipe"); !errors.Is(err, ErrNotRegular) {
		t.Error(f, err)
	}
	if _, err := d.Open("d/secret"); err == nil {
		t.Error("a link out of the directory is followed")
	}
	info, err := r.Lstat("l")
	if err != nil {
		t.Fatal(err)
	}
	if uid, _, ok := Owner(info); !ok || int(uid) != os.Getuid() {
		t.Error(uid, ok)
	}
	var got []string
	err = r.Walk(context.Background(), func(f *File) error { got = append(got, f.Name); return nil }, func(name string, err error) { t.Error(name, err) })
	if err != nil || !slices.Contains(got, "l") || !slices.Contains(got, "pipe") || len(got) < 6 {
		t.Error(got, err)
	}
}

// FuzzResolve has links of any kind lead somewhere in the tree, or nowhere.
func FuzzResolve(f *testing.F) {
	f.Add("a/b", "../../x", "/a")
	f.Add("l/l/l", "l", "..")
	f.Fuzz(func(t *testing.T, name, first, second string) {
		r := New(fstest.MapFS{"l": link(first), "d/m": link(second), "d/f": file("x")})
		at, err := r.Resolve(name)
		if err == nil && !valid(at) {
			t.Errorf("%q leads to %q", name, at)
		}
	})
}

// Names of files are bytes: those of old archives are in Latin-1.
func TestNamesOfBytes(t *testing.T) {
	const name = "caf\xe9/na\xefve"
	tree := t.TempDir()
	if err := os.Mkdir(filepath.Join(tree, "caf\xe9"), 0o755); errors.Is(err, syscall.EILSEQ) {
		t.Skip("the file system takes UTF-8 only")
	}
	if err := os.WriteFile(filepath.Join(tree, name), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	d, err := Dir(tree)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	r := New(d)
	if b, err := r.ReadFile(name); err != nil || string(b) != "x" {
		t.Errorf("%q, %v", b, err)
	}
	seen := false
	visit := func(f *File) error {
		if has, err := f.HasXattr("security.capability"); f.Name == name && (has || err != nil) {
			t.Error(has, err)
		}
		seen = seen || f.Name == name
		return nil
	}
	err = r.Walk(t.Context(), visit, func(name string, err error) { t.Errorf("%q: %v", name, err) })
	if err != nil || !seen {
		t.Error(seen, err)
	}
}

// A directory may be full of files, as /tmp is at times.
func TestGlobOfMany(t *testing.T) {
	full := fstest.MapFS{}
	for i := range 20_000 {
		full[fmt.Sprintf("tmp/%d", i)] = file("")
	}
	if names, err := New(full).Glob("tmp/*"); err != nil || len(names) != len(full) {
		t.Error(len(names), err)
	}
}
