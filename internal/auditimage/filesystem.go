package auditimage

import (
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"

	"amiforge/diskimg"
	"amiforge/diskimg/ext4"
)

// A fileSystem is one that is open for reading.
type fileSystem interface {
	fs.FS
	io.Closer

	// free returns where things may be that were deleted, in bytes from its beginning, if that is known: what no file
	// has, and what of the last block of each its file does not have.
	free() []iter.Seq2[diskimg.Extent, error]

	warnings() []string
}

// openFileSystem opens the file system in the size bytes of r, which is of a kind that blkid knows.
func openFileSystem(r io.ReaderAt, size int64, kind string) (fileSystem, error) {
	if !slices.Contains([]string{"ext2", "ext3", "ext4"}, kind) {
		return nil, fmt.Errorf("%s is not read", kind)
	}
	ext, err := ext4.Open(r, size, nil)
	if err != nil {
		return nil, err
	}
	return extents{ext}, nil
}

// extents is ext2, ext3 or ext4.
type extents struct{ *ext4.FS }

func (e extents) free() []iter.Seq2[diskimg.Extent, error] {
	return []iter.Seq2[diskimg.Extent, error]{e.Free(), e.Slack()}
}

func (e extents) warnings() []string { return e.Info().Warnings }

func (extents) Close() error { return nil }
