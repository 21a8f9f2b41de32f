package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"time"
)

// A sample is what one run of a command took.
type sample struct {
	elapsed time.Duration
	memory  int64 // peak resident set, bytes; of a pipeline, that of its shell
	output  int64 // bytes that it wrote, where that was asked for
}

// measure runs cmd and says on stderr what it took. Its own output is shown only where it fails.
func measure(ctx context.Context, name string, cmd *exec.Cmd) (sample, error) {
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	start := time.Now()
	err := cmd.Run()
	s := sample{elapsed: time.Since(start)}
	if err != nil {
		return s, errors.Join(context.Cause(ctx), fmt.Errorf("%s: %w\n%s", name, err, output.Bytes()))
	}
	s.memory = peakMemory(cmd)
	logf("%-40s %6.2f s", name, s.elapsed.Seconds())
	return s, nil
}

// peakMemory returns the largest resident set of a finished command, in bytes. Linux starts a child's count
// at its parent's peak, so this program itself has to stay small: it streams whatever it reads.
func peakMemory(cmd *exec.Cmd) int64 {
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return usage.Maxrss
	}
	return usage.Maxrss << 10
}

// median returns the sample with the median time. There has to be at least one.
func median(samples []sample) sample {
	sorted := slices.SortedFunc(slices.Values(samples), func(a, b sample) int {
		return cmp.Compare(a.elapsed, b.elapsed)
	})
	return sorted[(len(sorted)-1)/2]
}

// peak returns the largest memory of all samples, in bytes.
func peak(samples []sample) int64 {
	var most int64
	for _, s := range samples {
		most = max(most, s.memory)
	}
	return most
}
