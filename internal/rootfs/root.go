// Package rootfs is the tree of an image's files as its machine would see it: file systems mounted on one another, and
// symbolic links that are followed inside the tree and never out of it.
//
// Names are those of io/fs: without a slash in front, and "." is the root itself. What the file systems say is not
// trusted: links are followed at most 40 times, files are read up to a limit, and nothing but a regular file is opened
// for reading.
package rootfs

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// maxLinks is how many symbolic links one name may go through, as in Linux.
const maxLinks = 40

var (
	// ErrLinks is the error of a name that goes through too many symbolic links, or round in circles.
	ErrLinks = errors.New("too many levels of symbolic links")

	// ErrNotRegular is the error of reading what is not a regular file: a pipe, a device, a socket, a directory.
	ErrNotRegular = errors.New("not a regular file")
)

// A Root is the tree of an image. It is as safe for concurrent use as its file systems are, but for Mount.
type Root struct {
	mounts []mount // the longest name first; the root is the last
}

type mount struct {
	name string // "." is the root
	fsys fs.FS
}

// A place is where a name leads to: a file in one of the file systems.
type place struct {
	name  string // in the tree, without links
	mount int
	inner string // in the file system
}

// New returns the tree of fsys, which should have ReadLink and Lstat (fs.ReadLinkFS): without, it has no links.
func New(fsys fs.FS) *Root { return &Root{mounts: []mount{{".", fsys}}} }

// Mount puts fsys on name, hiding what is there. The directory need not exist, but the one that holds it must. Links
// in name are followed.
func (r *Root) Mount(name string, fsys fs.FS) error {
	at, err := r.resolve("mount", name, true)
	if errors.Is(err, fs.ErrNotExist) {
		at, err = r.resolve("mount", path.Dir(name), true)
		at.name = path.Join(at.name, path.Base(name))
	}
	if err != nil {
		return err
	}
	if slices.ContainsFunc(r.mounts, func(m mount) bool { return m.name == at.name }) {
		return &fs.PathError{Op: "mount", Path: name, Err: errors.New("something is mounted there already")}
	}
	r.mounts = append(r.mounts, mount{at.name, fsys})
	slices.SortStableFunc(r.mounts, func(a, b mount) int { return depth(b.name) - depth(a.name) })
	return nil
}

func depth(name string) int {
	if name == "." {
		return 0
	}
	return 1 + strings.Count(name, "/")
}

// find returns where name, which has no links in it, lies.
func (r *Root) find(name string) place {
	for i, m := range r.mounts {
		if m.name == name {
			return place{name, i, "."}
		}
		if inner, ok := strings.CutPrefix(name, m.name+"/"); ok {
			return place{name, i, inner}
		}
	}
	return place{name, len(r.mounts) - 1, name}
}

// resolve follows the links in name, and the last one too if asked to.
func (r *Root) resolve(op, name string, last bool) (place, error) {
	fail := func(err error) (place, error) {
		return place{}, &fs.PathError{Op: op, Path: name, Err: err}
	}
	if !valid(name) {
		return fail(fs.ErrInvalid)
	}
	at, rest, links := ".", strings.Split(name, "/"), 0
	for len(rest) > 0 {
		elem := rest[0]
		rest = rest[1:]
		if elem == "" || elem == "." {
			continue
		}
		if elem == ".." {
			at = path.Dir(at) // that of "." is "."
			continue
		}
		next := path.Join(at, elem)
		info, err := r.lstat(next)
		if err != nil {
			return fail(reason(err))
		}
		if info.Mode().Type() != fs.ModeSymlink || len(rest) == 0 && !last {
			if len(rest) > 0 && !info.IsDir() {
				return fail(fs.ErrNotExist)
			}
			at = next
			continue
		}
		if links++; links > maxLinks {
			return fail(ErrLinks)
		}
		target, err := r.readLink(next)
		if err != nil {
			return fail(reason(err))
		}
		if strings.HasPrefix(target, "/") {
			at = "."
		}
		rest = slices.Concat(strings.Split(target, "/"), rest)
	}
	return r.find(at), nil
}

// valid is fs.ValidPath without a look at UTF-8, which names of files need not be.
func valid(name string) bool { return fs.ValidPath(strings.ToValidUTF8(name, "?")) }

// reason returns what err says beyond the name, which is that in one of the file systems.
func reason(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// lstat is Lstat of a name without links before its last element.
func (r *Root) lstat(name string) (fs.FileInfo, error) {
	at := r.find(name)
	return fs.Lstat(r.mounts[at.mount].fsys, at.inner)
}

func (r *Root) readLink(name string) (string, error) {
	at := r.find(name)
	target, err := fs.ReadLink(r.mounts[at.mount].fsys, at.inner)
	if err == nil && (target == "" || len(target) > 4096) {
		err = fmt.Errorf("a link of %d bytes: %w", len(target), fs.ErrInvalid)
	}
	return target, err
}

// Stat describes what name leads to.
func (r *Root) Stat(name string) (fs.FileInfo, error) {
	at, err := r.resolve("stat", name, true)
	if err != nil {
		return nil, err
	}
	return r.lstat(at.name)
}

// Lstat describes name itself, which may be a symbolic link.
func (r *Root) Lstat(name string) (fs.FileInfo, error) {
	at, err := r.resolve("lstat", name, false)
	if err != nil {
		return nil, err
	}
	return r.lstat(at.name)
}

// ReadLink returns what the symbolic link name says, as it is.
func (r *Root) ReadLink(name string) (string, error) {
	at, err := r.resolve("readlink", name, false)
	if err != nil {
		return "", err
	}
	return r.readLink(at.name)
}

// Resolve returns the name without links of what name leads to.
func (r *Root) Resolve(name string) (string, error) {
	at, err := r.resolve("resolve", name, true)
	return at.name, err
}
