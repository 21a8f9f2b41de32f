package cli

import (
	"fmt"
	"io"
	"os"
)

// A device is a block device that an image is written to. It has no temporary name: once writing has begun,
// what was on it is lost.
type device struct{ *os.File }

// openDevice opens the block device path. It fails where the device is mounted or otherwise in use (O_EXCL
// has that meaning for block devices), read-only, or smaller than size bytes; a negative size is not known.
func openDevice(path string, size int64) (*device, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_EXCL, 0)
	if err != nil {
		return nil, err
	}
	have, err := f.Seek(0, io.SeekEnd)
	if isReadOnly(f) {
		err = fmt.Errorf("%s: the device is read-only", path)
	}
	if err == nil && have < size {
		err = fmt.Errorf("%s: the device has %s, the image %s", path, Bytes(have), Bytes(size))
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &device{f}, nil
}

// Zero discards the range if the device then promises zeros, else it writes zeros.
func (d *device) Zero(off, n int64) error {
	if zeroOut(d.File, off, n) == nil {
		return nil
	}
	zeros := make([]byte, min(n, 1<<20))
	for n > 0 {
		m, err := d.WriteAt(zeros[:min(n, int64(len(zeros)))], off)
		if err != nil {
			return err
		}
		off, n = off+int64(m), n-int64(m)
	}
	return nil
}

// Commit brings what was written to the device.
func (d *device) Commit() error { return d.Sync() }

// Spoiled adds to err, which ended the writing of im, that a device is left with half an image. A file is
// not left at all.
func Spoiled(im Image, err error) error {
	if d, ok := im.(*device); ok {
		return fmt.Errorf("%w\n%s holds a part of an image now and must not be used", err, d.Name())
	}
	return err
}
