package auditing

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"amiforge/bundle"
	"amiforge/diskimg"
	"amiforge/internal/cli"
	"amiforge/internal/export"
)

// unpack restores the image of a bundle to a sparse file without a name in TMPDIR and opens it. The file is gone when it
// is closed, or when the process ends in whatever way. It takes the room of the image's data.
func unpack(ctx context.Context, e *cli.Env, object cli.Object, b *bundle.Bundle) (*unpacked, error) {
	f, err := nameless()
	if err != nil {
		return nil, err
	}
	size := b.Manifest.Image.Size
	progress := e.Progress("unbundle", size)
	defer progress.Done()
	err = f.Truncate(size)
	if err == nil {
		err = b.Extract(ctx, hollow{f}, progress.Add)
	}
	if full, ok := errors.AsType[unix.Errno](err); ok && (full == unix.ENOSPC || full == unix.EFBIG) {
		err = fmt.Errorf("%s: no room for the data of an image of %s (TMPDIR=DIR takes another directory): %w",
			os.TempDir(), cli.Bytes(size), full)
	}
	if err != nil {
		return nil, errors.Join(export.Named(object.String(), err), f.Close())
	}
	d, err := diskimg.Open(f, size, &diskimg.OpenOptions{Format: diskimg.RAW})
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &unpacked{d, f}, nil
}

// An unpacked disk is that of a bundle.
type unpacked struct {
	*diskimg.Disk
	file *os.File
}

// Close gives the room back.
func (u *unpacked) Close() error { return u.file.Close() }

// nameless makes a file that has no name any more, so that nothing is left of it by a process that is killed.
func nameless() (*os.File, error) {
	f, err := os.CreateTemp("", "ami-audit-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// hollow is a file of the right length, in which everything is a hole at first.
type hollow struct{ *os.File }

func (hollow) Zero(int64, int64) error { return nil }
