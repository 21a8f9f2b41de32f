package cmd_test

import (
	"os"
	"runtime"
	"syscall"
)

// peak returns the most memory that an ended process had resident, in bytes.
func peak(p *os.ProcessState) int64 {
	kib := p.SysUsage().(*syscall.Rusage).Maxrss
	if runtime.GOOS == "darwin" { // where it is in bytes
		return kib
	}
	return kib << 10
}
