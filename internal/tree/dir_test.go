package tree

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"amiforge/diskimg"
	"amiforge/internal/oracle"
)

// plant makes files below a new directory, as items does.
func plant(t testing.TB, list ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, text := range list {
		name, content, _ := strings.Cut(text, ":")
		path := filepath.Join(root, name)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if dir, ok := strings.CutSuffix(text, "/"); ok {
			err = os.MkdirAll(filepath.Join(root, dir), 0o755)
		} else if name, first, ok := strings.Cut(text, "="); ok {
			err = os.Link(filepath.Join(root, first), filepath.Join(root, name))
		} else if name, target, ok := strings.Cut(text, ">"); ok {
			err = os.Symlink(target, filepath.Join(root, name))
		} else if err == nil {
			err = os.WriteFile(path, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func openDir(t testing.TB, root string, opts *DirOptions) Source {
	t.Helper()
	src, err := OpenDir(t.Context(), root, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close() })
	return src
}

func TestDirOrder(t *testing.T) {
	root := plant(t, "b/x:1", "a", "b.c:2", "b/y/z:3", "c>../../etc", "d/")
	wantLines(t, names(t, openDir(t, root, nil)), ".", "a", "b", "b/x", "b/y", "b/y/z", "b.c", "c", "d")
}

func TestDirAttributes(t *testing.T) {
	root := plant(t, "file:content", "other=file", "link>file", "dir/deep:x", "dir/again=file")
	stamp := time.Unix(1234567890, 123456789)
	for _, err := range []error{
		unix.Mkfifo(filepath.Join(root, "fifo"), 0o600),
		os.Chmod(filepath.Join(root, "file"), 0o640|fs.ModeSetuid),
		os.Chmod(filepath.Join(root, "dir"), 0o770|fs.ModeSticky),
		os.Chmod(filepath.Join(root, "fifo"), 0o600),
		os.Chtimes(filepath.Join(root, "file"), stamp.Add(1), stamp),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	src := openDir(t, root, nil)
	uid := uint32(os.Getuid())
	found := map[string]Item{}
	for {
		item, err := src.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if item.UID != uid {
			t.Errorf("%s is of %d, want %d", item.Name, item.UID, uid)
		}
		found[item.Name] = *item
	}
	file := found["dir/again"] // the first by name
	if !file.ModTime.Equal(stamp) || !file.AccessTime.Equal(stamp.Add(1)) || file.ChangeTime.IsZero() {
		t.Errorf("times are %v, %v and %v", file.ModTime, file.AccessTime, file.ChangeTime)
	}
	modes := map[string]fs.FileMode{
		"dir/again": 0o640 | fs.ModeSetuid, "file": 0o640 | fs.ModeSetuid, "dir": 0o770 | fs.ModeDir | fs.ModeSticky,
		"link": 0o777 | fs.ModeSymlink, "fifo": 0o600 | fs.ModeNamedPipe,
	}
	for name, mode := range modes {
		if found[name].Mode != mode {
			t.Errorf("%s: %v, want %v", name, found[name].Mode, mode)
		}
	}
	if found["file"].HardLink != "dir/again" || found["other"].HardLink != "dir/again" || found["link"].Link != "file" {
		t.Errorf("links are wrong: %+v", found)
	}
}

// TestDirXattrs has attributes that any user may set, if the file system has them.
func TestDirXattrs(t *testing.T) {
	root := plant(t, "file:x", "dir/")
	for _, name := range []string{"file", "dir"} {
		for _, x := range []string{"user.b", "user.a"} {
			if err := unix.Setxattr(filepath.Join(root, name), x, []byte(x+"\x00"), 0); err != nil {
				oracle.Skipf(t, "no extended attributes: %v", err)
			}
		}
	}
	src := openDir(t, root, nil)
	for range 3 {
		item, err := src.Next()
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%q", item.Xattrs); item.Name != "." && got != `[{"user.a" "user.a\x00"} {"user.b" "user.b\x00"}]` {
			t.Errorf("%s: %s", item.Name, got)
		}
	}
}

// TestDirSizes has files around what is read ahead.
func TestDirSizes(t *testing.T) {
	sizes := []int{0, 1, smallFile - 1, smallFile, smallFile + 1, 2 * smallFile, parcelContent, parcelContent + 1, 3<<20 + 7}
	root := t.TempDir()
	for i := range 6 * len(sizes) {
		n := sizes[i%len(sizes)]
		if err := os.WriteFile(filepath.Join(root, fmt.Sprintf("%03d", i)), bytes.Repeat([]byte{byte(i + 1)}, n), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	src := openDir(t, root, nil)
	for i := -1; ; i++ {
		item, err := src.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if i < 0 {
			continue
		}
		p, err := io.ReadAll(item.Content)
		if err != nil || !bytes.Equal(p, bytes.Repeat([]byte{byte(i + 1)}, sizes[i%len(sizes)])) || item.Size != int64(len(p)) {
			t.Errorf("%s: %d bytes of %d, or others (%v)", item.Name, len(p), sizes[i%len(sizes)], err)
		}
	}
}

func TestDirHoles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sparse")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteAt([]byte("middle"), 2<<20)
	if err := errors.Join(f.Truncate(5<<30), f.Close()); err != nil {
		t.Fatal(err)
	}
	src := openDir(t, filepath.Dir(path), nil)
	src.Next()
	item, err := src.Next()
	if err != nil {
		t.Fatal(err)
	}
	sparse, ok := item.Content.(diskimg.Source)
	if !ok {
		t.Skip("the file system has no holes")
	}
	var n int64
	for {
		e, err := sparse.Next()
		if err == io.EOF {
			break
		}
		p, err := io.ReadAll(sparse)
		if err != nil || int64(len(p)) != e.Length || e.Offset <= 2<<20 && !bytes.Contains(p, []byte("middle")) {
			t.Errorf("%v: %d bytes, %v", e, len(p), err)
		}
		n += e.Length
	}
	if item.Size != 5<<30 || n > 1<<20 {
		t.Errorf("%d bytes, %d of data", item.Size, n)
	}
}

// TestDirSkip leaves out files; a hard link to one becomes the file.
func TestDirSkip(t *testing.T) {
	root := plant(t, "a:content", "b=a", "c=a", "mnt/x/y:1")
	skip := func(name string, _ bool) bool { return name == "a" || name == "mnt" }
	lines, err := describe(t, openDir(t, root, &DirOptions{Skip: skip}))
	if err != nil {
		t.Fatal(err)
	}
	owner := fmt.Sprintf("%d:%d", os.Getuid(), os.Getgid())
	wantLines(t, lines[1:], "b -rw-r--r-- "+owner+" content", "c is b", "mnt drwxr-xr-x "+owner)
}

// TestDirChanges changes files between the walk and the reading, which a file that is large needs.
func TestDirChanges(t *testing.T) {
	const size = 4 << 20
	tests := map[string]struct {
		change func(path string) error
		warns  string
		want   []byte
	}{
		"shrinks": {func(p string) error { return os.Truncate(p, 100) }, "shrank", append(bytes.Repeat([]byte{1}, 100), make([]byte, size-100)...)},
		"grows":   {func(p string) error { return os.Truncate(p, size+1) }, "changed", bytes.Repeat([]byte{1}, size)},
		"touched": {func(p string) error { return os.Chtimes(p, time.Time{}, time.Unix(1, 0)) }, "changed", bytes.Repeat([]byte{1}, size)},
		"removed": {os.Remove, "", bytes.Repeat([]byte{1}, size)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			root := plant(t, "large:"+strings.Repeat("\x01", size))
			var warned []string
			src := openDir(t, root, &DirOptions{Warn: func(s string) { warned = append(warned, s) }})
			src.Next()
			item, err := src.Next()
			if err != nil {
				t.Fatal(err)
			}
			if err := tt.change(filepath.Join(root, "large")); err != nil {
				t.Fatal(err)
			}
			p, err := io.ReadAll(item.Content)
			if err != nil || !bytes.Equal(p, tt.want) {
				t.Errorf("%d bytes, or others (%v)", len(p), err)
			}
			if len(warned) > 1 || !strings.Contains(strings.Join(warned, ""), tt.warns) || tt.warns == "" && len(warned) > 0 {
				t.Errorf("it warns %q", warned)
			}
		})
	}
}

// TestDirSwapped has another file under a name than a moment ago.
func TestDirSwapped(t *testing.T) {
	outside := plant(t, "secret:x")
	path := plant(t, "file:x", "pipe:y", "link>file", "dir/in:x", "again/in:x", "gone:z")
	tests := map[string]struct {
		name string
		swap func(path string) error
	}{
		"a link for a file": {"file", func(p string) error {
			return errors.Join(os.Remove(p), os.Symlink(filepath.Join(outside, "secret"), p))
		}},
		"a pipe for a file":      {"pipe", func(p string) error { return errors.Join(os.Remove(p), unix.Mkfifo(p, 0o600)) }},
		"a file for a link":      {"link", func(p string) error { return errors.Join(os.Remove(p), os.WriteFile(p, nil, 0o600)) }},
		"another directory":      {"again", func(p string) error { return errors.Join(os.Mkdir(p+"~", 0o700), os.RemoveAll(p), os.Rename(p+"~", p)) }},
		"a link for a directory": {"dir", func(p string) error { return errors.Join(os.RemoveAll(p), os.Symlink(outside, p)) }},
		"nothing":                {"gone", os.Remove},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			root, st, err := openRoot(path)
			if err != nil {
				t.Fatal(err)
			}
			dir := newDirectory(root)
			defer dir.release()
			e := entry{name: tt.name, dir: dir}
			var was unix.Stat_t
			if err := e.stat(&was); err != nil {
				t.Fatal(err)
			}
			e.kind = kindOf(&was)
			if err := tt.swap(filepath.Join(path, tt.name)); err != nil {
				t.Fatal(err)
			}
			shared := &dirTree{ctx: t.Context(), opts: &DirOptions{}, path: path, device: deviceOf(st)}
			w, r := newWalker(shared, nil, nil), newReader(shared)
			if e.kind == kindDir {
				if err := w.descend(e, &was); err != nil {
					t.Fatal(err)
				}
				e = w.batch.entries[0]
			}
			r.parcel = newParcel()
			r.entry(&e)
			if r.parcel.err != nil || len(r.parcel.items) > 0 || len(r.parcel.warnings) != 1 {
				t.Errorf("%v, %v, %q", r.parcel.err, r.parcel.items, r.parcel.warnings)
			}
		})
	}
}

// TestDirElsewhere has a device for the tree that none of its files has, as in an overlay whose layers are on several file
// systems. Files come all the same, since nothing is mounted on them; directories are those of other file systems.
func TestDirElsewhere(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells what is mounted")
	}
	path := plant(t, "file:x", "link>file", "dir/in:x", "skipped/in:x")
	root, st, err := openRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := newDirectory(root)
	defer dir.release()
	skip := func(name string, _ bool) bool { return name == "skipped" }
	shared := &dirTree{ctx: t.Context(), opts: &DirOptions{OneFileSystem: true, Skip: skip}, path: path, device: deviceOf(st) + 1}
	shared.links.names = map[inode]firstName{}
	w, r := newWalker(shared, nil, nil), newReader(shared)
	for _, name := range []string{"file", "link", "dir", "skipped"} {
		if err := w.entry(entry{name: name, dir: dir}); err != nil {
			t.Fatal(err)
		}
	}
	r.parcel = newParcel()
	for i := range w.batch.entries {
		r.entry(&w.batch.entries[i])
	}
	var got []string
	for _, item := range r.parcel.items {
		got = append(got, item.Name)
	}
	wantLines(t, got, "file", "link", "dir", "skipped")
	wantLines(t, r.parcel.warnings, filepath.Join(path, "dir")+" is on another file system: left out (-a takes it along)")
}

