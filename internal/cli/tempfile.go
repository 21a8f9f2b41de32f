package cli

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// tempPrefix is how the names of the temporary files for name begin. It leaves room for the rest in a name of
// 255 bytes. Two long names may come to share it, which the lock makes harmless.
func tempPrefix(name string) string {
	return "." + name[:min(len(name), 200)] + ".tmp-"
}

// createTemp makes a temporary file for name in dir, with a lock that says that somebody is at work on it.
func createTemp(dir, name string, mode os.FileMode) (f, lock *os.File, err error) {
	for {
		f, err = os.OpenFile(filepath.Join(dir, tempPrefix(name)+rand.Text()), os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
		if err != nil {
			return nil, nil, err
		}
		lock, err = lockFile(f.Name(), unix.LOCK_EX)
		if err == nil && hasName(lock, f.Name()) {
			return f, lock, nil
		}
		// removeStale of another process came between the creation and the lock.
		f.Close()
		if err == nil {
			lock.Close()
			continue
		}
		if !errors.Is(err, fs.ErrNotExist) {
			os.Remove(f.Name())
			return nil, nil, err
		}
	}
}

// removeStale removes the temporary files for name in dir that no living process holds the lock of. A file that
// it cannot remove costs room, not correctness, so it has no error.
func removeStale(dir, name string) {
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return
	}
	for _, entry := range entries {
		if entry.Type().IsRegular() && IsTemp(entry.Name(), name) {
			removeUnlocked(filepath.Join(dir, entry.Name()))
		}
	}
}

// IsTemp tells whether entry is the name of a temporary file or directory that is called after name.
func IsTemp(entry, name string) bool {
	rest, ok := strings.CutPrefix(entry, tempPrefix(name))
	return ok && len(rest) == len(rand.Text())
}

func removeUnlocked(path string) {
	lock, err := lockFile(path, unix.LOCK_EX|unix.LOCK_NB)
	if err != nil {
		return
	}
	defer lock.Close()
	if hasName(lock, path) {
		os.Remove(path)
	}
}

// lockFile opens path, without following a link or waiting for a pipe, and takes the lock. The lock ends with
// the file that is returned, or with the process.
func lockFile(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if err := flock(f, how); err != nil {
		f.Close()
		return nil, &fs.PathError{Op: "lock", Path: path, Err: err}
	}
	return f, nil
}

// flock locks f, as far as the file system knows locks. Where it does not, no file is ever found unlocked
// either, because removing asks without waiting and gets an error.
func flock(f *os.File, how int) error {
	for {
		err := unix.Flock(int(f.Fd()), how)
		switch {
		case err == unix.EINTR:
			continue
		case how&unix.LOCK_NB == 0 && (err == unix.ENOTSUP || err == unix.ENOSYS || err == unix.ENOLCK):
			return nil
		}
		return err
	}
}

// hasName reports whether path still names the open file f.
func hasName(f *os.File, path string) bool {
	opened, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(path)
	return err == nil && os.SameFile(opened, named)
}
