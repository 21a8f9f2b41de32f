package sparse

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Seek asks the file system where the data of f, of size bytes, is (SEEK_DATA and SEEK_HOLE). It returns nil
// where the file system does not know, and no extents, not nil, for a file that is one hole. The file's
// position is moved, and at the start afterwards.
func Seek[E Extent](f *os.File, size int64) ([]E, error) {
	extents := []E{}
	for off := int64(0); off < size; {
		start, err := f.Seek(off, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) { // nothing but a hole from here on
			break
		}
		if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.ENOTTY) {
			return nil, rewind(f)
		}
		if err != nil {
			return nil, err
		}
		end, err := f.Seek(start, unix.SEEK_HOLE)
		if err != nil {
			return nil, err
		}
		if end <= off { // no progress: a file system that lies
			return nil, rewind(f)
		}
		if start < size {
			extents = append(extents, E(run{start, min(end, size) - start}))
		}
		off = end
	}
	return extents, rewind(f)
}

func rewind(f *os.File) error {
	_, err := f.Seek(0, io.SeekStart)
	return err
}
