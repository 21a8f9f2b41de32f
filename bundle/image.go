package bundle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"amiforge/internal/sparse"
)

// An Image is a disk image to be bundled: its size, where its data is, and that data.
type Image struct {
	size    int64
	extents []Extent
	data    io.Reader
	stream  bool                       // a Read from data may wait for ever
	check   func(data io.Reader) error // called once data is read
	close   func() error
}

// NewImage returns an image of size bytes whose data reader yields exactly the bytes of the ascending
// extents, one after another. All but the last of them must be multiples of 512 bytes long, or Create refuses
// them. With extents nil the image is dense and data yields all of it.
func NewImage(data io.Reader, size int64, extents []Extent) *Image {
	if extents == nil {
		extents = []Extent{{0, size}}
	}
	return &Image{
		size: size, extents: extents, data: data, stream: true,
		check: atEOF,
		close: func() error { return nil },
	}
}

// ImageOptions says how OpenImage looks at an image.
type ImageOptions struct {
	// Size is the image's length in bytes where the file cannot tell: a pipe, a character device, or a
	// block device of macOS.
	Size int64

	// NoScan leaves out the pass that looks for zero blocks in block devices and in files without holes.
	NoScan bool
}

// OpenImage opens a file or a block device as an image. The holes are the file's own where it has any,
// else runs of zero blocks that a first pass finds. A pipe is read as it comes, all of it data. Create
// notices a file that changes while it is read.
func OpenImage(ctx context.Context, path string, opts *ImageOptions) (*Image, error) {
	if opts == nil {
		opts = &ImageOptions{}
	}
	f, err := openDetached(ctx, path)
	if err != nil {
		return nil, err
	}
	im, err := openImage(ctx, f, opts)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return im, nil
}

func openImage(ctx context.Context, f *os.File, opts *ImageOptions) (*Image, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	size := info.Size()
	switch mode := info.Mode(); {
	case mode.IsDir():
		return nil, errors.New("is a directory, not a disk image")
	case mode&fs.ModeDevice != 0 && mode&fs.ModeCharDevice == 0:
		if size, err = f.Seek(0, io.SeekEnd); err != nil {
			return nil, err
		}
		size = cmp.Or(size, opts.Size)
	case !mode.IsRegular():
		return streamImage(f, opts.Size)
	}
	if size == 0 {
		return nil, errors.New("is empty: there is nothing to bundle")
	}
	if opts.Size != 0 && opts.Size != size {
		return nil, fmt.Errorf("is %d bytes long, not %d", size, opts.Size)
	}
	extents, err := findExtents(ctx, f, size, info.Mode().IsRegular(), opts.NoScan)
	if err != nil {
		return nil, err
	}
	return &Image{
		size: size, extents: extents,
		data:  &extentReader{ctx: ctx, src: f, extents: extents},
		check: func(io.Reader) error { return unchanged(f, info) },
		close: f.Close,
	}, nil
}

func streamImage(f *os.File, size int64) (*Image, error) {
	if size <= 0 {
		return nil, errors.New("is not a file or block device: its size must be given")
	}
	im := NewImage(f, size, nil)
	im.close = f.Close
	return im, nil
}

// Size returns the image's length in bytes, holes included.
func (im *Image) Size() int64 { return im.size }

// DataSize returns how many bytes of the image are data: what Create reads.
func (im *Image) DataSize() int64 { return sparse.Length(im.extents) }

// Close closes the file behind the image.
func (im *Image) Close() error { return im.close() }

// reader returns data such that reading ends when ctx does.
func (im *Image) reader(ctx context.Context) io.Reader {
	if im.stream {
		return newDetachedReader(ctx, im.data)
	}
	return im.data
}

// checkMap refuses an image that has nothing to bundle, and extents that no tar could hold. GNU tar begins each
// extent at a block of its own, other programs right behind the one before: so they must not differ.
func (im *Image) checkMap() error {
	if im.size <= 0 {
		return errors.New("image: is empty: there is nothing to bundle")
	}
	if n := mapEntries(im.extents, im.size); n > maxExtents {
		return fmt.Errorf("image: %d extents are more than %d", n, maxExtents)
	}
	var end int64
	for i, e := range im.extents {
		switch {
		case e.Offset < end || e.Length <= 0 || e.Length > im.size || e.Offset > im.size-e.Length:
			return fmt.Errorf("image: extent %d (%d bytes at %d) overlaps the one before it or is not within the image", i, e.Length, e.Offset)
		case e.Length%tarBlock != 0 && i < len(im.extents)-1:
			return fmt.Errorf("image: extent %d is %d bytes long, no multiple of %d", i, e.Length, tarBlock)
		}
		end = e.End()
	}
	return nil
}

// unchanged tells whether a regular file is still as info describes it. (A device has no such memory.)
func unchanged(f *os.File, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return nil
	}
	now, err := f.Stat()
	switch {
	case err != nil:
		return err
	case now.Size() != info.Size():
		return fmt.Errorf("%s: size changed from %d to %d bytes while it was read", f.Name(), info.Size(), now.Size())
	case !now.ModTime().Equal(info.ModTime()):
		return fmt.Errorf("%s: was written to while it was read (at %s)", f.Name(), now.ModTime().Format(time.RFC3339Nano))
	}
	return nil
}

// atEOF tells whether r is at its end.
func atEOF(r io.Reader) error {
	switch n, err := io.ReadFull(r, make([]byte, 1)); {
	case n > 0:
		return errors.New("image: there is more data than its size says")
	case err != io.EOF:
		return err
	}
	return nil
}

// extentReader reads the extents of src one after another.
type extentReader struct {
	ctx     context.Context
	src     io.ReaderAt
	extents []Extent
	done    int64 // bytes of the first extent that have been read
}

func (r *extentReader) Read(p []byte) (int, error) {
	for len(r.extents) > 0 && r.done == r.extents[0].Length {
		r.extents, r.done = r.extents[1:], 0
	}
	if len(r.extents) == 0 {
		return 0, io.EOF
	}
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	e := r.extents[0]
	n, err := r.src.ReadAt(p[:min(int64(len(p)), e.Length-r.done)], e.Offset+r.done)
	r.done += int64(n)
	if err == io.EOF && r.done < e.Length {
		return n, fmt.Errorf("image ends at byte %d, inside what was its data: %w", e.Offset+r.done, io.ErrUnexpectedEOF)
	}
	if err == io.EOF {
		err = nil
	}
	return n, err
}