func TestDirSocket(t *testing.T) {
	root := plant(t, "a")
	l, err := net.Listen("unix", filepath.Join(root, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var warned []string
	got := names(t, openDir(t, root, &DirOptions{Warn: func(s string) { warned = append(warned, s) }}))
	if wantLines(t, got, ".", "a"); len(warned) != 1 || !strings.Contains(warned[0], "socket") {
		t.Errorf("it warns %q", warned)
	}
}

// TestDirDenied has what may not be read: all of it is named. Root may read all, so the system's answers are played then.
func TestDirDenied(t *testing.T) {
	root := plant(t, "a:1", "b:2", "dir/c:3", "names/skipped/d:4", "names/e/f:5", "z:4")
	for _, name := range []string{"a", "dir", "z"} {
		if err := os.Chmod(filepath.Join(root, name), 0); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { os.Chmod(filepath.Join(root, "dir"), 0o700) })
	if err := os.Chmod(filepath.Join(root, "names"), 0o444); err != nil { // which tells no more than names
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(filepath.Join(root, "names"), 0o700) })
	var denied DeniedError
	if os.Getuid() == 0 {
		for i := range 12 {
			denied.add(fmt.Sprint("/f", i))
		}
		if got := denied.Error(); !strings.HasPrefix(got, "/f0, /f1") || !strings.Contains(got, " and 2 more: permission denied: run as root") {
			t.Error(got)
		}
		return
	}
	skip := func(name string, _ bool) bool { return name == "names/skipped" }
	_, err := describe(t, openDir(t, root, &DirOptions{Skip: skip}))
	got, ok := errors.AsType[*DeniedError](err)
	if !ok || got.Count != 4 || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("%v", err)
	}
}

