package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// walkDir yields directory dir and those below it, and false once yield has had enough or the walk has to end.
func walkDir(ctx context.Context, dir string, opts *WalkOptions, yield func(Folder, error) bool) bool {
	folder, below, err := readDir(ctx, dir, opts)
	if err != nil {
		return yield(folder, err) && ctx.Err() == nil
	}
	if len(folder.Objects) > 0 && !yield(folder, nil) {
		return false
	}
	for _, name := range below {
		sub := filepath.Join(dir, name)
		switch {
		case name == opts.Skip:
			if !yield(Folder{Location: Location{Dir: sub}, Skipped: true}, nil) {
				return false
			}
		case isGone(sub): // removed meanwhile
		case !walkDir(ctx, sub, opts, yield):
			return false
		}
	}
	return true
}

func isGone(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// readDir returns the wanted files of a directory and the names of the directories in it.
func readDir(ctx context.Context, dir string, opts *WalkOptions) (folder Folder, below []string, err error) {
	folder = Folder{Location: Location{Dir: dir}}
	if ctx.Err() != nil {
		return folder, nil, context.Cause(ctx)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return folder, nil, explainDir(dir, err)
	}
	for _, e := range entries {
		switch name := e.Name(); {
		case e.IsDir() && checkSegment(name) == nil:
			below = append(below, name)
		case e.Type().IsRegular() && opts.wants(name):
			found, err := look(dir, name)
			if errors.Is(err, fs.ErrNotExist) { // removed meanwhile
				continue
			}
			if err != nil {
				return folder, nil, explainDir(dir, err)
			}
			folder.Objects = append(folder.Objects, found)
		}
	}
	return folder, below, nil
}

// look describes a file. Its modification time alone says little: a copy may keep that of the original. The time of
// the last change of the inode nobody can set.
func look(dir, name string) (Found, error) {
	var st unix.Stat_t
	if err := unix.Lstat(filepath.Join(dir, name), &st); err != nil {
		return Found{}, err
	}
	modified, changed := time.Unix(st.Mtim.Unix()), time.Unix(st.Ctim.Unix())
	if changed.After(modified) {
		modified = changed
	}
	return Found{Name: name, Size: st.Size, Modified: modified}, nil
}

func explainDir(dir string, err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	return fmt.Errorf("%s: %w", dir, err)
}
