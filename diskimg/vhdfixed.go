package diskimg

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// A fixedVHD is a disk as it is, with a footer behind it.
type fixedVHD struct {
	*rawImage
	footers  *vhdFooters
	fileSize int64
}

func openFixedVHD(r io.ReaderAt, fileSize int64, f *vhdFooters) (image, error) {
	size := int64(f.CurrentSize)
	if size > f.dataEnd {
		return nil, damagedf(VHD, f.off+vhdSizeAt, "the disk has %d bytes, and the file has %d before its footer", size, f.dataEnd)
	}
	raw, err := openRaw(r, size)
	if err != nil {
		return nil, err
	}
	return &fixedVHD{raw.(*rawImage), f, fileSize}, nil
}

func (d *fixedVHD) info() Info {
	i := d.footers.info()
	i.Subformat, i.FileSize, i.Allocated = Fixed, d.fileSize, d.rawImage.info().Allocated
	if more := d.footers.dataEnd - d.size; more > 0 {
		i.Warnings = append(i.Warnings, fmt.Sprintf("between the end of the disk and the footer are %d bytes that belong to neither", more))
	}
	return i
}

func (d *fixedVHD) check(context.Context) error {
	return errors.Join(d.footers.check()...)
}