func TestDirRefuses(t *testing.T) {
	root := plant(t, "file:x")
	for _, path := range []string{filepath.Join(root, "file"), filepath.Join(root, "none"), ""} {
		if _, err := OpenDir(t.Context(), path, nil); err == nil {
			t.Errorf("%q is opened", path)
		}
	}
}

func TestDirEnds(t *testing.T) {
	root := t.TempDir()
	for i := range 3000 {
		if err := os.WriteFile(filepath.Join(root, fmt.Sprint(i)), make([]byte, i*100), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	enough := errors.New("enough")
	for _, after := range []int{0, 1, 200, 2500} {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			src, err := OpenDir(ctx, root, nil)
			if err != nil {
				t.Fatal(err)
			}
			for range after {
				if _, err := src.Next(); err != nil {
					t.Fatal(err)
				}
			}
			cancel(enough)
			for err == nil {
				_, err = src.Next()
			}
			if !errors.Is(err, enough) {
				t.Error(err)
			}
			if err := src.Close(); err != nil {
				t.Error(err)
			}
			if _, err := src.Next(); err == nil || err == io.EOF {
				t.Errorf("after Close: %v", err)
			}
		})
	}
	if open := openFiles(t); slices.ContainsFunc(open, func(s string) bool { return strings.HasPrefix(s, root) }) {
		t.Errorf("left open: %q", open)
	}
}

