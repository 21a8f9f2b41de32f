package main

import (
	"context"
	"os/exec"
	"path/filepath"
)

// unbundling measures ami-unbundle against the pipeline, both with the bundle that ami-bundle made, and
// checks that both restore the disk.
func (b *bench) unbundling(ctx context.Context, disk string, t *table) error {
	ours := &racer{name: "ami-unbundle", command: b.unbundle(b.path("bundle")), check: restores(disk, "disk.raw")}
	theirs, err := b.unbundler(ctx, disk)
	if err != nil {
		return err
	}
	if err := b.race(ctx, ours, theirs); err != nil {
		return err
	}
	t.add(
		faster("unbundle, against gunzip", ours, theirs, 1.3),
		memory("peak memory of unbundle", ours, nil, memoryLimit),
	)
	return nil
}

// unbundle returns what restores the bundle in the folder dir with our program.
func (b *bench) unbundle(dir string) func(context.Context, string) *exec.Cmd {
	return func(ctx context.Context, out string) *exec.Cmd {
		return b.program(ctx, "ami-unbundle", "-m", filepath.Join(dir, "image.manifest.xml"),
			"-k", b.path("keys/pk.pem"), "-o", filepath.Join(out, "disk.raw"), "--quiet")
	}
}

// unbundler returns the pipeline that restores the same bundle.
func (b *bench) unbundler(ctx context.Context, disk string) (*racer, error) {
	r := &racer{
		name:   "cat | openssl | gunzip | tar",
		absent: missing("bash", "openssl", "gunzip", "tee", gnuTar(), "sync"),
		check:  restores(disk, "image"),
	}
	if r.absent != nil {
		return r, nil
	}
	parts, s, err := openBundle(ctx, b.path("bundle"), b.path("keys/pk.pem"))
	r.command = func(ctx context.Context, out string) *exec.Cmd {
		return unbundlePipeline(ctx, parts, out, s)
	}
	return r, err
}

// restores returns a check that the file name in a racer's folder is the same as the disk.
func restores(disk, name string) func(out string) error {
	return func(out string) error { return compare(disk, filepath.Join(out, name)) }
}
