package filesystem

import (
	"cmp"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"amiforge/diskimg/inspect"
)

const (
	maxFiles = 1 << 20   // of one file system, that are listed
	maxNames = 128 << 20 // bytes of their names and links
	maxDepth = 256       // directories in each other
)

// A file is a file or directory of a tree. All but the files in a directory is fixed.
type file struct {
	name    string
	parent  *file
	size    int64
	mode    fs.FileMode
	modTime time.Time
	link    string
	id      int64 // of a directory: no other one has it; 0 if it is not known
	entry   entry

	once  sync.Once // before what follows
	files []*file   // by name
	err   error
}

// An entry is what a kind of file system knows of a file. It may be used concurrently.
type entry interface {
	// list adds the files of a directory, in any order and with names of any kind, until add fails.
	list(add func(*file) error) error

	// content returns the content of a regular file, which is not empty.
	content(size int64) (io.ReaderAt, error)
}

// A tree is the FS of all that package ext4 does not read. Directories are listed once and kept.
type tree struct {
	root *file
	fold bool // names are found whatever their case

	mu    sync.Mutex
	files int // that were listed
	names int // bytes of names and links
}

var _ FS = (*tree)(nil)

func openForeign(found *inspect.FileSystem, r io.ReaderAt, size int64) (FS, error) {
	if found.Size > size {
		return nil, damagedf("is of %d bytes, there are %d", found.Size, size)
	}
	root, err := openRoot(found, r, size)
	if err != nil {
		return nil, err
	}
	t := &tree{root: &file{name: ".", mode: fs.ModeDir | 0o755, id: -1, entry: root}, fold: found.Type == "vfat"}
	_, err = t.list(t.root)
	return t, err
}

// openRoot returns the root directory.
func openRoot(found *inspect.FileSystem, r io.ReaderAt, size int64) (entry, error) {
	switch found.Type {
	case "vfat":
		return openFAT(found, r)
	case "iso9660":
		return openISO(r, size)
	}
	return openSquash(r)
}

// list returns the files in dir.
func (t *tree) list(dir *file) ([]*file, error) {
	dir.once.Do(func() { dir.files, dir.err = t.read(dir) })
	return dir.files, dir.err
}

func (t *tree) read(dir *file) ([]*file, error) {
	if err := dir.nested(); err != nil {
		return nil, err
	}
	var list []*file
	err := dir.entry.list(func(f *file) error {
		list = append(list, f)
		return t.count(f)
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b *file) int { return cmp.Compare(a.name, b.name) })
	for i, f := range list {
		if f.name == "" || f.name == "." || f.name == ".." || strings.ContainsAny(f.name, "/\x00") || f.size < 0 {
			return nil, damagedf("%q of %d bytes is no file", f.name, f.size)
		}
		if i > 0 && f.name == list[i-1].name {
			return nil, damagedf("%q is there twice", f.name)
		}
		f.parent = dir
	}
	return list, nil
}

// nested looks at the directories that dir is in.
func (dir *file) nested() error {
	depth := 0
	for up := dir.parent; up != nil; up = up.parent {
		if depth++; depth > maxDepth {
			return unsupportedf("more than %d directories are in each other", maxDepth)
		}
		if dir.id != 0 && up.id == dir.id {
			return damagedf("the directory is in itself")
		}
	}
	return nil
}

// count holds the memory that the tree takes in bounds.
func (t *tree) count(f *file) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.files++
	t.names += len(f.name) + len(f.link)
	if t.files > maxFiles || t.names > maxNames {
		return unsupportedf("more than %d files, or %d bytes of their names", maxFiles, maxNames)
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
func (f *file) Sys() any                   { return nil }
func (f *file) Type() fs.FileMode          { return f.mode.Type() }
func (f *file) Info() (fs.FileInfo, error) { return f, nil }
func (f *file) String() string             { return fs.FormatFileInfo(f) }
