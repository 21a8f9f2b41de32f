package boottest

import "syscall"

// dieWithParent makes the kernel end the machine when the test process is killed.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
