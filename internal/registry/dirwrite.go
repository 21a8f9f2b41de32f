package registry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"syscall"
	"time"

	"amiforge/internal/store"
)

// Files of the directory's own. The lock is never removed: another process may be waiting on it.
const (
	lockName = ".lock"
	newName  = ".new" // the value being written, by the one that has the lock
)

// lockPause is how long to wait between two looks at a lock that another process has.
const lockPause = 5 * time.Millisecond

// locked calls write as the only writer of this machine. The error is fs.ErrNotExist if there is no directory.
func (d *DirKeys) locked(ctx context.Context, write func(*os.Root) (string, error)) (version string, err error) {
	select {
	case d.turn <- struct{}{}:
		defer func() { <-d.turn }()
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	root, err := d.open()
	if err != nil {
		return "", err
	}
	defer root.Close()
	lock, err := lockFile(ctx, root)
	if err != nil {
		return "", err
	}
	defer lock.Close() // which unlocks it
	return write(root)
}

// lockFile returns the lock file, locked. The kernel unlocks it when its process ends, however it does.
func lockFile(ctx context.Context, root *os.Root) (*os.File, error) {
	f, err := root.OpenFile(lockName, os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR) {
			err = wait(ctx, lockPause)
		}
		if err != nil {
			f.Close()
			return nil, &os.PathError{Op: "lock", Path: f.Name(), Err: err}
		}
	}
}

// writeValue writes value to a new file, which place (Link or Rename) then gives its name.
func writeValue(root *os.Root, key string, value []byte, place func(from, to string) error) (string, error) {
	if len(value) > store.MaxValue {
		return "", fmt.Errorf("%s: value of %d bytes, the limit is %d", key, len(value), store.MaxValue)
	}
	// A leftover may be another name of a value that was created: it is unlinked, never written to.
	if err := removeIfThere(root, newName); err != nil {
		return "", err
	}
	if err := writeNew(root, value); err != nil {
		return "", err
	}
	if err := place(newName, key); err != nil {
		return "", errors.Join(err, removeIfThere(root, newName))
	}
	if err := removeIfThere(root, newName); err != nil {
		return "", err
	}
	return versionOf(value), syncDir(root, path.Dir(key))
}

func writeNew(root *os.Root, value []byte) error {
	f, err := root.OpenFile(newName, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(value)
	return errors.Join(err, f.Sync(), f.Close())
}

func removeIfThere(root *os.Root, name string) error {
	err := root.Remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// makeDirs makes directory dir below root, and those between, and sees them on the disk.
func makeDirs(root *os.Root, dir string) error {
	if _, err := root.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := root.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for dir != "." {
		dir = path.Dir(dir)
		if err := syncDir(root, dir); err != nil {
			return err
		}
	}
	return nil
}

func syncDir(root *os.Root, dir string) error {
	f, err := root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
