package cmd_test

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"amiforge/internal/cli"
	"amiforge/internal/miniotest"
	"amiforge/internal/oracle"
	"amiforge/internal/store"
)

// Keys of a script's values: its test, and the server of an s3-*.txtar.
type (
	testingTB struct{}
	s3Server  struct{}
)

// commands are what scripts know beyond testscript's own commands.
func commands() map[string]func(ts *testscript.TestScript, neg bool, args []string) {
	return map[string]func(ts *testscript.TestScript, neg bool, args []string){
		"flip":     flip,
		"get":      getObject,
		"messages": messages,
		"mkdisk":   mkdisk,
		"mkimage":  mkimage,
		"oracle":   lookOracle,
		"session":  session,
		"sha1":     sameSHA1,
		"sha256":   wantSHA256,
		"sparse":   sparse,
		"status":   status,
	}
}

// status N COMMAND [ARG…] runs the command and wants it to exit with N. What it printed is for stdout, stderr
// and cmp.
func status(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) >= 2, "status N COMMAND [ARG…]")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	exit, ok := errors.AsType[*exec.ExitError](err)
	got := 0
	switch {
	case ok:
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%s: %v", args[1], err)
	}
	if got != want {
		ts.Fatalf("%s: exit status is %d, want %d", args[1], got, want)
	}
}

// messages N wants so many lines on standard error, progress apart: that depends on how quick the machine is.
func messages(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 1, "messages N")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	progress := regexp.MustCompile(`^ami-[a-z-]+: ((bundle|compare|copy|download|export|unbundle|upload|verify): \d+%, |(audit|volume): \d)`)
	var lines []string
	for line := range strings.Lines(ts.ReadFile("stderr")) {
		if !progress.MatchString(line) {
			lines = append(lines, line)
		}
	}
	if len(lines) != want {
		ts.Fatalf("%d messages, want %d:\n%s", len(lines), want, strings.Join(lines, ""))
	}
}

// mkimage FILE SIZE [OFFSET+LENGTH…] makes a file of pseudo-random content, the same every time, with holes at
// the offsets. Sizes are written as on our command lines: mkimage disk.raw 64M 1M+8M 32M+32M
func mkimage(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) >= 2, "mkimage FILE SIZE [OFFSET+LENGTH…]")
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	end := parseSize(ts, args[1])
	ts.Check(f.Truncate(end))
	content := rand.NewChaCha8([32]byte{})
	at := int64(0)
	for _, hole := range args[2:] {
		offset, length, ok := strings.Cut(hole, "+")
		start := parseSize(ts, offset)
		usage(ts, ok && start >= at, "mkimage: holes are OFFSET+LENGTH, in order")
		fill(ts, f, content, at, start)
		at = start + parseSize(ts, length)
	}
	fill(ts, f, content, at, end)
	ts.Check(f.Close())
}

// mkdisk FILE DIR… makes a bare file system of the trees, one over the other, and skips the script where there is no
// mke2fs.
func mkdisk(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) >= 2, "mkdisk FILE DIR…")
	mke2fs := oracle.Look(ts.Value(testingTB{}).(testing.TB), "mke2fs")
	tree, err := os.MkdirTemp(ts.Getenv("WORK"), "tree-")
	ts.Check(err)
	ts.Check(os.Chmod(tree, 0o755))
	for _, dir := range args[1:] {
		out, err := exec.Command("cp", "-R", ts.MkAbs(dir)+"/.", tree).CombinedOutput()
		if err != nil {
			ts.Fatalf("%s: %v\n%s", dir, err, out)
		}
	}
	out, err := exec.Command(mke2fs, "-q", "-t", "ext4", "-L", "root", "-d", tree, ts.MkAbs(args[0]), "8M").CombinedOutput()
	if err != nil {
		ts.Fatalf("mke2fs: %v\n%s", err, out)
	}
}

// fill writes content from one offset of f to another.
func fill(ts *testscript.TestScript, f *os.File, content io.Reader, from, to int64) {
	_, err := io.CopyN(io.NewOffsetWriter(f, from), content, max(to-from, 0))
	ts.Check(err)
}

