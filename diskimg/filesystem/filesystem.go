// Package filesystem opens the file system that a partition or a bare disk holds, of whatever kind it is, for reading.
//
// ext2, ext3 and ext4 are read by package ext4. FAT, ISO 9660 and squashfs are read here, as Linux reads them: go-diskfs
// reads all of them too, but reads wrong what it does not know, and makes whatever memory it is told to. All others are
// refused by their names.
//
// No file system is trusted. What is not as it has to be is an error, of the directory or the file that it is in; what is
// kept in memory is bounded, whatever an image says.
//
// What is opened is an io/fs.FS with symbolic links, as package ext4 offers it.
package filesystem

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"amiforge/diskimg"
	"amiforge/diskimg/ext4"
	"amiforge/diskimg/inspect"
)

// ErrEmpty is in the chain of the error that says that there are nothing but zeros.
var ErrEmpty = errors.New("holds nothing but zeros")

// ErrSwap is in the chain of the error that says that there is swap space, which has no files.
var ErrSwap = errors.New("is swap space")

// ErrUnknown is in the chain of the error, also diskimg.ErrUnsupported, that says that there is something else than what
// is known.
var ErrUnknown = errors.New("holds no file system that is known")

// An FS is a file system that is open for reading. Open, Stat, ReadDir and ReadFile follow symbolic links, at most 40 on
// a path. It may be used concurrently and need not be closed.
type FS interface {
	fs.StatFS
	fs.ReadDirFS
	fs.ReadFileFS
	fs.ReadLinkFS
}

// Info says what was opened, or could not be.
type Info struct {
	inspect.FileSystem          // its Type is empty where nothing is known
	Ext                *ext4.FS // of ext2, ext3 and ext4: the FS itself, which can do more
	Warnings           []string // what is odd
}

// Open opens the file system in the size bytes of r. Of what it cannot read it returns the Info as far as it is known,
// and an error with diskimg.ErrUnsupported, ErrSwap or ErrEmpty in its chain; of what is damaged, diskimg.ErrDamaged.
func Open(r io.ReaderAt, size int64) (FS, Info, error) {
	found, warnings, err := inspect.Recognise(r, size)
	if err != nil {
		return nil, Info{}, err
	}
	if found == nil {
		return nil, Info{}, unknown(r, size)
	}
	info := Info{FileSystem: *found, Warnings: warnings}
	switch found.Type {
	case "ext2", "ext3", "ext4":
		f, err := ext4.Open(r, size, nil)
		if err != nil {
			return nil, info, err
		}
		info.Ext = f
		info.Warnings = append(slices.Clip(warnings), f.Info().Warnings...)
		return f, info, nil
	case "swap", "swsuspend":
		return nil, info, ErrSwap
	case "vfat", "iso9660", "squashfs":
		f, err := openForeign(found, r, size)
		if err != nil {
			return nil, info, fmt.Errorf("%s: %w", found.Type, err)
		}
		return f, info, nil
	}
	return nil, info, unsupportedf("%s is not supported", found.Type)
}

// unknown tells zeros from what is not known. Only the first byte that is not zero ends the reading.
func unknown(r io.ReaderAt, size int64) error {
	const step = 1 << 20
	b, zeros := make([]byte, step), make([]byte, step)
	for off := int64(0); off < size; off += step {
		p := b[:min(step, size-off)]
		if n, err := r.ReadAt(p, off); n < len(p) {
			return fmt.Errorf("%d bytes at %d: %w", len(p), off, notEOF(err))
		}
		if !bytes.Equal(p, zeros[:len(p)]) {
			return unsupported{ErrUnknown}
		}
	}
	return ErrEmpty
}

func notEOF(err error) error {
	if err == nil || err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// unsupported is an error about what is not read; it is diskimg.ErrUnsupported without saying so.
type unsupported struct{ error }

func (u unsupported) Is(target error) bool { return target == diskimg.ErrUnsupported }
func (u unsupported) Unwrap() error        { return u.error }

func unsupportedf(format string, args ...any) error { return unsupported{fmt.Errorf(format, args...)} }

// damage is an error about a file system; it is diskimg.ErrDamaged without saying so.
type damage struct{ error }

func (d damage) Is(target error) bool { return target == diskimg.ErrDamaged }
func (d damage) Unwrap() error        { return d.error }

func damagedf(format string, args ...any) error { return damage{fmt.Errorf(format, args...)} }
