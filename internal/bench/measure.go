package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// A section measures one thing on a disk and adds its rows to a table.
type section func(ctx context.Context, disk string, t *table) error

// measureAll measures everything and returns the table of it.
func (b *bench) measureAll(ctx context.Context) (*table, error) {
	disk, err := b.disk(ctx)
	if err != nil {
		return nil, err
	}
	t, err := b.title(disk)
	if err != nil {
		return nil, err
	}
	for _, s := range []section{b.prepare, b.bundling, b.unbundling, b.carrying, b.sparse, b.converting, b.volumes, b.registering} {
		if err := warm(disk); err != nil {
			return nil, err
		}
		if err := s(ctx, disk, t); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// title returns a table without rows that says what is measured.
func (b *bench) title(disk string) (*table, error) {
	info, err := os.Stat(disk)
	if err != nil {
		return nil, err
	}
	return &table{title: fmt.Sprintf(
		"%d CPUs, %s/%s. A disk of %s with %s of data. Median of %d, of one for gzip -9 and for qemu-img to streamOptimized.",
		runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, mebibytes(info.Size()), mebibytes(allocated(info)), b.runs,
	)}, nil
}

// prepare makes the key and the bundle that all sections use.
func (b *bench) prepare(ctx context.Context, disk string, _ *table) error {
	if _, err := measure(ctx, "ami-keygen", b.program(ctx, "ami-keygen", "-o", b.path("keys"))); err != nil {
		return err
	}
	_, err := measure(ctx, "ami-bundle, to warm up", b.bundle(disk)(ctx, b.path("bundle")))
	return err
}

// warm brings a file into the page cache. What a section before has written may have driven it out.
func warm(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(io.Discard, f)
	return err
}

// path returns the path of name in the work folder.
func (b *bench) path(name string) string { return filepath.Join(b.work, name) }

// program returns one of our programs, ready to run.
func (b *bench) program(ctx context.Context, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, filepath.Join(b.bin, name), args...)
}
