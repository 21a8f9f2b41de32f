package filesystem

import (
	"cmp"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"amiforge/diskimg/inspect"
)

const (
	maxFiles = 1 << 20 // of one file system, that are listed
	maxDepth = 64      // directories in each other
)

// A file is a file or directory of a tree. All but the files in a directory is fixed.
type file struct {
	name    string
	path    string // from the root, as io/fs has it
	depth   int
	size    int64
	mode    fs.FileMode
	modTime time.Time
	sys     any
	link    string

	once  sync.Once // before what follows
	files []*file   // by name
	err   error
}

// A tree is the FS of what go-diskfs reads. Directories are listed once and kept.
type tree struct {
	driver *driver
	root   *file
	fold   bool // names are found whatever their case

	mu    sync.Mutex
	count int // files that were listed
}

var _ FS = (*tree)(nil)

func openForeign(found *inspect.FileSystem, r io.ReaderAt, size int64) (FS, error) {
	if err := check(found, r, size); err != nil {
		return nil, err
	}
	d, err := openDriver(found, r, size)
	if err != nil {
		return nil, err
	}
	t := &tree{driver: d, root: &file{name: ".", path: ".", mode: fs.ModeDir | 0o755}, fold: found.Type == "vfat"}
	_, err = t.list(t.root)
	return t, err
}

// list returns the files in dir.
func (t *tree) list(dir *file) ([]*file, error) {
	dir.once.Do(func() { dir.files, dir.err = t.read(dir) })
	return dir.files, dir.err
}

func (t *tree) read(dir *file) ([]*file, error) {
	if dir.depth > maxDepth {
		return nil, damagedf("more than %d directories are in each other", maxDepth)
	}
	list, err := t.driver.list(dir.path)
	if err != nil {
		return nil, err
	}
	if err := t.add(len(list)); err != nil {
		return nil, err
	}
	for _, f := range list {
		if f.name == "" || f.name == "." || f.name == ".." || strings.ContainsAny(f.name, "/\x00") || f.size < 0 {
			return nil, damagedf("%q of %d bytes is no file", f.name, f.size)
		}
		f.path, f.depth = path.Join(dir.path, f.name), dir.depth+1
	}
	slices.SortFunc(list, func(a, b *file) int { return cmp.Compare(a.name, b.name) })
	for i, f := range list[min(1, len(list)):] {
		if f.name == list[i].name {
			return nil, damagedf("%q is there twice", f.name)
		}
	}
	return list, nil
}

func (t *tree) add(n int) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.count += n; t.count > maxFiles {
		return unsupportedf("more than %d files", maxFiles)
	}
	return nil
}

// find returns the file of dir that is called name, or else fs.ErrNotExist.
func (t *tree) find(dir *file, name string) (*file, error) {
	list, err := t.list(dir)
	if err != nil {
		return nil, err
	}
	i, ok := slices.BinarySearchFunc(list, name, func(f *file, name string) int { return cmp.Compare(f.name, name) })
	if ok {
		return list[i], nil
	}
	if t.fold {
		if i := slices.IndexFunc(list, func(f *file) bool { return strings.EqualFold(f.name, name) }); i >= 0 {
			return list[i], nil
		}
	}
	return nil, fs.ErrNotExist
}

func (f *file) Name() string               { return f.name }
func (f *file) Size() int64                { return f.size }
func (f *file) Mode() fs.FileMode          { return f.mode }
func (f *file) ModTime() time.Time         { return f.modTime }
func (f *file) IsDir() bool                { return f.mode.IsDir() }
func (f *file) Sys() any                   { return f.sys }
func (f *file) Type() fs.FileMode          { return f.mode.Type() }
func (f *file) Info() (fs.FileInfo, error) { return f, nil }
func (f *file) String() string             { return fs.FormatFileInfo(f) }
