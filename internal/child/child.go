// Package child runs the servers that tests need as child processes, none of which outlives its tests.
package child

import (
	"os/exec"
	"runtime"
)

// Start starts cmd. exited is closed when it has ended. On Linux it is killed when this process is.
func Start(cmd *exec.Cmd) (exited <-chan struct{}, err error) {
	dieWithParent(cmd)
	started, exit := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(exit)
		// Linux sends the parent-death signal when the thread that started the process ends.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // it is killed, so there is always an error
		}
	}()
	return exit, <-started
}
