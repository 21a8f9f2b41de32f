package cli

import (
	"fmt"
	"io/fs"
	"os"
)

// An Image is where an image is restored to, sparsely: a new file, which appears when it is whole, or a block
// device.
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

// CreateImage begins an image of size bytes: in the file path as CreateFile would, or, with Force, on the
// block device path, which must not be in use and must be large enough.
func CreateImage(path string, size int64, opts FileOptions) (Image, error) {
	if info, err := os.Stat(path); err == nil && isBlockDevice(info.Mode()) {
		if !opts.Force {
			return nil, fmt.Errorf("%s is a block device; --force overwrites it", path)
		}
		return openDevice(path, size)
	}
	f, err := CreateFile(path, opts)
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(size); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: make it %d bytes long: %w", path, size, cause(err))
	}
	return &imageFile{File: f}, nil
}

func isBlockDevice(mode fs.FileMode) bool {
	return mode&fs.ModeDevice != 0 && mode&fs.ModeCharDevice == 0
}

// imageFile is a new file: what is not written is a hole.
type imageFile struct {
	*File
	written int64 // bytes since the last call of startWriteback
}

// writebackChunk is after how many bytes the kernel is asked to begin writing to the disk, so that the fsync
// at the end does not find all of the work undone.
const writebackChunk = 16 << 20

func (f *imageFile) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.File.WriteAt(p, off)
	if err != nil {
		return n, fmt.Errorf("write %s: %w", f.path, cause(err))
	}
	if f.written += int64(n); f.written >= writebackChunk && !f.opts.NoSync {
		startWriteback(f.File.File)
		f.written = 0
	}
	return n, err
}

func (*imageFile) Zero(int64, int64) error { return nil }
