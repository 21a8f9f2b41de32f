package cli

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// zeroOut asks the kernel to zero a range of a block device, which it may do by discarding it.
func zeroOut(f *os.File, off, n int64) error {
	span := [2]uint64{uint64(off), uint64(n)}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), unix.BLKZEROOUT, uintptr(unsafe.Pointer(&span)))
	if errno != 0 {
		return errno
	}
	return nil
}