// [!] sha1 FILE FILE… wants all files to have the same content, without showing it as cmp does.
func sameSHA1(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, len(args) >= 2, "[!] sha1 FILE FILE…")
	first := sumFile(ts, args[0])
	for _, name := range args[1:] {
		if sum := sumFile(ts, name); (sum == first) == neg {
			ts.Fatalf("%s is %x, %s is %x", args[0], first, name, sum)
		}
	}
}

func sumFile(ts *testscript.TestScript, name string) (sum [sha1.Size]byte) {
	f, err := os.Open(ts.MkAbs(name))
	ts.Check(err)
	defer f.Close()
	h := sha1.New()
	_, err = io.Copy(h, f)
	ts.Check(err)
	return [sha1.Size]byte(h.Sum(nil))
}

// sha256 FILE DIGEST wants the file to have the digest, in hexadecimal.
func wantSHA256(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "sha256 FILE DIGEST")
	content, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprintf("%x", sha256.Sum256(content)); got != args[1] {
		ts.Fatalf("sha256 of %s is %s, want %s", args[0], got, args[1])
	}
}

// [!] sparse FILE SIZE wants the file to take at most so much room on the disk.
func sparse(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, len(args) == 2, "[!] sparse FILE SIZE")
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	const block = 512 // of st_blocks, whatever the file system's is
	room := info.Sys().(*syscall.Stat_t).Blocks * block
	if limit := parseSize(ts, args[1]); (room <= limit) == neg {
		ts.Fatalf("%s of %d bytes takes %d on the disk, limit %d", args[0], info.Size(), room, limit)
	}
}

// flip FILE OFFSET changes one bit of the file; a negative offset counts from its end.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "flip FILE OFFSET")
	offset, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	name := ts.MkAbs(args[0])
	content, err := os.ReadFile(name)
	ts.Check(err)
	if offset < 0 {
		offset += int64(len(content))
	}
	content[offset] ^= 1
	ts.Check(os.WriteFile(name, content, 0o600))
}

// oracle TOOL… skips the script where one of the foreign tools is not installed.
func lookOracle(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) > 0, "oracle TOOL…")
	for _, name := range args {
		oracle.Look(ts.Value(testingTB{}).(testing.TB), name)
	}
}

// get KEY FILE fetches an object of the script's bucket.
func getObject(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "get KEY FILE")
	dir, name, err := store.SplitObject("s3://" + ts.Getenv("BUCKET") + "/" + args[0])
	ts.Check(err)
	st, err := store.Open(context.Background(), dir, store.Config{Getenv: ts.Getenv})
	ts.Check(err)
	r, _, err := st.Open(context.Background(), name)
	ts.Check(err)
	defer r.Close()
	f, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	defer f.Close()
	_, err = io.Copy(f, r)
	ts.Check(err)
	ts.Check(f.Close())
}

// session reader|nobody|outsider makes the commands that follow talk to the server as one who may only read, or do
// nothing, or anything but read what is in $BUCKET.
func session(ts *testscript.TestScript, neg bool, args []string) {
	policy, ok := map[string]string{
		"reader": miniotest.ReadOnly, "nobody": miniotest.NoAccess, "outsider": outsider(ts.Getenv("BUCKET")),
	}[strings.Join(args, " ")]
	usage(ts, !neg && ok, "session reader|nobody|outsider")
	server := ts.Value(s3Server{}).(*miniotest.Server)
	other := server.Session(ts.Value(testingTB{}).(testing.TB), policy)
	for _, kv := range other.Env() {
		name, value, _ := strings.Cut(kv, "=")
		ts.Setenv(name, value)
	}
}

// outsider returns the policy of those who may do anything but read objects of the bucket.
func outsider(bucket string) string {
	return fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::*"},
		{"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::%s/*"}]}`, bucket)
}

func parseSize(ts *testscript.TestScript, text string) int64 {
	n, err := cli.ParseSize(text)
	if err != nil {
		ts.Fatalf("%q: %v", text, err)
	}
	return n
}

func usage(ts *testscript.TestScript, ok bool, text string) {
	if !ok {
		ts.Fatalf("usage: %s", text)
	}
}
