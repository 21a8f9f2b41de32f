package ext4

import (
	"fmt"
	"io"

	"amiforge/diskimg"
)

// damage is an error about a file system; it is diskimg.ErrDamaged without saying so.
type damage struct{ error }

func (d damage) Is(target error) bool { return target == diskimg.ErrDamaged }
func (d damage) Unwrap() error        { return d.error }

func damagedf(format string, args ...any) error { return damage{fmt.Errorf(format, args...)} }

// unsupported is an error about what this package does not read; it is diskimg.ErrUnsupported without saying so.
type unsupported struct{ error }

func (u unsupported) Is(target error) bool { return target == diskimg.ErrUnsupported }

func unsupportedf(format string, args ...any) error { return unsupported{fmt.Errorf(format, args...)} }

// readFull fills p from off on. That r ends before is io.ErrUnexpectedEOF.
func readFull(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	switch {
	case n == len(p):
		return nil
	case err == nil || err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%d bytes at %d: %w", len(p), off, err)
}
