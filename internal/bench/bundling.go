package main

import (
	"context"
	"os/exec"
)

// bundling measures ami-bundle, at its default level and at level 8, against both pipelines.
func (b *bench) bundling(ctx context.Context, disk string, t *table) error {
	usual := &racer{name: "ami-bundle", command: b.bundle(disk)}
	level8 := &racer{name: "ami-bundle --compression-level 8", command: b.bundle(disk, "--compression-level", "8")}
	pigz, gzip := bundler("pigz -6", disk), bundler("gzip -9", disk)
	gzip.once = true
	if err := b.race(ctx, usual, level8, pigz, gzip); err != nil {
		return err
	}
	t.add(
		faster("bundle, against gzip -9", usual, gzip, 12),
		faster("bundle, against pigz -6", usual, pigz, 3),
		larger("size of the parts, against gzip -9", usual, gzip, 6),
		faster("bundle at level 8, against gzip -9", level8, gzip, 8),
		faster("bundle at level 8, against pigz -6", level8, pigz, 1.5),
		larger("size of the parts at level 8, against gzip -9", level8, gzip, 3),
		memory("peak memory of bundle", usual, nil, memoryLimit),
		memory("peak memory of bundle at level 8", level8, nil, memoryLimit),
	)
	return nil
}

// bundle returns what bundles the image with our program.
func (b *bench) bundle(image string, options ...string) func(context.Context, string) *exec.Cmd {
	return func(ctx context.Context, out string) *exec.Cmd {
		return b.program(ctx, "ami-bundle", append([]string{
			image, "-c", b.path("keys/cert.pem"), "-k", b.path("keys/pk.pem"),
			"-u", "123456789012", "-r", "x86_64", "-d", out, "--quiet",
		}, options...)...)
	}
}

// bundler returns the pipeline that bundles the image with a compressor such as "gzip -9".
func bundler(compressor, image string) *racer {
	s := secret{key: "000102030405060708090a0b0c0d0e0f", iv: "0f0e0d0c0b0a09080706050403020100"}
	return &racer{
		name:   "tar | " + compressor + " | openssl | split",
		absent: missing("bash", gnuTar(), "tee", compressor[:4], "openssl", "split", "sync"),
		command: func(ctx context.Context, out string) *exec.Cmd {
			return bundlePipeline(ctx, compressor, image, out, s)
		},
	}
}
