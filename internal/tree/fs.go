package tree

import (
	"context"
	"fmt"
	"io"
	"io/fs"

	"amiforge/diskimg/ext4"
)

// FromFS gives what is in a file system, a directory before what is in it, in the order of names. Content is read
// from fsys, and has its holes. Sockets are left out. A directory that is found twice, as one that is inside itself, is an
// error.
func FromFS(ctx context.Context, fsys *ext4.FS) Source {
	return &fsSource{ctx: ctx, fsys: fsys, files: map[uint32]string{}, dirs: map[uint32]bool{}}
}

type fsSource struct {
	ctx   context.Context
	fsys  *ext4.FS
	begun bool
	rest  []listing         // of the directories that are open, the root's first
	files map[uint32]string // the first names of files that have several, by inode
	dirs  map[uint32]bool   // that were found, by inode
	err   error             // what Next ended with
}

// A listing is what was not given yet of a directory.
type listing struct {
	dir     string
	entries []fs.DirEntry
}

func (s *fsSource) Next() (*Item, error) {
	for s.err == nil {
		if s.ctx.Err() != nil {
			s.err = context.Cause(s.ctx)
			break
		}
		name, ok := s.name()
		if !ok {
			s.err = io.EOF
			break
		}
		item, err := s.item(name)
		if err == nil && item.Mode.Type() != fs.ModeSocket {
			return item, nil
		}
		s.err = err
	}
	return nil, s.err
}

// name returns the next name of the tree.
func (s *fsSource) name() (string, bool) {
	if !s.begun {
		s.begun = true
		return ".", true
	}
	for len(s.rest) > 0 {
		last := &s.rest[len(s.rest)-1]
		if len(last.entries) == 0 {
			s.rest = s.rest[:len(s.rest)-1]
			continue
		}
		base := last.entries[0].Name()
		last.entries = last.entries[1:]
		return join(last.dir, base), true
	}
	return "", false
}

func (s *fsSource) item(name string) (*Item, error) {
	info, err := s.fsys.Lstat(name)
	if err != nil {
		return nil, err
	}
	node, ok := info.Sys().(*ext4.Inode)
	if !ok {
		return nil, fmt.Errorf("%s has no inode", name)
	}
	if first := s.files[node.Number]; first != "" {
		item := &Item{HardLink: first}
		item.Name, item.Mode = name, info.Mode()
		return item, nil
	}
	entry, err := s.fsys.Entry(name)
	if err != nil {
		return nil, err
	}
	item := &Item{Entry: *entry}
	switch {
	case item.Mode.IsDir():
		return item, s.enter(name, node.Number)
	case node.Links > 1:
		s.files[node.Number] = name
	}
	if item.Mode.IsRegular() {
		item.Content, err = s.fsys.Content(name)
	}
	return item, err
}

// enter has the directory read next.
func (s *fsSource) enter(name string, number uint32) error {
	if s.dirs[number] {
		return &fs.PathError{Op: "readdir", Path: name, Err: fmt.Errorf("inode %d is a directory in two places", number)}
	}
	s.dirs[number] = true
	entries, err := s.fsys.ReadDir(name)
	if err != nil {
		return err
	}
	s.rest = append(s.rest, listing{name, entries})
	return nil
}

// Close ends the reading. The file system stays open.
func (s *fsSource) Close() error {
	s.rest = nil
	if s.err == nil {
		s.err = fs.ErrClosed
	}
	return nil
}
