package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
)

// FileOptions say how CreateFile makes a file.
type FileOptions struct {
	Force  bool        // replace what stands under the name
	NoSync bool        // leave out the fsync
	Mode   os.FileMode // permissions before the umask; 0 means 0666
}

// A File is an output file in the making. It lies in the directory where it will appear, under a temporary
// name, and takes its own name in Commit, whole or not at all. One that is not committed is removed by Close;
// one that a killed process left behind, by the next CreateFile of the same name.
type File struct {
	*os.File

	path string
	opts FileOptions
	temp string
	lock *os.File // of temp, held until it has its name or is gone; nil after that

	written atomic.Int64 // bytes since the last call of startWriteback
}

// An existsError refuses to overwrite. It is fs.ErrExist.
type existsError struct{ path string }

func (e *existsError) Error() string {
	return e.path + " already exists (--force replaces it)"
}

func (e *existsError) Is(target error) bool { return target == fs.ErrExist }

// CreateFile begins the output file path. Without Force an existing path is refused, now and again in Commit,
// with an error that is fs.ErrExist and names --force; with Force only a regular file is replaced.
func CreateFile(path string, opts FileOptions) (*File, error) {
	if opts.Mode == 0 {
		opts.Mode = 0o666
	}
	dir, name := filepath.Split(path)
	removeStale(dir, name)
	if err := checkTarget(path, opts.Force); err != nil {
		return nil, err
	}
	f, lock, err := createTemp(dir, name, opts.Mode)
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", path, cause(err))
	}
	return &File{File: f, path: path, opts: opts, temp: f.Name(), lock: lock}, nil
}

func checkTarget(path string, force bool) error {
	info, err := os.Lstat(path)
	switch {
	case path == "":
		return errors.New("create output file: its name is empty")
	case errors.Is(err, fs.ErrNotExist):
		return nil // a missing directory is found when the file is made
	case err != nil:
		return fmt.Errorf("create %s: %w", path, cause(err))
	case info.IsDir():
		return fmt.Errorf("create %s: %w", path, syscall.EISDIR)
	case !force:
		return &existsError{path}
	case !info.Mode().IsRegular():
		// A rename would put the file in the place of the link or device, say of /dev/stdout.
		return fmt.Errorf("create %s: not a regular file, which is not replaced", path)
	}
	return nil
}

// writebackChunk is after how many bytes the kernel is asked to begin writing to the disk, so that the fsync
// at the end does not find all of the work undone.
const writebackChunk = 16 << 20

// WriteAt writes as os.File does.
func (f *File) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.File.WriteAt(p, off)
	f.wrote(int64(n))
	return n, err
}

// wrote counts n bytes.
func (f *File) wrote(n int64) {
	if f.written.Add(n) >= writebackChunk && !f.opts.NoSync {
		startWriteback(f.File)
		f.written.Store(0)
	}
}

// Commit makes the file appear under its name, after its content is on the disk. Whatever goes wrong, the
// temporary file is gone afterwards, and so is what was written.
func (f *File) Commit() error {
	if f.lock == nil {
		return fmt.Errorf("commit %s: %w", f.path, fs.ErrClosed)
	}
	err := f.finish()
	if err == nil {
		err = f.publish()
	}
	if err != nil {
		return errors.Join(err, f.Abort())
	}
	return f.settle()
}

// finish brings the content to the disk and closes the file, which is where some file systems say that it is
// full. The lock, a descriptor of its own, stays.
func (f *File) finish() error {
	var err error
	if !f.opts.NoSync {
		err = f.Sync()
	}
	if closeErr := f.File.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", f.path, cause(err))
	}
	return nil
}

func (f *File) publish() error {
	publish := renameNew
	if f.opts.Force {
		publish = os.Rename
	}
	err := publish(f.temp, f.path)
	if errors.Is(err, fs.ErrExist) && !f.opts.Force {
		return &existsError{f.path}
	}
	if err != nil {
		return fmt.Errorf("create %s: %w", f.path, cause(err))
	}
	return nil
}

// settle ends the life of the lock and makes the new name last.
func (f *File) settle() error {
	lock := f.lock
	f.lock = nil
	if err := lock.Close(); err != nil {
		return fmt.Errorf("write %s: %w", f.path, cause(err))
	}
	if f.opts.NoSync {
		return nil
	}
	return syncDir(filepath.Dir(f.path))
}

// Abort removes the file, unless Commit was called before. Further calls do nothing.
func (f *File) Abort() error {
	if f.lock == nil {
		return nil
	}
	lock := f.lock
	f.lock = nil
	closeErr := f.File.Close()
	if errors.Is(closeErr, fs.ErrClosed) {
		closeErr = nil
	}
	removeErr := os.Remove(f.temp)
	return errors.Join(closeErr, removeErr, lock.Close())
}

// Close is Abort, so that it can be deferred whatever comes.
func (f *File) Close() error { return f.Abort() }

// cause takes the operation and the temporary name off an error of package os: the caller names the file that
// the user knows.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}
