package miniotest

import "syscall"

// dieWithParent makes the kernel kill the server when the test process is killed.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