func openFiles(t *testing.T) []string {
	fds, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	var open []string
	for _, fd := range fds {
		if path, err := os.Readlink(fd); err == nil {
			open = append(open, path)
		}
	}
	return open
}

// TestDirLinksFar has the names of files far from one another, so that several readers come upon them at the same time.
func TestDirLinksFar(t *testing.T) {
	root := t.TempDir()
	const files = 300
	large := bytes.Repeat([]byte("large"), smallFile)
	for i := range files {
		first := filepath.Join(root, "b", fmt.Sprintf("%03d", i))
		content := []byte(first)
		if i%50 == 0 {
			content = large
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(first), 0o755), os.WriteFile(first, content, 0o644)); err != nil {
			t.Fatal(err)
		}
		for _, dir := range []string{"a", "c", "b/x"} {
			name := filepath.Join(root, dir, fmt.Sprintf("%03d", files-i))
			if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.Link(first, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 5 {
		lines, err := describe(t, openDir(t, root, nil))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			name, first, linked := strings.Cut(line, " is ")
			isFirst := strings.HasPrefix(line, "a/") || strings.Contains(line, "drwx")
			if linked == isFirst || linked && !strings.HasPrefix(first, "a/") {
				t.Errorf("%s: %s", name, line)
			}
		}
		if len(lines) != 5+4*files {
			t.Errorf("%d items", len(lines))
		}
	}
}

// TestDirFails has an error in the middle, which comes after what was before it, and leaves nothing open or running.
func TestDirFails(t *testing.T) {
	root := t.TempDir()
	for i := range 1000 {
		if err := os.WriteFile(filepath.Join(root, fmt.Sprintf("%04d", i)), make([]byte, i*200), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := runtime.NumGoroutine()
	src := openDir(t, root, nil).(*dirSource)
	failure := errors.New("the disk is broken")
	n := 0
	for {
		_, err := src.Next()
		if n++; n == 500 { // as a reader does that finds it
			src.current.items, src.current.err = src.current.items[:src.at], failure
		}
		if err != nil {
			if err != failure || n != 501 {
				t.Errorf("after %d items: %v", n-1, err)
			}
			break
		}
	}
	if _, err := src.Next(); err != failure {
		t.Errorf("then: %v", err)
	}
	if err := src.Close(); err != nil {
		t.Error(err)
	}
	if open := openFiles(t); slices.ContainsFunc(open, func(s string) bool { return strings.HasPrefix(s, root) }) {
		t.Errorf("left open: %q", open)
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}

// TestDirReaderFails has what each error of the system means.
func TestDirReaderFails(t *testing.T) {
	r := newReader(&dirTree{ctx: t.Context(), path: "/root"})
	r.batch = newBatch(0)
	for _, tt := range []struct {
		err           error
		warns, denies int
		ends          bool
	}{
		{unix.ENOENT, 1, 0, false},
		{unix.ESTALE, 1, 0, false},
		{unix.ELOOP, 1, 0, false},
		{errSwapped, 1, 0, false},
		{errElsewhere, 1, 0, false},
		{unix.EACCES, 0, 1, false},
		{unix.EPERM, 0, 1, false},
		{unix.EIO, 0, 0, true},
		{unix.EMFILE, 0, 0, true},
	} {
		r.parcel = newParcel()
		r.entry(&entry{name: "a", op: "open", err: tt.err})
		if p := r.parcel; len(p.warnings) != tt.warns || len(p.denied) != tt.denies || (p.err != nil) != tt.ends || len(p.items) > 0 {
			t.Errorf("%v: %q, %q, %v", tt.err, p.warnings, p.denied, p.err)
		}
	}
}
