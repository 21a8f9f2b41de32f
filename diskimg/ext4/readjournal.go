package ext4

import "io"

// replay returns r with what is in the journal over it.
func (f *FS) replay() (io.ReaderAt, error) {
	return nil, unsupportedf("was not replayed")
}
