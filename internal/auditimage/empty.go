package auditimage

import (
	"io/fs"
	"time"
)

// empty is a file system in which there is nothing but its root, for others to be mounted in.
type empty struct{}

func (empty) Open(name string) (fs.File, error) {
	if name != "." {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return emptyDir{}, nil
}

type emptyDir struct{}

func (emptyDir) Stat() (fs.FileInfo, error)         { return emptyInfo{}, nil }
func (emptyDir) Read([]byte) (int, error)           { return 0, fs.ErrInvalid }
func (emptyDir) Close() error                       { return nil }
func (emptyDir) ReadDir(int) ([]fs.DirEntry, error) { return nil, nil }

type emptyInfo struct{}

func (emptyInfo) Name() string       { return "." }
func (emptyInfo) Size() int64        { return 0 }
func (emptyInfo) Mode() fs.FileMode  { return fs.ModeDir | 0o755 }
func (emptyInfo) ModTime() time.Time { return time.Time{} }
func (emptyInfo) IsDir() bool        { return true }
func (emptyInfo) Sys() any           { return nil }
