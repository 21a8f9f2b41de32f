package ext4

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// makeRoot makes the inodes that every file system has.
func (w *Writer) makeRoot() {
	w.nodes = make([]*draft, firstInode-1)
	w.root = w.newNode(rootInode, typeDir|0o755)
	w.root.dir.parent = w.root
	w.nodes[rootInode-1] = w.root
	w.lost = w.newNode(firstInode, typeDir|0o700)
	w.nodes = append(w.nodes, w.lost)
	w.enter(w.root, "lost+found", w.lost)
}

func (w *Writer) newNode(ino uint32, mode uint16) *draft {
	n := &draft{ino: ino, mode: mode, links: 1, mtime: w.time, atime: w.time, ctime: w.time, crtime: w.time}
	if n.is(typeDir) {
		n.dir = &draftDir{}
	}
	return n
}

// nextInode returns a number that is free.
func (w *Writer) nextInode() uint32 {
	if k := len(w.reuse) - 1; k >= 0 {
		return w.reuse[k]
	}
	return uint32(len(w.nodes)) + 1
}

// adopt takes n, which has the number of nextInode, into the table of inodes.
func (w *Writer) adopt(n *draft) {
	if int(n.ino) <= len(w.nodes) {
		w.reuse = w.reuse[:len(w.reuse)-1]
		w.nodes[n.ino-1] = n
		return
	}
	w.nodes = append(w.nodes, n)
}

// enter gives n the name in a directory, in place of what had it.
func (w *Writer) enter(dir *draft, name string, n *draft) {
	if old := dir.dir.entries[name]; old != nil {
		w.leave(old)
	}
	if dir.dir.entries == nil {
		dir.dir.entries = make(map[string]*draft)
	}
	dir.dir.entries[name] = n
	if n.dir != nil {
		n.dir.parent = dir
	}
}

// leave takes a name away from n, and with the last one n itself.
func (w *Writer) leave(n *draft) {
	n.links--
	if n.links > 0 && n.dir == nil {
		return
	}
	if n == w.parent {
		w.parent = nil
	}
	w.discard(n)
	w.nodes[n.ino-1] = nil
	w.reuse = append(w.reuse, n.ino)
}

// discard gives back what n has.
func (w *Writer) discard(n *draft) {
	w.alloc.release(n.runs)
	w.attrs.release(n.shared)
}

// locate returns the directory that name is in, made if it was not there, and the last element of name.
func (w *Writer) locate(name string) (*draft, string, error) {
	if err := checkName(name); err != nil {
		return nil, "", err
	}
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return w.root, name, nil
	}
	if w.parent != nil && w.parentName == name[:i] {
		return w.parent, name[i+1:], nil
	}
	dir, err := w.walk(name[:i])
	if err != nil {
		return nil, "", err
	}
	w.parentName, w.parent = strings.Clone(name[:i]), dir
	return dir, name[i+1:], nil
}

// walk returns the directory of that name, made with all that it is in.
func (w *Writer) walk(name string) (*draft, error) {
	dir, rest := w.root, name
	for more := true; more; {
		var element string
		element, rest, more = strings.Cut(rest, "/")
		next := dir.dir.entries[element]
		if next == nil {
			next = w.newNode(w.nextInode(), typeDir|0o755)
			w.adopt(next)
			w.enter(dir, strings.Clone(element), next)
		}
		if next.dir == nil {
			above := strings.TrimSuffix(strings.TrimSuffix(name, rest), "/")
			return nil, fmt.Errorf("%q, which it is in, is no directory but a %s", above, next.kind())
		}
		dir = next
	}
	return dir, nil
}

func (n *draft) kind() string {
	switch n.mode & typeMask {
	case typeDir:
		return "directory"
	case typeRegular:
		return "file"
	case typeSymlink:
		return "symbolic link"
	case typeFIFO:
		return "fifo"
	case typeSocket:
		return "socket"
	}
	return "device"
}

// find returns what has the name.
func (w *Writer) find(name string) (*draft, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	n := w.root
	for element := range strings.SplitSeq(name, "/") {
		if n.dir == nil || n.dir.entries[element] == nil {
			return nil, fs.ErrNotExist
		}
		n = n.dir.entries[element]
	}
	return n, nil
}

// checkName refuses what is no path from the root to something below it.
func checkName(name string) error {
	if strings.IndexByte(name, 0) >= 0 {
		return errors.New("the name has a zero byte")
	}
	for element := range strings.SplitSeq(name, "/") {
		switch {
		case element == "":
			return errors.New("the name is empty, absolute or has an empty element")
		case element == "." || element == "..":
			return fmt.Errorf("the name has the element %q", element)
		case len(element) > nameMax:
			return fmt.Errorf("the name has an element of %d bytes, more than %d", len(element), nameMax)
		}
	}
	return nil
}
