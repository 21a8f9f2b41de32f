package main

import (
	"context"
	"os/exec"
)

// carrying measures ami-upload to a directory and ami-download from one, against cp. It has no target: ours
// reads every part to check its digest.
func (b *bench) carrying(ctx context.Context, _ string, t *table) error {
	from := b.path("bundle")
	upload := &racer{name: "ami-upload", command: func(ctx context.Context, out string) *exec.Cmd {
		return b.program(ctx, "ami-upload", "-b", out, "-m", from+"/image.manifest.xml", "--quiet")
	}}
	download := &racer{name: "ami-download", command: func(ctx context.Context, out string) *exec.Cmd {
		return b.program(ctx, "ami-download", from+"/image.manifest.xml", "-d", out, "--quiet")
	}}
	cp := &racer{
		name:   "cp",
		absent: missing("bash", "cp", "sync"),
		command: func(ctx context.Context, out string) *exec.Cmd {
			return exec.CommandContext(ctx, "bash", "-c", `cp "$0"/* "$1" && sync "$1"/*`, from, out)
		},
	}
	if err := b.race(ctx, upload, download, cp); err != nil {
		return err
	}
	t.add(
		faster("upload to a directory, against cp", upload, cp, 0),
		faster("download from a directory, against cp", download, cp, 0),
	)
	return nil
}
