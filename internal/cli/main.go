// Package cli is what the binaries share, so that all of them behave alike: flags and usage, messages on
// standard error and data on standard output, exit status, signals, progress and output files.
//
// A binary's main function is one line, Main(usage, run). It is the only place of the project that exits.
package cli

import (
	"context"
	"os"
	"path/filepath"
	"runtime/debug"
)

// gcPercent keeps memory near to what is in use. That is a few large buffers, which cost nothing to collect;
// with the default of 100 the garbage beside them may grow as large as they are.
const gcPercent = 25

// Main runs a binary and exits with the status that the error of run stands for (see Status). usage is what
// --help prints above the common options and the exit status table.
//
// The first SIGINT, SIGTERM or SIGHUP cancels ctx; run is expected to clean up, to return context.Cause(ctx) and to
// say in the error what is left behind and how to go on. Another one a second later kills the process.
func Main(usage string, run func(ctx context.Context, e *Env) error) {
	e := &Env{
		Name:   filepath.Base(os.Args[0]),
		Args:   os.Args[1:],
		Stdin:  os.Stdin,
		Stdout: stdout{os.Stdout},
		Stderr: os.Stderr,
		Getenv: os.Getenv,
		usage:  usage,
	}
	debug.SetGCPercent(gcPercent)
	catchBrokenPipes()
	ctx := withSignals(context.Background())
	err := interrupted(ctx, run(ctx, e))
	e.report(err)
	os.Exit(Status(err))
}
