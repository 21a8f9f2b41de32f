package rootfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// ConfigSize is the limit for a file of configuration, in bytes.
const ConfigSize = 1 << 20

// ErrTooLong is the error of a file that is longer than the limit of the reader.
var ErrTooLong = errors.New("file too long")

// Open opens the regular file or directory that name leads to. Nothing else is opened: the error is ErrNotRegular.
func (r *Root) Open(name string) (fs.File, error) {
	at, err := r.resolve("open", name, true)
	if err != nil {
		return nil, err
	}
	return r.open(at)
}

// open looks before it opens, as opening a pipe may take for ever.
func (r *Root) open(at place) (fs.File, error) {
	fsys := r.mounts[at.mount].fsys
	info, err := fs.Lstat(fsys, at.inner)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: at.name, Err: reason(err)}
	}
	if !info.Mode().IsRegular() && !info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: at.name, Err: ErrNotRegular}
	}
	f, err := fsys.Open(at.inner)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: at.name, Err: reason(err)}
	}
	return f, nil
}

// ReadFile reads the regular file that name leads to, of ConfigSize bytes at most: one that is longer is ErrTooLong.
func (r *Root) ReadFile(name string) ([]byte, error) { return r.ReadUpTo(name, ConfigSize) }

// ReadUpTo is ReadFile with a limit of its own.
func (r *Root) ReadUpTo(name string, limit int64) ([]byte, error) {
	f, err := r.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fail := func(err error) ([]byte, error) {
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	info, err := f.Stat()
	if err != nil {
		return fail(reason(err))
	}
	if !info.Mode().IsRegular() {
		return fail(ErrNotRegular)
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return fail(reason(err))
	}
	if int64(len(b)) > limit {
		return fail(fmt.Errorf("%w: more than %d bytes", ErrTooLong, limit))
	}
	return b, nil
}

// ReadDir lists the directory that name leads to, by name; directories that only a mount makes are in it.
func (r *Root) ReadDir(name string) ([]fs.DirEntry, error) {
	at, err := r.resolve("readdir", name, true)
	if err != nil {
		return nil, err
	}
	list, err := fs.ReadDir(r.mounts[at.mount].fsys, at.inner)
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: reason(err)}
	}
	return r.withMounts(at.name, list), nil
}

// withMounts puts into the list of the directory name what is mounted in it.
func (r *Root) withMounts(name string, list []fs.DirEntry) []fs.DirEntry {
	for _, m := range r.mounts {
		if m.name == "." || path.Dir(m.name) != name {
			continue
		}
		info, err := fs.Lstat(m.fsys, ".")
		if err != nil {
			continue // whoever goes there is told
		}
		list = slices.DeleteFunc(list, func(e fs.DirEntry) bool { return e.Name() == path.Base(m.name) })
		list = append(list, fs.FileInfoToDirEntry(mountPoint{info, path.Base(m.name)}))
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return list
}

// A mountPoint is the root of a file system under the name that it is mounted on.
type mountPoint struct {
	fs.FileInfo
	name string
}

func (m mountPoint) Name() string { return m.name }

// Exists tells whether name leads to anything. An error other than that it does not is an error.
func (r *Root) Exists(name string) (bool, error) {
	_, err := r.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// maxGlob is how many names a pattern may match.
const maxGlob = 1_000_000

// Glob returns the names, sorted, that match the pattern of path.Match. Links in it are followed. Unlike fs.Glob it
// returns the errors of reading directories, but for those that are not there.
func (r *Root) Glob(pattern string) ([]string, error) {
	if _, err := path.Match(pattern, ""); err != nil {
		return nil, fmt.Errorf("%s: %w", pattern, err)
	}
	names := []string{"."}
	for elem := range strings.SplitSeq(pattern, "/") {
		var next []string
		for _, name := range names {
			found, err := r.match(name, elem)
			if err != nil {
				return nil, err
			}
			if next = append(next, found...); len(next) > maxGlob {
				return nil, fmt.Errorf("%s: more than %d names", pattern, maxGlob)
			}
		}
		names = next
	}
	return names, nil
}

// match returns the entries of the directory dir that match one element of a pattern.
func (r *Root) match(dir, elem string) ([]string, error) {
	if !strings.ContainsAny(elem, `*?[\`) {
		name := path.Join(dir, elem)
		if _, err := r.Lstat(name); err != nil {
			return nil, unlessAbsent(err)
		}
		return []string{name}, nil
	}
	info, err := r.Stat(dir)
	if err != nil || !info.IsDir() {
		return nil, unlessAbsent(err)
	}
	list, err := r.ReadDir(dir)
	if err != nil {
		return nil, unlessAbsent(err)
	}
	var names []string
	for _, e := range list {
		if ok, _ := path.Match(elem, e.Name()); ok {
			names = append(names, path.Join(dir, e.Name()))
		}
	}
	return names, nil
}

func unlessAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrLinks) {
		return nil
	}
	return err
}
