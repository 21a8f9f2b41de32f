package rootfs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
)

const (
	// maxDepth is how many directories may lie in one another, and maxName how long a name may be.
	maxDepth = 1024
	maxName  = 4096

	// maxFiles is how many files Walk goes over.
	maxFiles = 20_000_000
)

// ErrElsewhere says that a directory lies on another device than the root of its file system. What is in it is not gone
// over.
var ErrElsewhere = errors.New("another file system is mounted there")

// ErrTooMany is the error of a tree that has no end, or one that is too far away.
var ErrTooMany = errors.New("tree too large or too deep")

// A File is a file that Walk has come to: anything that has a name, directories and links included.
type File struct {
	Name string      // in the tree; no element of it is a link, but for the last
	Info fs.FileInfo // of the file itself, as Lstat has it
	root *Root
}

// Open opens a regular file for reading. It must be closed. Nothing but a regular file is opened.
func (f *File) Open() (fs.File, error) {
	if !f.Info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: f.Name, Err: ErrNotRegular}
	}
	at := f.root.find(f.Name)
	file, err := f.root.mounts[at.mount].fsys.Open(at.inner)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: f.Name, Err: reason(err)}
	}
	return file, nil
}

// Walk calls visit for every file of the tree, parents first and by name, without following links. A directory that
// it has been in before, which only a damaged file system has twice, and one that lies on another device than the
// root of its file system, which failed is told as ErrElsewhere, are visited but not entered. What cannot be read is told
// to failed, and the walk goes on.
// It stops at an error of visit, when ctx ends, and with ErrTooMany. fs.SkipDir of visit skips what is in a directory.
func (r *Root) Walk(ctx context.Context, visit func(*File) error, failed func(name string, err error)) error {
	w := &walker{root: r, ctx: ctx, visit: visit, failed: failed, seen: map[identity]bool{}}
	info, err := r.lstat(".")
	if err != nil {
		return err
	}
	return w.enter(&File{".", info, r}, identityOf(info, len(r.mounts)-1).device, 0)
}

type walker struct {
	root   *Root
	ctx    context.Context
	visit  func(*File) error
	failed func(name string, err error)
	seen   map[identity]bool // the directories
	files  int
}

// enter visits f and, if it is a directory, what is in it. The file system's root is on device.
func (w *walker) enter(f *File, device uint64, depth int) error {
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	if w.files++; w.files > maxFiles || depth > maxDepth || len(f.Name) > maxName {
		return &fs.PathError{Op: "walk", Path: f.Name[:min(len(f.Name), 256)], Err: ErrTooMany}
	}
	err := w.visit(f)
	if err == fs.SkipDir && f.Info.IsDir() {
		return nil
	}
	if err != nil || !f.Info.IsDir() {
		return err
	}
	at := w.root.find(f.Name)
	id := identityOf(f.Info, at.mount)
	if at.inner == "." {
		device = id.device
	}
	if id.device != device {
		w.failed(f.Name, ErrElsewhere)
		return nil
	}
	if id.inode != 0 {
		if w.seen[id] {
			w.failed(f.Name, errors.New("the directory is in itself, or in two"))
			return nil
		}
		w.seen[id] = true
	}
	return w.list(f, at, device, depth)
}

func (w *walker) list(dir *File, at place, device uint64, depth int) error {
	list, err := fs.ReadDir(w.root.mounts[at.mount].fsys, at.inner)
	if err != nil {
		w.failed(dir.Name, reason(err))
	}
	for _, e := range w.root.withMounts(dir.Name, list) {
		name := path.Join(dir.Name, e.Name())
		if !valid(name) || path.Dir(name) != dir.Name {
			w.failed(dir.Name, fmt.Errorf("it has an entry of the name %q", e.Name()))
			continue
		}
		info, err := e.Info()
		if err != nil {
			w.failed(name, reason(err))
			continue
		}
		if err := w.enter(&File{name, info, w.root}, device, depth+1); err != nil {
			return err
		}
	}
	return nil
}
