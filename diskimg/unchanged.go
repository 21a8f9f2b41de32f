package diskimg

import (
	"fmt"
	"io/fs"
	"os"
	"time"
)

// unchanged tells whether a regular file is still as info describes it. (A device has no such memory.)
func unchanged(f *os.File, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return nil
	}
	now, err := f.Stat()
	switch {
	case err != nil:
		return err
	case now.Size() != info.Size():
		return fmt.Errorf("%s: size changed from %d to %d bytes while it was read", f.Name(), info.Size(), now.Size())
	case !now.ModTime().Equal(info.ModTime()):
		return fmt.Errorf("%s: was written to while it was read (at %s)", f.Name(), now.ModTime().Format(time.RFC3339Nano))
	}
	return nil
}
