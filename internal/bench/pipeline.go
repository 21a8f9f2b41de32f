package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The pipelines of ec2-ami-tools (with gzip -9) and euca2ools (with pigz), and the way back.
const (
	bundleScript = `set -o pipefail
"$TAR" -c -h -S --owner 0 --group 0 -C "$DIR" "$NAME" |
	tee >(openssl sha1 >"$OUT/digest") |
	$COMPRESS |
	openssl enc -aes-128-cbc -K "$KEY" -iv "$IV" |
	split -b 10485760 -d -a 3 - "$OUT/image.part." &&
	sync "$OUT"/image.part.*`

	unbundleScript = `set -o pipefail
cat "$@" |
	openssl enc -d -aes-128-cbc -K "$KEY" -iv "$IV" |
	gunzip |
	tee >(openssl sha1 >"$OUT/digest") |
	"$TAR" -x -C "$OUT" &&
	sync "$OUT"/*`
)

// bundlePipeline returns the pipeline that bundles the image into the folder out, with a compressor such as
// "gzip -9".
func bundlePipeline(ctx context.Context, compressor, image, out string, s secret) *exec.Cmd {
	cmd := bash(ctx, bundleScript, out, s)
	cmd.Env = append(cmd.Env, "DIR="+filepath.Dir(image), "NAME="+filepath.Base(image), "COMPRESS="+compressor)
	return cmd
}

// unbundlePipeline returns the pipeline that restores the parts, in order, into the folder out.
func unbundlePipeline(ctx context.Context, parts []string, out string, s secret) *exec.Cmd {
	return bash(ctx, unbundleScript, out, s, parts...)
}

func bash(ctx context.Context, script, out string, s secret, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "bash", append([]string{"-c", script, "bash"}, args...)...)
	cmd.Env = append(os.Environ(), "OUT="+out, "KEY="+s.key, "IV="+s.iv, "TAR="+gnuTar())
	return cmd
}

// gnuTar returns the name of GNU tar, which is gtar where the system has a tar of its own.
func gnuTar() string {
	if _, err := exec.LookPath("gtar"); err == nil {
		return "gtar"
	}
	return "tar"
}

// missing returns an error that names the packages of those tools that are not installed.
func missing(tools ...string) error {
	packages := map[string]string{"gunzip": "gzip", "split": "coreutils", "sync": "coreutils", "tee": "coreutils"}
	var absent []string
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			absent = append(absent, cmp.Or(packages[tool], tool))
		}
	}
	if absent == nil {
		return nil
	}
	return fmt.Errorf("apt-get install %s", strings.Join(absent, " "))
}
