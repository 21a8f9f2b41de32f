package diskimg

import (
	"context"
	"os"

	"amiforge/internal/sparse"
)

// A FileTarget is a Target that can take bytes out of a file without their passing through this program
// (copy_file_range, where the file systems have it).
type FileTarget interface {
	Target

	// CopyFile writes the n bytes at srcOff of src at off.
	CopyFile(off int64, src *os.File, srcOff, n int64) error
}

// Copy writes the disk d into t. Like CopyFrom, but for a RAW file that has holes and goes to a RAW file, t being a
// FileTarget: there the holes are believed to be all its zeros, and the data is not looked at. That moves the
// position of d's file, so that a disk is copied once at a time.
func Copy(ctx context.Context, t Target, d *Disk, opts *CreateOptions) error {
	if file, ok := t.(FileTarget); ok && opts != nil && opts.Format == RAW {
		if raw, ok := d.image.(*rawImage); ok && raw.file != nil && sparse.Length(raw.data) < raw.size {
			return copyFile(ctx, file, d, raw, opts)
		}
	}
	r := d.NewReader(ctx)
	defer r.Close()
	return CopyFrom(ctx, t, r, d.Size(), opts)
}

// copyStep is how much is copied before ctx and progress are looked after, in bytes.
const copyStep = 16 << 20

func copyFile(ctx context.Context, t FileTarget, d *Disk, raw *rawImage, opts *CreateOptions) error {
	if _, err := opts.Layout(raw.size); err != nil {
		return err
	}
	opts, err := opts.withDefaults()
	if err != nil {
		return err
	}
	var end int64
	for _, e := range append(raw.data[:len(raw.data):len(raw.data)], Extent{raw.size, 0}) {
		if e.Offset > end {
			if err := t.Zero(end, e.Offset-end); err != nil {
				return err
			}
			opts.Progress(e.Offset - end)
		}
		for off := e.Offset; off < e.End(); off += copyStep {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			n := min(copyStep, e.End()-off)
			if err := t.CopyFile(off, raw.file, off, n); err != nil {
				return err
			}
			opts.Progress(n)
		}
		end = e.End()
	}
	return d.unchanged()
}
