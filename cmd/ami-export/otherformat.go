package main

import (
	"fmt"
	"os"

	"amiforge/diskimg"
)

// A formatError says that a file is of another format than --source-format says. For those who rely on it the file is
// damaged.
type formatError struct {
	path          string
	found, wanted diskimg.Format
}

func (f formatError) Error() string {
	return fmt.Sprintf("%s is %s, not %s as --source-format says", f.path, f.found, f.wanted)
}

func (f formatError) Is(target error) bool { return target == diskimg.ErrDamaged }

// otherFormat returns the formatError that explains why the file path was not opened, or err if it is not that.
func (o *options) otherFormat(path string, err error) error {
	wanted := diskimg.Format(o.sourceFormat)
	info, statErr := os.Stat(path)
	if wanted == "" || statErr != nil || !info.Mode().IsRegular() {
		return err
	}
	f, openErr := os.Open(path)
	if openErr != nil {
		return err
	}
	defer f.Close()
	found, detectErr := diskimg.Detect(f, info.Size())
	if detectErr != nil || found == wanted {
		return err
	}
	return formatError{path, found, wanted}
}
