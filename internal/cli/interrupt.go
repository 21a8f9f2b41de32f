package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// An interrupt is the cause of a context that a signal cancelled. It is a context.Canceled too.
type interrupt struct{ signal syscall.Signal }

func (i interrupt) Error() string {
	switch i.signal {
	case syscall.SIGINT:
		return "interrupted"
	case syscall.SIGHUP:
		return "interrupted by SIGHUP"
	}
	return "interrupted by SIGTERM"
}

func (i interrupt) Is(target error) bool { return target == context.Canceled }

func isInterrupt(err error) bool {
	_, ok := errors.AsType[interrupt](err)
	return ok
}

func interruptStatus(err error) int {
	i, _ := errors.AsType[interrupt](err)
	return 128 + int(i.signal)
}

// withSignals returns a context that the first SIGINT, SIGTERM or SIGHUP cancels, with an interrupt as the cause.
// A second later the default action stands again, so that another signal kills a process that hangs. What comes before is
// the same request: timeout(1) signals its command and then its group. SIGHUP never kills: when a terminal is closed, one
// comes from the kernel and one from the shell.
func withSignals(parent context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		// A shell without job control starts what it puts in the background with SIGINT ignored: Ctrl-C is
		// meant for the foreground then, and stays ignored here. Under nohup so does SIGHUP.
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	go func() {
		s := <-signals
		cancel(interrupt{s.(syscall.Signal)})
		<-time.After(time.Second)
		signal.Stop(signals)
	}()
	return ctx
}

// interrupted makes an interrupt of the error that a command ended with after a signal, whatever the
// cancelled operation made of it. A command that finished all the same is not interrupted.
func interrupted(ctx context.Context, err error) error {
	cause, ok := errors.AsType[interrupt](context.Cause(ctx))
	switch {
	case err == nil || !ok || isInterrupt(err):
		return err
	case err == context.Canceled:
		return cause
	default:
		return fmt.Errorf("%w: %w", cause, err)
	}
}
