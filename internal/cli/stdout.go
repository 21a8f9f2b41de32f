package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// errStdoutClosed says that the reader of standard output went away, as head does. It ends a command without
// a message.
var errStdoutClosed = errors.New("standard output is closed")

// stdout is standard output, with a broken pipe told apart from the broken pipes of network connections. The
// file is not embedded: its other methods that write would go past Write.
type stdout struct{ file *os.File }

func (s stdout) Fd() uintptr { return s.file.Fd() }

func (s stdout) Write(p []byte) (int, error) {
	n, err := s.file.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		err = fmt.Errorf("%w: %w", errStdoutClosed, err)
	}
	return n, err
}

// catchBrokenPipes turns SIGPIPE into an error of the write, so that a command cleans up before it ends, and
// so that one whose messages nobody reads any more does its work all the same. Notify rather than Ignore,
// because an ignored signal would stay ignored in the processes that we start.
func catchBrokenPipes() {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
}

// StdoutBinary returns standard output for the content of a file. A terminal is refused, as a usage error, and so is
// standard output that is closed.
func StdoutBinary(e *Env) (io.Writer, error) {
	if _, ok := e.terminal(e.Stdout); ok {
		return nil, Usagef("standard output is a terminal: send binary output to a file or a pipe")
	}
	if out, ok := e.Stdout.(stdout); ok && out.wasClosed() {
		return nil, Usagef("standard output is closed: send binary output to a file or a pipe")
	}
	return e.Stdout, nil
}

// wasClosed tells whether the process was started without standard output. The Go runtime then opens /dev/null in its
// place, for reading and writing, which a shell's >/dev/null is not.
func (s stdout) wasClosed() bool {
	flags, err := unix.FcntlInt(s.Fd(), unix.F_GETFL, 0)
	if err != nil || flags&unix.O_ACCMODE != unix.O_RDWR {
		return false
	}
	var out, null unix.Stat_t
	return unix.Fstat(int(s.Fd()), &out) == nil && unix.Stat(os.DevNull, &null) == nil &&
		out.Dev == null.Dev && out.Ino == null.Ino
}

// terminalWidth returns the number of columns of the terminal that w is, and whether it is one.
func terminalWidth(w io.Writer) (columns int, ok bool) {
	f, ok := w.(interface{ Fd() uintptr })
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil || columns <= 0 {
		columns = 80
	}
	return columns, true
}
