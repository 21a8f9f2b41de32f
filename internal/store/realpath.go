package store

import (
	"errors"
	"io/fs"
	"path/filepath"
)

// Real returns the one spelling of a location: a directory by its RealPath, what is in a bucket as it is.
func (l Location) Real() (Location, error) {
	if l.Bucket != "" {
		return l, nil
	}
	dir, err := RealPath(l.Dir)
	return Location{Dir: dir}, err
}

// RealPath returns the absolute path without symbolic links. The end of it need not exist.
func RealPath(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	found, err := filepath.EvalSymlinks(path)
	if !errors.Is(err, fs.ErrNotExist) || path == filepath.Dir(path) {
		return found, err
	}
	parent, err := RealPath(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	return filepath.Join(parent, filepath.Base(path)), nil
}
