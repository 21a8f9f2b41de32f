package diskimg

import (
	"errors"
	"fmt"
	"io"
)

// ErrUnsupported is in the chain of every error that says that an image is of a kind that this package does
// not read or write, by name.
var ErrUnsupported = errors.New("is not supported")

// ErrNotDisk is in the chain of the errors, also ErrUnsupported, that say that a file is not a disk image but
// something else: an archive, or a compressed file.
var ErrNotDisk = errors.New("is not a disk image")

// ErrDamaged is in the chain of every error that says that an image contradicts its format.
var ErrDamaged = errors.New("disk image is damaged")

// ErrTruncated is in the chain of every error that says that a file ends before what is read of it. It is
// io.ErrUnexpectedEOF, too.
var ErrTruncated error = truncated{}

type truncated struct{}

func (truncated) Error() string        { return io.ErrUnexpectedEOF.Error() }
func (truncated) Is(target error) bool { return target == io.ErrUnexpectedEOF }

// An Error says what is wrong with an image file, and where. Its chain has ErrDamaged, or what Err says.
type Error struct {
	Format Format
	Offset int64 // in the file, in bytes, of what is wrong; negative where no byte is to blame
	Err    error
}

// Error returns "vhd: byte 1540: block 1 lies in the tables".
func (e *Error) Error() string {
	if e.Offset < 0 {
		return fmt.Sprintf("%s: %v", e.Format, e.Err)
	}
	return fmt.Sprintf("%s: byte %d: %v", e.Format, e.Offset, e.Err)
}

// Unwrap returns what errors.Is can find.
func (e *Error) Unwrap() error { return e.Err }

// damage is an error about an image; it is ErrDamaged without saying so.
type damage struct{ error }

func (d damage) Is(target error) bool { return target == ErrDamaged }
func (d damage) Unwrap() error        { return d.error }

// damagedf returns the *Error that says what is wrong at offset off of the file.
func damagedf(f Format, off int64, format string, args ...any) error {
	return &Error{f, off, damage{fmt.Errorf(format, args...)}}
}

// unsupported is an error about a kind of image; it is ErrUnsupported without saying so.
type unsupported struct{ error }

func (u unsupported) Is(target error) bool { return target == ErrUnsupported }

// unsupportedf returns the error that names what cannot be read, and what helps.
func unsupportedf(format string, args ...any) error {
	return unsupported{fmt.Errorf(format, args...)}
}
