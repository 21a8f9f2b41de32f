package diskimg

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// siblings opens the files beside a descriptor. The names come from the descriptor, so that they are worth
// nothing: only plain names of regular files in the same directory will do (os.Root), or a descriptor could
// have any file of the machine copied into a disk. See CVE-2022-47951.
type siblings struct {
	dir   string
	root  *os.Root
	files []*os.File
	infos []fs.FileInfo // of the files, as they were when they were opened
}

func (s *siblings) open(name string) (r io.ReaderAt, size int64, err error) {
	if name != filepath.Base(name) || !filepath.IsLocal(name) {
		return nil, 0, fmt.Errorf("extent %q is not the plain name of a file beside the descriptor", name)
	}
	if s.root == nil {
		if s.root, err = os.OpenRoot(s.dir); err != nil {
			return nil, 0, err
		}
	}
	// Lstat first: a link is not followed, and opening a pipe would block.
	info, err := s.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, fmt.Errorf("extent %q: %w beside the descriptor", name, fs.ErrNotExist)
	}
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("extent %q is not a regular file", name)
	}
	f, err := s.root.Open(name)
	if err != nil {
		return nil, 0, err
	}
	s.files, s.infos = append(s.files, f), append(s.infos, info)
	now, err := f.Stat()
	if err == nil && !os.SameFile(info, now) {
		err = fmt.Errorf("extent %q was exchanged while it was opened", name)
	}
	return f, info.Size(), err
}

// unchanged tells whether all files are as they were when they were opened.
func (s *siblings) unchanged() error {
	for i, f := range s.files {
		if err := unchanged(f, s.infos[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *siblings) close() error {
	var errs []error
	for _, f := range s.files {
		errs = append(errs, f.Close())
	}
	if s.root != nil {
		errs = append(errs, s.root.Close())
	}
	return errors.Join(errs...)
}
