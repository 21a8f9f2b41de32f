package cli

import (
	"os"

	"golang.org/x/sys/unix"
)

// isReadOnly tells whether a block device takes no writes, which opening it does not tell.
func isReadOnly(f *os.File) bool {
	flag, err := unix.IoctlGetInt(int(f.Fd()), unix.BLKROGET)
	return err == nil && flag != 0
}
