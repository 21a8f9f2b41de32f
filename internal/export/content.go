// Package export turns disks of every kind into disk images: where their content comes from, how it is shaped on
// the way, and the writing itself.
//
// A Content is a disk's content: that of a disk file or a device (File), or of a bundle (Bundle), which is read as
// a stream. A Shape grows it, pads it and puts a partition table in front. A Job writes it to a diskimg.Target in
// any format: a file, a device, a pipe or an upload.
package export

import (
	"context"
	"io"

	"amiforge/diskimg"
)

// A Content is the content of a disk. It is read by one reader at a time.
type Content interface {
	// Size returns the disk's length in bytes.
	Size() int64

	// Source begins to read the content. Close must be called.
	Source(ctx context.Context) (Source, error)

	// Map returns where the content has data at most, ascending, before it is read: in runs of unit bytes if it
	// has to be looked for. Where that is not known, all of it may be data.
	Map(ctx context.Context, unit int64) (extents []diskimg.Extent, known bool, err error)

	// Close releases what the content holds.
	Close() error
}

// A Source is a diskimg.Source that is closed after use.
type Source interface {
	diskimg.Source
	io.Closer
}
