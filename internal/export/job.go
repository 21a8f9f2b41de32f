package export

import (
	"context"
	"hash"

	"amiforge/diskimg"
)

// A Job is a disk image that is about to be written: everything is checked, and its layout known.
type Job struct {
	Layout diskimg.Layout

	// Dense says that every block will be allocated, since the tables come first and nothing tells beforehand
	// where the data is.
	Dense bool

	content Content
	create  diskimg.CreateOptions
}

// Prepare begins a Job that writes content as opts say. inOrder says that the target takes bytes in ascending order
// only, as a pipe does: where the tables of the format come first, they are then made before the data is read,
// which takes a first pass over the data of a disk file.
func Prepare(ctx context.Context, content Content, opts *diskimg.CreateOptions, inOrder bool) (*Job, error) {
	j := &Job{content: content, create: *opts}
	var err error
	if j.Layout, err = j.create.Layout(content.Size()); err != nil {
		return nil, err
	}
	if !inOrder || j.Layout.Head == 0 {
		return j, nil
	}
	extents, known, err := content.Map(ctx, mapUnit)
	if err != nil {
		return nil, err
	}
	if extents == nil {
		extents = []diskimg.Extent{} // nil would say that nothing is known
	}
	j.create.Map = extents
	j.Dense = !known
	j.Layout, err = j.create.Layout(content.Size())
	return j, err
}

// mapUnit is a VMDK grain, in bytes; the blocks of VHD are whole grains.
const mapUnit = 64 << 10

// Write writes the image to t. Nothing that it has written is an image before it returns nil. If h is not nil, it
// gets the content of the disk, holes as zeros. progress is called with the bytes of the disk that each step
// advanced.
func (j *Job) Write(ctx context.Context, t diskimg.Target, h hash.Hash, progress func(n int64)) error {
	create := j.create
	create.Progress = progress
	if f, ok := j.content.(*File); ok && h == nil {
		return diskimg.Copy(ctx, t, f.disk, &create)
	}
	src, err := j.content.Source(ctx)
	if err != nil {
		return err
	}
	defer src.Close()
	var from diskimg.Source = src
	if h != nil {
		from = diskimg.NewTee(ctx, src, j.content.Size(), h)
	}
	return diskimg.CopyFrom(ctx, t, from, j.content.Size(), &create)
}

// Limit returns how many bytes the image file has at most: the disk, a sixty-fourth of it for tables and for
// grains that do not compress, and what does not depend on its size, such as the rest of a VHD's last block.
func (j *Job) Limit() int64 {
	if j.Layout.FileSize >= 0 {
		return j.Layout.FileSize
	}
	size := j.content.Size()
	return size + size/64 + 4*mib
}
