package ext4

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

const (
	longestTarget = blockSize - 1           // of a symbolic link, in bytes
	maxFileSize   = (1<<32 - 1) * blockSize // as Linux has it
	maxMajor      = 1<<12 - 1
	maxMinor      = 1<<20 - 1
)

// Add adds a file, a directory or whatever e is, with the content of a regular file; for others it is nil. The content
// must have e.Size bytes. Where it is a diskimg.Source its holes stay holes, and aligned blocks of zeros become some.
//
// The directories that e is in are made unless they are there, root's with mode 0755. What is there already is replaced,
// but a directory by a directory only gets the new attributes, and one that is not empty stays. "." is the root. Symbolic
// links are not followed.
func (w *Writer) Add(e *Entry, content io.Reader) error {
	if err := w.usable(); err != nil {
		return err
	}
	if err := w.add(e, content); err != nil {
		w.out.wait()
		return fmt.Errorf("ext4: add %q: %w", e.Name, err)
	}
	return w.usable()
}

// Link gives the file that has the name target a further one.
func (w *Writer) Link(name, target string) error {
	if err := w.usable(); err != nil {
		return err
	}
	if err := w.link(name, target); err != nil {
		return fmt.Errorf("ext4: link %q to %q: %w", name, target, err)
	}
	return nil
}

func (w *Writer) usable() error {
	if w.closed && w.out.err == nil {
		return errFinished
	}
	if w.out.err == nil && (w.alloc.next > maxBlocks || len(w.nodes) > maxBlocks-maxGroupInodes) {
		w.out.err = errors.New("ext4: the content does not fit into 16 TiB")
	}
	return w.out.err
}

func (w *Writer) add(e *Entry, content io.Reader) error {
	n, err := w.build(e)
	if err != nil {
		return err
	}
	if err := w.place(n, e, content); err != nil {
		w.discard(n)
		return err
	}
	return nil
}

// place gives n its content and its name, or a directory that is there the attributes of n.
func (w *Writer) place(n *draft, e *Entry, content io.Reader) error {
	if e.Name == "." {
		return w.update(w.root, n)
	}
	dir, base, err := w.locate(e.Name)
	if err != nil {
		return err
	}
	old := dir.dir.entries[base]
	if old.stays() || old != nil && old.dir != nil && n.dir != nil {
		return w.update(old, n)
	}
	n.ino = w.nextInode()
	if err := w.fill(n, e, content); err != nil {
		return err
	}
	w.adopt(n)
	if old == nil {
		base = strings.Clone(base)
	}
	w.enter(dir, base, n)
	return nil
}

// stays reports whether n is a directory that no other file may replace: one with entries, or lost+found.
func (n *draft) stays() bool {
	return n != nil && n.dir != nil && (len(n.dir.entries) > 0 || n.ino == firstInode)
}

var errDirectoryStays = errors.New("there is a directory of that name, which is not empty or must stay")

// update gives a directory the attributes of another.
func (w *Writer) update(dir, n *draft) error {
	if n.dir == nil {
		return errDirectoryStays
	}
	w.attrs.release(dir.shared)
	dir.mode, dir.uid, dir.gid = n.mode, n.uid, n.gid
	dir.mtime, dir.atime, dir.ctime, dir.crtime = n.mtime, n.atime, n.ctime, n.crtime
	dir.attrs, dir.shared = n.attrs, n.shared
	return nil
}

// build makes a node of what e says, without a number and content.
func (w *Writer) build(e *Entry) (*draft, error) {
	mode := modeOf(e.Mode)
	if mode == 0 {
		return nil, fmt.Errorf("mode %v is of no type that ext4 has", e.Mode)
	}
	n := w.newNode(0, mode)
	n.uid, n.gid = e.UID, e.GID
	n.setTimes(e)
	if err := n.setSpecial(e); err != nil {
		return nil, err
	}
	var err error
	n.attrs, n.shared, err = w.attrs.add(e.Xattrs)
	return n, err
}

func (n *draft) setTimes(e *Entry) {
	if e.ModTime.IsZero() {
		return
	}
	n.mtime = newStamp(e.ModTime)
	n.atime, n.ctime, n.crtime = n.mtime, n.mtime, n.mtime
	if !e.AccessTime.IsZero() {
		n.atime = newStamp(e.AccessTime)
	}
	if !e.ChangeTime.IsZero() {
		n.ctime = newStamp(e.ChangeTime)
	}
	if !e.BirthTime.IsZero() {
		n.crtime = newStamp(e.BirthTime)
	}
}

// setSpecial checks what not every entry has, and writes the number of a device into its node.
func (n *draft) setSpecial(e *Entry) error {
	switch {
	case n.is(typeRegular) && (e.Size < 0 || e.Size > maxFileSize):
		return fmt.Errorf("a size of %d bytes is not possible in ext4", e.Size)
	case n.is(typeSymlink) && (e.Link == "" || len(e.Link) > longestTarget):
		return fmt.Errorf("a target of %d bytes is not possible: it has 1 to %d", len(e.Link), longestTarget)
	case n.is(typeSymlink) && strings.IndexByte(e.Link, 0) >= 0:
		return errors.New("the target has a zero byte")
	case n.is(typeBlock) || n.is(typeChar):
		return n.setDevice(e.Major, e.Minor)
	}
	return nil
}

// setDevice has the old form for numbers that fit into it.
func (n *draft) setDevice(major, minor uint32) error {
	if major > maxMajor || minor > maxMinor {
		return fmt.Errorf("device %d:%d is not possible: the most are %d:%d", major, minor, maxMajor, maxMinor)
	}
	if major < 256 && minor < 256 {
		binary.LittleEndian.PutUint32(n.body[:], major<<8|minor)
		return nil
	}
	binary.LittleEndian.PutUint32(n.body[4:], minor&0xff|major<<8|minor&^0xff<<12)
	return nil
}

func (w *Writer) fill(n *draft, e *Entry, content io.Reader) error {
	switch {
	case n.is(typeRegular):
		return w.fillFile(n, e.Size, content)
	case n.is(typeSymlink):
		w.fillLink(n, e.Link)
	}
	return nil
}

// fillLink has a short target in the inode, a long one in a block.
func (w *Writer) fillLink(n *draft, target string) {
	n.size = int64(len(target))
	if len(target) < symlinkFast {
		copy(n.body[:], target)
		return
	}
	w.spans = w.spans[:0]
	clear(w.block[:])
	copy(w.block[:], target)
	w.append(n, 0, w.block[:])
	w.setExtents(n)
}

// append puts blocks at the end of n, of which the first has the number block.
func (w *Writer) append(n *draft, block uint32, p []byte) {
	for len(p) > 0 {
		r := w.alloc.take(int64(len(p) / blockSize))
		size := int(r.n) * blockSize
		w.out.put(int64(r.start), p[:size])
		w.addRun(n, block, r)
		block, p = block+r.n, p[size:]
	}
}

func (w *Writer) link(name, target string) error {
	n, err := w.find(target)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the target is not there (yet): %w", err)
	}
	switch {
	case err != nil:
		return fmt.Errorf("target: %w", err)
	case n.dir != nil:
		return errors.New("the target is a directory")
	case n.links == linkMax:
		return fmt.Errorf("the target has %d names, which is the most", linkMax)
	}
	dir, base, err := w.locate(name)
	if err != nil {
		return err
	}
	old := dir.dir.entries[base]
	if old == n {
		return nil
	}
	if old.stays() {
		return errDirectoryStays
	}
	n.links++
	w.enter(dir, strings.Clone(base), n)
	return nil
}
