package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// An Image is where an image is written to, sparsely: a new file, which appears when it is whole, a block device
// or standard output. An upload to a bucket (store.Upload) is one, too.
type Image interface {
	// WriteAt writes data, Zero makes n bytes from off on read as zeros. All of the image must be covered by
	// the two.
	WriteAt(p []byte, off int64) (int, error)
	Zero(off, n int64) error

	// Commit brings the image to the disk. A file appears under its name then.
	Commit() error

	// Close removes a file that was not committed.
	Close() error
}

// CreateImage begins an image of size bytes, or of a size that is not known yet if it is negative: in the file
// path as CreateFile would, or, with Force, on the block device path, which must not be in use and must be large
// enough. What only takes a stream is a usage error.
func CreateImage(path string, size int64, opts FileOptions) (Image, error) {
	if err := refuseStream(path); err != nil {
		return nil, err
	}
	if IsBlockDevice(path) {
		if !opts.Force {
			return nil, fmt.Errorf("%s is a block device; --force overwrites it", path)
		}
		return openDevice(path, size)
	}
	f, err := CreateFile(path, opts)
	if err != nil {
		return nil, err
	}
	im := &imageFile{File: f}
	if err := im.grow(size); err != nil {
		f.Close()
		return nil, err
	}
	return im, nil
}

// FileOf returns the file that an image becomes, to be read, or nil if it becomes none.
func FileOf(im Image) *os.File {
	if f, ok := im.(*imageFile); ok {
		return f.File.File
	}
	return nil
}

// refuseStream is a usage error where path leads to a pipe, a terminal or the like: standard output takes an image
// there.
func refuseStream(path string) error {
	switch path {
	case "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1":
		return Usagef("%s: write -o -", path)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode()&(fs.ModeNamedPipe|fs.ModeCharDevice) == 0 {
		return nil
	}
	return Usagef("%s is neither a file nor a block device: -o - > %s writes to it", path, path)
}

// IsBlockDevice tells whether path leads to a block device.
func IsBlockDevice(path string) bool {
	info, err := os.Stat(path)
	return err == nil && isBlockDevice(info.Mode())
}

func isBlockDevice(mode fs.FileMode) bool {
	return mode&fs.ModeDevice != 0 && mode&fs.ModeCharDevice == 0
}

// imageFile is a new file: what is not written is a hole.
type imageFile struct {
	*File
	size int64 // of the file
	end  int64 // of what was covered
}

// grow makes the file at least n bytes long.
func (f *imageFile) grow(n int64) error {
	if n <= f.size {
		return nil
	}
	if err := f.Truncate(n); err != nil {
		return fmt.Errorf("%s: make it %d bytes long: %w", f.path, n, cause(err))
	}
	f.size = n
	return nil
}

func (f *imageFile) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.File.WriteAt(p, off)
	if err != nil {
		return n, fmt.Errorf("write %s: %w", f.path, cause(err))
	}
	f.covered(off, int64(n))
	return n, err
}

func (f *imageFile) Zero(off, n int64) error {
	f.end = max(f.end, off+n)
	return nil
}

// CopyFile writes the n bytes at srcOff of src at off, without their passing through this program where the file
// systems can do that (copy_file_range). It moves the position of src.
func (f *imageFile) CopyFile(off int64, src *os.File, srcOff, n int64) error {
	if _, err := src.Seek(srcOff, io.SeekStart); err != nil {
		return err
	}
	if _, err := f.Seek(off, io.SeekStart); err != nil {
		return fmt.Errorf("write %s: %w", f.path, cause(err))
	}
	copied, err := f.ReadFrom(io.LimitReader(src, n))
	if err != nil {
		return fmt.Errorf("copy %s to %s: %w", src.Name(), f.path, cause(err))
	}
	f.wrote(copied)
	f.covered(off, copied)
	if copied < n {
		return fmt.Errorf("%s ends at byte %d: %w", src.Name(), srcOff+copied, io.ErrUnexpectedEOF)
	}
	return nil
}

// covered notes n bytes at off.
func (f *imageFile) covered(off, n int64) {
	f.end, f.size = max(f.end, off+n), max(f.size, off+n)
}

// Commit gives the file the length of what was covered, which may end in a hole, and then its name.
func (f *imageFile) Commit() error {
	if err := f.grow(f.end); err != nil {
		return errors.Join(err, f.Abort())
	}
	return f.File.Commit()
}
