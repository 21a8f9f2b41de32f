package cli

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// A TempFile is a file that is needed while a command works. Nobody else may read it. Close removes it; one that a
// killed process left behind, the next CreateTempFile of the same name does.
type TempFile struct {
	*os.File
	dir  string
	lock *os.File // nil once the file is gone
}

// CreateTempFile makes a temporary file called after name in dir.
func CreateTempFile(dir, name string) (*TempFile, error) {
	removeStale(dir, name)
	f, lock, err := createTemp(dir, name, 0o600)
	if err != nil {
		return nil, fmt.Errorf("temporary file in %s: %w", dir, cause(err))
	}
	return &TempFile{f, dir, lock}, nil
}

// WriteAt writes as os.File does. Its errors name the directory, which has to have the room.
func (t *TempFile) WriteAt(p []byte, off int64) (int, error) {
	n, err := t.File.WriteAt(p, off)
	if err != nil {
		err = fmt.Errorf("temporary file in %s: %w", t.dir, cause(err))
	}
	return n, err
}

// Truncate makes the file n bytes long.
func (t *TempFile) Truncate(n int64) error {
	if err := t.File.Truncate(n); err != nil {
		return fmt.Errorf("temporary file in %s: make it %d bytes long: %w", t.dir, n, cause(err))
	}
	return nil
}

// Close removes the file. Further calls do nothing.
func (t *TempFile) Close() error {
	if t.lock == nil {
		return nil
	}
	lock := t.lock
	t.lock = nil
	return errors.Join(t.File.Close(), os.Remove(t.Name()), lock.Close())
}

// A TempDir is a directory that is needed while a command works, as a TempFile is.
type TempDir struct {
	Path string
	lock *os.File // nil once the directory is gone
}

// CreateTempDir makes an empty temporary directory called after name in dir.
func CreateTempDir(dir, name string) (*TempDir, error) {
	removeStaleDirs(dir, name)
	for {
		path := filepath.Join(dir, tempPrefix(name)+rand.Text())
		if err := os.Mkdir(path, 0o700); err != nil {
			return nil, fmt.Errorf("temporary directory in %s: %w", dir, cause(err))
		}
		lock, err := lockFile(path, unix.LOCK_EX)
		if err == nil && hasName(lock, path) {
			return &TempDir{path, lock}, nil
		}
		// removeStaleDirs of another process came between the creation and the lock.
		if err == nil {
			lock.Close()
			continue
		}
		if !errors.Is(err, fs.ErrNotExist) {
			os.Remove(path)
			return nil, err
		}
	}
}

// Close removes the directory with all that is in it. Further calls do nothing.
func (t *TempDir) Close() error {
	if t.lock == nil {
		return nil
	}
	lock := t.lock
	t.lock = nil
	return errors.Join(os.RemoveAll(t.Path), lock.Close())
}

// removeStaleDirs removes the temporary directories for name in dir that no living process holds the lock of.
func removeStaleDirs(dir, name string) {
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return
	}
	for _, entry := range entries {
		if !entry.IsDir() || !IsTemp(entry.Name(), name) {
			continue
		}
		path := filepath.Join(dir, entry.Name())
		lock, err := lockFile(path, unix.LOCK_EX|unix.LOCK_NB)
		if err != nil {
			continue
		}
		if hasName(lock, path) {
			os.RemoveAll(path)
		}
		lock.Close()
	}
}
