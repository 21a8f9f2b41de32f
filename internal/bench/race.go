package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// A racer is a program of ours or a pipeline of others that turns its input into files in a folder.
type racer struct {
	name    string
	once    bool  // so slow that one run has to do
	absent  error // not nil where it cannot run: what to install
	command func(ctx context.Context, out string) *exec.Cmd
	check   func(out string) error          // of the first run's output, not timed; may be nil
	size    func(out string) (int64, error) // of the output, in bytes; partsSize if nil

	samples []sample
}

// race measures the racers in turns, so that what slows the machine for a while slows all of them.
func (b *bench) race(ctx context.Context, racers ...*racer) error {
	for round := range b.runs {
		for _, r := range racers {
			if r.absent != nil || r.once && round > 0 {
				continue
			}
			if err := b.runOnce(ctx, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// runOnce measures one run, in a folder of its own that is removed afterwards.
func (b *bench) runOnce(ctx context.Context, r *racer) error {
	out, err := os.MkdirTemp(b.work, "out-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(out)
	s, err := measure(ctx, r.name, r.command(ctx, out))
	if err != nil {
		return err
	}
	if r.check != nil && r.samples == nil {
		if err := r.check(out); err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
	}
	size := r.size
	if size == nil {
		size = partsSize
	}
	s.output, err = size(out)
	r.samples = append(r.samples, s)
	return err
}

// partsSize returns the size of all parts in the folder dir together, in bytes.
func partsSize(dir string) (int64, error) {
	parts, err := filepath.Glob(filepath.Join(dir, "*.part.*"))
	if err != nil {
		return 0, err
	}
	var size int64
	for _, part := range parts {
		info, err := os.Stat(part)
		if err != nil {
			return 0, err
		}
		size += info.Size()
	}
	return size, nil
}

// sizeOf returns what tells how many bytes the file name in a racer's folder takes on the disk.
func sizeOf(name string) func(out string) (int64, error) {
	return func(out string) (int64, error) {
		info, err := os.Stat(filepath.Join(out, name))
		if err != nil {
			return 0, err
		}
		return allocated(info), nil
	}
}

// allocated returns the bytes that a file takes on the disk, which are fewer than its size where it has holes.
func allocated(info fs.FileInfo) int64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return stat.Blocks * 512
	}
	return info.Size()
}
