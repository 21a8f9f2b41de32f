package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode"

	"amiforge/internal/store"
)

// DirKeys keeps values as files in a directory. Writers, in this and in other processes of the machine,
// take turns by a lock on the file .lock; a value appears whole or not at all, and is on the disk when its
// write returns. Readers take no lock. A version is the SHA-256 of the value.
type DirKeys struct {
	location string
	dir      string        // below location
	turn     chan struct{} // holds one token while a goroutine of this process writes
}

// NewDirKeys returns the keys in folder .registry/v1 of directory location. The first Create makes both if
// need be.
func NewDirKeys(location string) *DirKeys {
	dir := filepath.Join(location, filepath.FromSlash(folder))
	return &DirKeys{location: location, dir: dir, turn: make(chan struct{}, 1)}
}

// Get returns the value of key and its version. A missing one is fs.ErrNotExist.
func (d *DirKeys) Get(ctx context.Context, key string) (value []byte, version string, err error) {
	defer d.name(&err)
	if err := checkKey(key); err != nil {
		return nil, "", err
	}
	if ctx.Err() != nil {
		return nil, "", context.Cause(ctx)
	}
	root, err := d.open()
	if err != nil {
		return nil, "", err
	}
	defer root.Close()
	return readValue(root, key)
}

// A noLocationError names a directory that is not there. It is fs.ErrNotExist, as an empty registry's is, so
// that the first Create may follow, but no answer to whether an image exists: the name may be mistyped.
type noLocationError string

func (e noLocationError) Error() string { return "registry " + string(e) + ": no such directory" }

func (e noLocationError) Is(target error) bool { return target == fs.ErrNotExist }

// name makes the path in an error one that users can find: below an os.Root it is relative.
func (d *DirKeys) name(err *error) {
	if e, ok := errors.AsType[*fs.PathError](*err); ok && !filepath.IsAbs(e.Path) {
		*err = &fs.PathError{Op: e.Op, Path: filepath.Join(d.dir, e.Path), Err: e.Err}
	}
}

// open opens the directory of the keys: fs.ErrNotExist if no registry has been kept in location.
func (d *DirKeys) open() (*os.Root, error) {
	root, err := os.OpenRoot(d.dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return root, err
	}
	if _, missing := os.Stat(d.location); missing != nil {
		return nil, noLocationError(d.location)
	}
	return nil, err
}

// Create stores value where nothing is, else the error is fs.ErrExist.
func (d *DirKeys) Create(ctx context.Context, key string, value []byte) (version string, err error) {
	defer d.name(&err)
	if err := checkKey(key); err != nil {
		return "", err
	}
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err := d.makeFolder(); err != nil {
		return "", err
	}
	return d.locked(ctx, func(root *os.Root) (string, error) {
		if err := makeDirs(root, path.Dir(key)); err != nil {
			return "", err
		}
		return writeValue(root, key, value, root.Link)
	})
}

// makeFolder makes the directory that the keys are in.
func (d *DirKeys) makeFolder() error {
	if err := os.MkdirAll(d.location, 0o777); err != nil {
		return err
	}
	root, err := os.OpenRoot(d.location)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := makeDirs(root, folder); err != nil {
		return fmt.Errorf("registry in %s: %w", d.location, err)
	}
	return nil
}

// Replace stores value where key still has version, else the error is store.ErrConflict. A missing one is
// fs.ErrNotExist.
func (d *DirKeys) Replace(ctx context.Context, key string, value []byte, version string) (newVersion string, err error) {
	defer d.name(&err)
	if err := checkKey(key); err != nil {
		return "", err
	}
	return d.locked(ctx, func(root *os.Root) (string, error) {
		_, current, err := readValue(root, key)
		if err != nil {
			return "", err
		}
		if current != version {
			return "", fmt.Errorf("%s: %w", key, store.ErrConflict)
		}
		return writeValue(root, key, value, root.Rename)
	})
}

// List yields the keys that begin with prefix, sorted, and stops at the first error. A location that is not
// there is an error, as a bucket would be; one that no registry has been kept in has no keys. Entries are keys alone.
func (d *DirKeys) List(ctx context.Context, prefix string) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		if ctx.Err() != nil {
			yield(store.Entry{}, context.Cause(ctx))
			return
		}
		root, err := d.open()
		if isMissing(err) {
			return
		}
		if err != nil {
			yield(store.Entry{}, err)
			return
		}
		defer root.Close()
		if err := walk(ctx, root, prefix, yield); err != nil {
			d.name(&err)
			yield(store.Entry{}, err)
		}
	}
}

// walk yields the files whose keys begin with prefix, and returns early without an error once yield has had enough.
func walk(ctx context.Context, root *os.Root, prefix string, yield func(store.Entry, error) bool) error {
	return fs.WalkDir(root.FS(), path.Dir(prefix+"x"), func(key string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case !entry.Type().IsRegular() || !strings.HasPrefix(key, prefix) || checkKey(key) != nil:
			return nil
		case !yield(store.Entry{Key: key}, nil):
			return fs.SkipAll
		}
		return nil
	})
}

// checkKey refuses keys that are no paths below the directory, or could be files of our own (.lock, .new).
func checkKey(key string) error {
	hidden := strings.HasPrefix(key, ".") || strings.Contains(key, "/.")
	if !fs.ValidPath(key) || hidden || strings.ContainsFunc(key, unicode.IsControl) {
		return fmt.Errorf("key %q: %w", key, fs.ErrInvalid)
	}
	return nil
}

func readValue(root *os.Root, key string) (value []byte, version string, err error) {
	f, err := root.Open(key)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	value, err = io.ReadAll(io.LimitReader(f, store.MaxValue+1))
	if err == nil && len(value) > store.MaxValue {
		err = fmt.Errorf("%s: longer than %d bytes", key, store.MaxValue)
	}
	return value, versionOf(value), err
}

func versionOf(value []byte) string {
	sum := sha256.Sum256(value)
	return hex.EncodeToString(sum[:])
}
