package export

import (
	"context"

	"amiforge/diskimg"
)

// A File is the content of a disk file or a block device.
type File struct{ disk *diskimg.Disk }

// OpenFile opens a disk file, of whatever format it is if format is empty, or a block device.
func OpenFile(path string, format diskimg.Format) (*File, error) {
	d, err := diskimg.OpenFile(path, &diskimg.OpenOptions{Format: format})
	if err != nil {
		return nil, err
	}
	return &File{d}, nil
}

// Disk returns the open image.
func (f *File) Disk() *diskimg.Disk { return f.disk }

// Size returns the disk's length in bytes.
func (f *File) Size() int64 { return f.disk.Size() }

// Source begins to read the disk.
func (f *File) Source(ctx context.Context) (Source, error) { return f.disk.NewReader(ctx), nil }

// Map reads the whole disk and returns where it is not zero.
func (f *File) Map(ctx context.Context, unit int64) ([]diskimg.Extent, bool, error) {
	extents, err := f.disk.Map(ctx, unit)
	return extents, true, err
}

// Close closes the file.
func (f *File) Close() error { return f.disk.Close() }
