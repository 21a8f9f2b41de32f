// Bench measures the programs in bin/ against the pipelines of foreign tools that do the same work, in one
// run and on one disk, and prints a Markdown table of what was reached and what has to be. "make bench" runs
// it. BENCH_DIR is where it works, BENCH_RUNS how often it measures (3).
//
// The pipelines are those that ec2-ami-tools and euca2ools run; disks are converted against qemu-img and cp.
// Ours and theirs take turns, find the disk in the page cache, and have to have their output on the medium when
// the clock stops: ours by fsync, theirs by sync.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	bin := flag.String("bin", "bin", "folder of the programs to measure")
	flag.Parse()
	b, err := newBench(*bin)
	if err != nil {
		return err
	}
	defer os.RemoveAll(b.work)
	table, err := b.measureAll(ctx)
	if err != nil {
		return err
	}
	return table.write(os.Stdout)
}

// A bench is what one run of this program works with.
type bench struct {
	bin  string // folder of our programs, absolute
	dir  string // keeps the disks from one run to the next
	work string // keeps what a run makes; removed at its end
	runs int    // how often each program is measured; the slow pipeline once
}

func newBench(bin string) (*bench, error) {
	runs, err := strconv.Atoi(cmp.Or(os.Getenv("BENCH_RUNS"), "3"))
	if err != nil || runs < 1 {
		return nil, fmt.Errorf("BENCH_RUNS=%s: not a number above 0", os.Getenv("BENCH_RUNS"))
	}
	bin, err = filepath.Abs(bin)
	if err != nil {
		return nil, err
	}
	dir := cmp.Or(os.Getenv("BENCH_DIR"), filepath.Join(os.TempDir(), "amiforge-bench"))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	logf("working in %s, which needs 3 GiB of room; BENCH_DIR chooses another place", dir)
	work, err := os.MkdirTemp(dir, "run-")
	return &bench{bin, dir, work, runs}, err
}

// logf says on stderr how far the run is.
func logf(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }
