package volume

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// scriptPatience is how long a script may take to end once it was told to.
const scriptPatience = 5 * time.Second

// Script runs the user's script with the empty directory dir as its argument, and as AMI_OVERLAY in its environment;
// AMI_VOLUME is the path of what the volume is made from. What it leaves in dir is for the volume. Its output goes to
// out. When ctx ends, the script gets a SIGTERM.
func Script(ctx context.Context, script, dir, source string, out io.Writer) error {
	path, err := filepath.Abs(script)
	if err != nil {
		return fmt.Errorf("script: %w", err)
	}
	cmd := exec.CommandContext(ctx, path, dir)
	cmd.Env = append(os.Environ(), "AMI_OVERLAY="+dir, "AMI_VOLUME="+source)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = scriptPatience
	err = cmd.Run()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return fmt.Errorf("script %s: %s", script, exit.ProcessState)
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("script %s: %w (is it executable? chmod +x)", script, err)
	case errors.Is(err, syscall.ENOEXEC):
		return fmt.Errorf("script %s: %w (does it begin with #!/bin/sh or the like?)", script, err)
	case err != nil:
		return fmt.Errorf("script %s: %w", script, err)
	}
	return nil
}
