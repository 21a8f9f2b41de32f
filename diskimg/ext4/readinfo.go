package ext4

import (
	"io/fs"
	"time"
)

// A fileInfo is the fs.FileInfo of an inode under one of its names.
type fileInfo struct {
	name string
	n    *node
}

func (i fileInfo) Name() string       { return i.name }
func (i fileInfo) Size() int64        { return i.n.size }
func (i fileInfo) Mode() fs.FileMode  { return i.n.mode() }
func (i fileInfo) ModTime() time.Time { return i.n.modTime() }
func (i fileInfo) IsDir() bool        { return i.n.kind() == typeDir }
func (i fileInfo) Sys() any           { return i.n.sys() }
func (i fileInfo) String() string     { return fs.FormatFileInfo(i) }

// A listed is the fs.DirEntry of a name. Its inode is read when it is asked for.
type listed struct {
	f    *FS
	e    dirEntry
	mode fs.FileMode // the type
}

func (l listed) Name() string      { return l.e.name }
func (l listed) IsDir() bool       { return l.mode.IsDir() }
func (l listed) Type() fs.FileMode { return l.mode }
func (l listed) String() string    { return fs.FormatDirEntry(l) }

func (l listed) Info() (fs.FileInfo, error) {
	n, err := l.f.entryNode(l.e)
	if err != nil {
		return nil, pathError("lstat", l.e.name, err)
	}
	return fileInfo{l.e.name, n}, nil
}

// list returns the entries of d. Where the file system does not note types in directories, the inodes are read.
func (f *FS) list(d *directory) ([]fs.DirEntry, error) {
	list := make([]fs.DirEntry, len(d.entries))
	for i, e := range d.entries {
		l := listed{f: f, e: e}
		if e.kind != dirUnknown {
			l.mode = kindMode(entryKind(e.kind))
		} else {
			n, err := f.entryNode(e)
			if err != nil {
				return nil, err
			}
			l.mode = n.mode().Type()
		}
		list[i] = l
	}
	return list, nil
}
