package ext4

import (
	"io/fs"
	"slices"
	"strings"
	"syscall"
)

const (
	maxLinks = 40   // symbolic links on a path, as Linux has it
	maxPath  = 4096 // bytes of a path: in a million directories in each other, to find each would take half a million steps

	maxWalkNames = 8 * maxDirEntries // of the directories on a path: links may lead to and fro between large ones
)

// A walker goes down a path.
type walker struct {
	f     *FS
	trail []uint32 // directories from the root down
	links int
	names int // of the directories so far
}

// walk finds the inode of name. A link at its end is followed if follow says so.
func (f *FS) walk(name string, follow bool) (*readNode, error) {
	w, last, err := f.walker(name, follow)
	if err != nil || last != nil {
		return last, err
	}
	return f.node(w.trail[len(w.trail)-1])
}

// walkDirectory finds the directory name.
func (f *FS) walkDirectory(name string) (*readDir, error) {
	w, last, err := f.walker(name, true)
	switch {
	case err != nil:
		return nil, err
	case last != nil:
		return nil, syscall.ENOTDIR
	}
	return w.here()
}

// walker goes to where name leads: to the end of its trail, or to last, if it is no directory.
func (f *FS) walker(name string, follow bool) (w *walker, last *readNode, err error) {
	switch {
	case len(name) > maxPath:
		return nil, nil, syscall.ENAMETOOLONG
	case !valid(name):
		return nil, nil, fs.ErrInvalid
	}
	w = &walker{f: f, trail: []uint32{rootInode}}
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		if err = w.start(name[:i]); err != nil {
			return nil, nil, err
		}
		name = name[i+1:]
	}
	last, err = w.walk(name, follow)
	return w, last, err
}

// start begins in the directory dir. What leads to it is kept: a walk through the directories above would read them
// again, if they are too large to be kept.
func (w *walker) start(dir string) error {
	found, err := w.f.trails.get(dir, func() (walker, int64, error) {
		up, last, err := w.f.walker(dir, true)
		if err == nil && last != nil {
			err = syscall.ENOTDIR
		}
		if err != nil {
			return walker{}, 0, err
		}
		return *up, int64(128 + len(dir) + 4*len(up.trail)), nil
	})
	if err == nil {
		*w = found
		w.trail = slices.Clone(w.trail)
	}
	return err
}

// walk goes on along path, and returns what is at its end if that is no directory.
func (w *walker) walk(path string, follow bool) (last *readNode, err error) {
	for rest := path; rest != ""; {
		var part string
		part, rest, _ = strings.Cut(rest, "/")
		if last, err = w.step(part); err != nil {
			return nil, err
		}
		if last != nil && last.kind() == typeSymlink && (follow || rest != "") {
			if rest, err = w.follow(last, rest); err != nil {
				return nil, err
			}
			last = nil
		}
		if last != nil && rest != "" {
			return nil, syscall.ENOTDIR
		}
	}
	return last, nil
}

// step goes on to part, and returns its inode if that is no directory.
func (w *walker) step(part string) (*readNode, error) {
	switch part {
	case "", ".":
		return nil, nil
	case "..":
		if len(w.trail) > 1 {
			w.trail = w.trail[:len(w.trail)-1]
		}
		return nil, nil
	}
	d, err := w.here()
	if err != nil {
		return nil, err
	}
	e, ok := d.find(part)
	if !ok {
		return nil, fs.ErrNotExist
	}
	if e.kind != dirDir {
		n, err := w.f.entryNode(e)
		if err != nil || n.kind() != typeDir {
			return n, err
		}
	}
	w.trail = append(w.trail, e.number)
	_, err = w.here()
	if err != nil && !isEncrypted(err) {
		return nil, err
	}
	return nil, nil
}

func (w *walker) here() (*readDir, error) {
	last := len(w.trail) - 1
	d, err := w.f.directory(w.trail[last], w.trail[max(last-1, 0)])
	if err != nil {
		return nil, err
	}
	if w.names += len(d.entries); w.names > maxWalkNames {
		return nil, unsupportedf("the path leads through directories of more than %d names", maxWalkNames)
	}
	return d, nil
}

// follow returns where to go from the link n on, with rest behind it.
func (w *walker) follow(n *readNode, rest string) (string, error) {
	if w.links++; w.links > maxLinks {
		return "", syscall.ELOOP
	}
	target, err := n.link()
	if err != nil {
		return "", err
	}
	if target[0] == '/' {
		w.trail = w.trail[:1]
	}
	if rest == "" {
		return target, nil
	}
	return target + "/" + rest, nil
}

// entryNode reads the inode of e, which must be of the type that the directory says.
func (f *FS) entryNode(e dirEntry) (*readNode, error) {
	n, err := f.node(e.number)
	switch {
	case err != nil:
		return nil, err
	case n.LinksCount == 0:
		return nil, damagedf("inode %d: is deleted and has a name", e.number)
	case n.has(inodeEAInode):
		return nil, damagedf("inode %d: is an attribute's and has a name", e.number)
	case kindMode(n.kind()) == fs.ModeIrregular:
		return nil, damagedf("inode %d: is of type %#o", e.number, n.kind())
	case e.kind != dirUnknown && entryKind(e.kind) != n.kind():
		return nil, damagedf("inode %d: is of type %#o, its directory says %#o", e.number, n.kind(), entryKind(e.kind))
	}
	return n, nil
}

// entryKind is the type in an inode's mode that a type in a directory stands for.
func entryKind(kind uint8) uint16 {
	return [...]uint16{
		dirRegular: typeRegular, dirDir: typeDir, dirChar: typeChar, dirBlock: typeBlock,
		dirFIFO: typeFIFO, dirSocket: typeSocket, dirSymlink: typeSymlink,
	}[kind]
}

// valid is fs.ValidPath without a look at UTF-8.
func valid(name string) bool {
	if name == "." {
		return true
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." {
			return false
		}
	}
	return true
}
