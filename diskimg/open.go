package diskimg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
)

// OpenOptions says how to open an image. The zero value will do.
type OpenOptions struct {
	// Format, if not empty, is what the file must be. RAW takes a file as it is, whatever is in it.
	Format Format
}

// An image is what a format knows of one file. Its methods may be called concurrently.
type image interface {
	// info describes the image. It costs nothing.
	info() Info

	// extents yields where the disk has data, ascending and not overlapping, as the tables or the file system
	// know it. They may adjoin. It stops at the first error.
	extents() iter.Seq2[Extent, error]

	// readAt fills p, which lies within the disk, with its content from off on, holes as zeros.
	readAt(p []byte, off int64) error

	// check looks at everything in the file's structure that opening has not looked at, but not at the data,
	// and reports all that is wrong, joined.
	check(ctx context.Context) error
}

// A Disk is a disk image that is open for reading. Its methods may be called concurrently.
type Disk struct {
	image     image
	size      int64
	unchanged func() error // tells whether the file is as it was when it was opened
	close     func() error
}

// Open opens the image of size bytes that r reads. Images of several files need OpenFile. ErrUnsupported and
// ErrDamaged, which is in an *Error, tell the two kinds of refusal apart; its other errors are those of r.
func Open(r io.ReaderAt, size int64, opts *OpenOptions) (*Disk, error) {
	im, err := openImage(r, size, nil, opts)
	if err != nil {
		return nil, err
	}
	none := func() error { return nil }
	return &Disk{image: im, size: im.info().Size, unchanged: none, close: none}, nil
}

// OpenFile opens an image file, with the files beside it that a VMDK descriptor names, or a block device, which
// is always RAW: whoever wrote to it may have made it look like anything. Its errors name the file.
func OpenFile(path string, opts *OpenOptions) (*Disk, error) {
	f, info, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	d, err := openFile(f, info, opts)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// openRegular opens a file or block device, and refuses before opening what would block, such as a pipe.
func openRegular(path string) (*os.File, fs.FileInfo, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, nil, err
	case info.IsDir():
		return nil, nil, fmt.Errorf("%s: is a directory, not a disk image", path)
	case !info.Mode().IsRegular() && !isBlockDevice(info.Mode()):
		return nil, nil, fmt.Errorf("%s: is neither a file nor a block device", path)
	}
	f, err := os.Open(path)
	return f, info, err
}

func isBlockDevice(mode fs.FileMode) bool {
	return mode&fs.ModeDevice != 0 && mode&fs.ModeCharDevice == 0
}

func openFile(f *os.File, info fs.FileInfo, opts *OpenOptions) (*Disk, error) {
	size := info.Size()
	if isBlockDevice(info.Mode()) {
		var err error
		if size, err = f.Seek(0, io.SeekEnd); err != nil {
			return nil, err
		}
		if opts != nil && opts.Format != "" && opts.Format != RAW {
			return nil, fmt.Errorf("is a block device, which is read as raw, not as %s", opts.Format)
		}
		opts = &OpenOptions{Format: RAW}
	}
	beside := &siblings{dir: filepath.Dir(f.Name())}
	im, err := openImage(f, size, beside, opts)
	if err != nil {
		return nil, errors.Join(err, beside.close())
	}
	if im.info().Format == RAW && (opts == nil || opts.Format == "") {
		if err := checkName(f.Name()); err != nil {
			return nil, err
		}
	}
	return &Disk{
		image: im, size: im.info().Size,
		unchanged: func() error { return errors.Join(unchanged(f, info), beside.unchanged()) },
		close:     func() error { return errors.Join(beside.close(), f.Close()) },
	}, nil
}

// openImage opens an image of any format. Without beside, which is nil for what is not a file, an image is one
// file.
func openImage(r io.ReaderAt, size int64, beside *siblings, opts *OpenOptions) (image, error) {
	var format Format
	if opts != nil {
		format = opts.Format
	}
	if format == RAW {
		return openRaw(r, size)
	}
	found, err := Detect(r, size)
	if err != nil {
		return nil, err
	}
	if format != "" && found != format {
		return nil, damagedf(format, 0, "not found: this is %s", found)
	}
	switch found {
	case VHD:
		return openVHD(r, size)
	case VMDK:
		return openVMDK(r, size, beside)
	default:
		return openRaw(r, size)
	}
}

// Close closes what OpenFile opened.
func (d *Disk) Close() error { return d.close() }

// Size returns the disk's length in bytes: what a machine that runs from it sees.
func (d *Disk) Size() int64 { return d.size }

// Info describes the image.
func (d *Disk) Info() Info { return d.image.info() }

// Check looks at the structure of the image, not at its data, and reports everything that is wrong. Opening has
// looked at what reading depends on.
func (d *Disk) Check(ctx context.Context) error { return d.image.check(ctx) }

// ReadAt reads from the disk, holes as zeros, and returns io.EOF at its end.
func (d *Disk) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("read at %d: %w", off, fs.ErrInvalid)
	}
	if off >= d.size && len(p) > 0 {
		return 0, io.EOF
	}
	n := max(0, min(int64(len(p)), d.size-off))
	if err := d.image.readAt(p[:n], off); err != nil {
		return 0, err
	}
	if n < int64(len(p)) {
		return int(n), io.EOF
	}
	return int(n), nil
}

// Extents yields where the disk has data as its tables or the file system know it, ascending; adjoining ones are
// joined. It stops at the first error.
func (d *Disk) Extents() iter.Seq2[Extent, error] {
	return func(yield func(Extent, error) bool) {
		var last Extent
		for e, err := range d.image.extents() {
			switch {
			case err != nil:
				yield(Extent{}, err)
				return
			case last.Length > 0 && last.End() == e.Offset:
				last.Length += e.Length
				continue
			case last.Length > 0 && !yield(last, nil):
				return
			}
			last = e
		}
		if last.Length > 0 {
			yield(last, nil)
		}
	}
}
