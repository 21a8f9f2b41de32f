//go:build boot

package boottest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"amiforge/internal/miniotest"
	"amiforge/internal/oracle"
)

const (
	// prompt is what the disk of testdata/boot/make.sh shows when it is up: the name is in no other disk.
	prompt = "amiforge-boot login:"

	// bootTime is how long that may take: without other load it is some 20 s.
	bootTime = 5 * time.Minute
)

// TestExportsBoot takes the disk that BOOT_DISK names the way of an image, to a bundle in a bucket and an AMI,
// and boots what comes back: first the restored disk, as the control, then each format that ami-export writes.
func TestExportsBoot(t *testing.T) {
	b := newBench(t)
	ami := b.register(b.disk())

	if !b.boots("control", "raw", "ami-unbundle", "-m", b.manifest(), "-k", "keys/pk.pem", "-o", "disk") {
		t.Fatal("without the control the rest proves nothing")
	}
	b.same(b.disk(), "disk")

	tests := []struct{ name, from, format, subformat, qemu string }{
		{"raw", ami, "raw", "", "raw"},
		{"raw from manifest", b.manifest(), "raw", "", "raw"},
		{"vhd fixed", ami, "vhd", "fixed", "vpc"},
		{"vhd dynamic", ami, "vhd", "dynamic", "vpc"},
		{"vmdk streamOptimized", ami, "vmdk", "streamOptimized", "vmdk"},
		{"vmdk monolithicSparse", ami, "vmdk", "monolithicSparse", "vmdk"},
	}
	for _, tt := range tests {
		command := []string{"ami-export", "-f", tt.format, "-o", "disk", tt.from, "-k", "keys/pk.pem"}
		if tt.subformat != "" {
			command = append(command, "--subformat", tt.subformat)
		}
		b.boots(tt.name, tt.qemu, command...)
	}
}

// A bench is where the commands run: a directory and a bucket of its own, and an environment that knows nothing
// of the user's.
type bench struct {
	*testing.T
	ctx    context.Context // ends with SIGINT, too, so that nothing is left behind then
	dir    string
	bucket string
	env    []string
	table  *tabwriter.Writer
}

func newBench(t *testing.T) *bench {
	t.Helper()
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt, syscall.SIGTERM)
	t.Cleanup(stop)
	server := miniotest.Start(t)
	b := &bench{T: t, ctx: ctx, dir: t.TempDir(), bucket: server.NewBucket(t)}
	b.env = append(server.Env(), "PATH="+os.Getenv("PATH"), "HOME="+t.TempDir(), "AMI_REGISTRY=s3://"+b.bucket)
	b.table = tabwriter.NewWriter(t.Output(), 0, 0, 2, ' ', tabwriter.AlignRight)
	t.Cleanup(func() { b.table.Flush() })
	fmt.Fprintln(b.table, "disk\texport s\tfile MiB\tlogin prompt s\t")
	return b
}

// with returns the bench for a part of its test.
func (b *bench) with(t *testing.T) *bench {
	part := *b
	part.T = t
	return &part
}

// disk returns the path of the disk that everything begins with.
func (b *bench) disk() string {
	b.Helper()
	disk := os.Getenv("BOOT_DISK")
	if !filepath.IsAbs(disk) {
		b.Fatalf("BOOT_DISK is %q, not the path of a disk: make boot-test sets it", disk)
	}
	return disk
}

func (b *bench) manifest() string { return "s3://" + b.bucket + "/debian/image.manifest.xml" }

// register bundles the disk into the bucket and returns its AMI ID.
func (b *bench) register(disk string) string {
	b.Helper()
	b.run("ami-keygen", "-o", "keys")
	b.run("ami-bundle", disk, "-c", "keys/cert.pem", "-k", "keys/pk.pem", "-u", "123456789012", "-r", "x86_64",
		"--to", "s3://"+b.bucket+"/debian")
	return b.run("ami-register", b.manifest(), "-n", "debian-boot-test", "--virtualization-type", "hvm")
}

// boots runs the command that makes the file "disk", boots that, and notes how long both took.
func (b *bench) boots(name, format string, command ...string) bool {
	return b.Run(name, func(t *testing.T) {
		b := b.with(t)
		began := time.Now()
		b.run(append(command, "--force")...)
		made := time.Since(began)
		up := b.boot(format)
		fmt.Fprintf(b.table, "%s\t%.1f\t%d\t%.1f\t\n", name, made.Seconds(), b.allocated("disk")>>20, up.Seconds())
	})
}

func (b *bench) boot(format string) time.Duration {
	b.Helper()
	limit := fmt.Errorf("stopped after %v", bootTime)
	ctx, cancel := context.WithTimeoutCause(b.ctx, bootTime, limit)
	defer cancel()
	m := &Machine{Program: oracle.Look(b, "qemu-system-x86_64"), Disk: filepath.Join(b.dir, "disk"), Format: format}
	took, err := m.Boot(ctx, prompt)
	if err != nil {
		b.Fatal(err)
	}
	return took
}

// run runs a command to its end and returns what it prints, without the newline at the end.
func (b *bench) run(args ...string) string {
	b.Helper()
	program, err := exec.LookPath(args[0])
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.CommandContext(b.ctx, program, args[1:]...)
	cmd.Dir, cmd.Env = b.dir, b.env
	return strings.TrimSuffix(string(oracle.Output(b, cmd)), "\n")
}

// same wants two files to have the same content.
func (b *bench) same(one, other string) {
	b.Helper()
	b.run("cmp", one, other)
}

// allocated returns how much of the file system a file takes, in bytes.
func (b *bench) allocated(name string) int64 {
	b.Helper()
	info, err := os.Stat(filepath.Join(b.dir, name))
	if err != nil {
		b.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Blocks * 512
}
