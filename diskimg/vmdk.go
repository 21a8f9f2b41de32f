package diskimg

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
)

// A vmdkImage is a VMDK disk: runs of it that follow each other, each in a file or nowhere.
type vmdkImage struct {
	about Info
	parts []vmdkPart
	text  *diskDescriptor // nil if it has none
}

// A vmdkPart is a run of the disk and what has its content.
type vmdkPart struct {
	Extent
	content partContent
}

// A partContent is the content of a vmdkPart. Offsets are in the part. See image for the methods.
type partContent interface {
	extents() iter.Seq2[Extent, error]
	readAt(p []byte, off int64) error
	check(ctx context.Context) error
}

// openVMDK opens a disk whose first file r is. Without beside it must be the only one.
func openVMDK(r io.ReaderAt, size int64, beside *siblings) (image, error) {
	magic := make([]byte, min(size, int64(len(vmdkMagic))))
	if err := readFull(r, magic, 0); err != nil {
		return nil, err
	}
	if bytes.Equal(magic, []byte(vmdkMagic)) {
		return openMonolithicVMDK(r, size)
	}
	return openSplitVMDK(r, size, beside)
}

func (m *vmdkImage) info() Info { return m.about }

func (m *vmdkImage) extents() iter.Seq2[Extent, error] {
	return func(yield func(Extent, error) bool) {
		for _, part := range m.parts {
			for e, err := range part.content.extents() {
				e.Offset += part.Offset
				if !yield(e, err) || err != nil {
					return
				}
			}
		}
	}
}

func (m *vmdkImage) readAt(p []byte, off int64) error {
	for _, part := range m.parts {
		if len(p) == 0 {
			break
		}
		if off >= part.End() {
			continue
		}
		n := min(int64(len(p)), part.End()-off)
		if err := part.content.readAt(p[:n], off-part.Offset); err != nil {
			return err
		}
		p, off = p[n:], off+n
	}
	return nil
}

func (m *vmdkImage) check(ctx context.Context) error {
	var errs []error
	if m.text != nil {
		errs = append(errs, m.text.checkSanity()...)
	}
	for _, part := range m.parts {
		errs = append(errs, part.content.check(ctx))
	}
	return errors.Join(errs...)
}

// notReadf returns the *Error that names, at byte off of the file, what kind of VMDK is not read.
func notReadf(off int64, format string, args ...any) error {
	return &Error{VMDK, off, unsupportedf(format, args...)}
}
