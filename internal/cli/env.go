package cli

import (
	"io"
	"os"
	"sync"
	"time"

	"github.com/spf13/pflag"
)

// An Env is what a binary runs in: its arguments, streams and environment, and the flags that all binaries
// have, filled in by Parse. Messages and progress may come from several goroutines.
type Env struct {
	Name   string   // of the binary, as it stands before each message
	Args   []string // without the name
	Stdin  io.Reader
	Stdout io.Writer // data: paths, locations, IDs, JSON
	Stderr io.Writer // messages and progress
	Getenv func(string) string

	Region   string // --region; the AWS variables are the store's business
	Endpoint string // --endpoint-url
	Profile  string // --profile
	Registry string // --registry, else AMI_REGISTRY
	JSON     bool   // --json: standard output is one JSON object
	Quiet    bool   // --quiet: no notes, no progress
	Verbose  bool   // --verbose
	DryRun   bool   // --dry-run, where AddRegistryFlags added it

	account, regionsFile, organizationsFile string // the flags of AddRegistryFlags

	usage       string
	flags       *pflag.FlagSet
	wantHelp    bool
	wantVersion bool
	hasResult   bool // the one JSON object is out

	mu  sync.Mutex // guards Stderr and what is drawn on it
	bar *bar       // on the last line of the terminal; nil where there is none

	// What tests replace.
	now func() time.Time
	tty func(io.Writer) (columns int, ok bool)
}

func (e *Env) getenv(name string) string {
	if e.Getenv == nil {
		return os.Getenv(name)
	}
	return e.Getenv(name)
}

func (e *Env) clock() time.Time {
	if e.now == nil {
		return time.Now()
	}
	return e.now()
}

func (e *Env) terminal(w io.Writer) (columns int, ok bool) {
	if e.tty == nil {
		return terminalWidth(w)
	}
	return e.tty(w)
}
