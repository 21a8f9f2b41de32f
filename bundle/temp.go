package bundle

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// tempPrefix begins the names of files that are not whole yet. Their writer holds a lock on them, so that one
// without a lock was left by a process that was killed.
const tempPrefix = ".amiforge-tmp-"

func isTemp(name string) bool { return strings.HasPrefix(name, tempPrefix) }

// temp is a file on its way to its name.
type temp struct {
	*os.File
	root *os.Root
	name string
}

// newTemp makes a file and locks it. A sweep may take it away in between, so it tries again.
func newTemp(root *os.Root) (*temp, error) {
	for {
		t, err := tryTemp(root)
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, fs.ErrNotExist) {
			return t, err
		}
	}
}

func tryTemp(root *os.Root) (*temp, error) {
	name := tempPrefix + rand.Text()
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the directory is gone: %w", unix.ESTALE)
	}
	if err != nil {
		return nil, err
	}
	t := &temp{File: f, root: root, name: name}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil || noLocks(err) {
		_, err = root.Stat(name)
	}
	if err != nil {
		t.discard()
		return nil, err
	}
	return t, nil
}

// noLocks tells whether err says that the file system has no locks: then nothing is swept either.
func noLocks(err error) bool {
	return errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.ENOLCK) || errors.Is(err, unix.EINVAL)
}

// commit gives the file its name, replacing what has it. With sync, content and name are on the disk then.
func (t *temp) commit(name string, sync bool) error {
	if sync {
		if err := t.Sync(); err != nil {
			return err
		}
	}
	if err := t.root.Rename(t.name, name); err != nil {
		return err
	}
	t.name = ""
	if err := t.Close(); err != nil || !sync {
		return err
	}
	return syncDir(t.root)
}

// discard removes the file unless it is committed.
func (t *temp) discard() {
	if t.name != "" {
		t.root.Remove(t.name)
		t.Close()
	}
}

func syncDir(root *os.Root) error {
	dir, err := root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := dir.Sync(); err != nil && !errors.Is(err, unix.EINVAL) { // some file systems cannot
		return err
	}
	return nil
}

// sweepTemp removes the temporary files in root that no process holds.
func sweepTemp(root *os.Root) error {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if isTemp(e.Name()) && e.Type().IsRegular() {
			sweepOne(root, e.Name())
		}
	}
	return nil
}

func sweepOne(root *os.Root, name string) {
	f, err := root.Open(name)
	if err != nil {
		return
	}
	defer f.Close()
	if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
		root.Remove(name)
	}
}
