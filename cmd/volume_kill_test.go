package cmd_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// volumeBench returns a bench with a tree of files, enough that making a volume of it takes a while.
func volumeBench(t *testing.T, env ...string) *bench {
	t.Helper()
	b := newBench(t, append(env, "TMPDIR="+t.TempDir())...)
	random := rand.NewChaCha8([32]byte{})
	for n := range 600 {
		name := b.path(fmt.Sprintf("tree/%d/file-%d", n%20, n))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		content := make([]byte, 40<<10)
		io.ReadFull(random, content)
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// TestKillVolume kills the making of volumes at random moments. No volume or bundle stands under its name unless it is
// whole; the next run clears away what was left, and makes the same volume as if nothing had been.
func TestKillVolume(t *testing.T) {
	rounds := 16
	if testing.Short() {
		rounds = 3
	}
	b := volumeBench(t, "SOURCE_DATE_EPOCH=1700000000")
	b.mkdir("want")
	b.want(0, "ami-bundle", "--volume", "tree", "--disk-only", "-o", "want/disk")
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	k := &killer{bench: b, random: rand.New(rand.NewPCG(seed, 0)), rounds: rounds}
	t.Run("disk", func(t *testing.T) {
		args := []string{"ami-bundle", "--volume", "tree", "--disk-only", "-o", "out/disk"}
		b.mkdir("out")
		k.measure(args...)
		k.remove("./out")
		for n := range rounds {
			b.mkdir("out")
			k.kill(n, args...)
			if k.exists("out/disk") {
				k.same("want/disk", "out/disk")
			}
			k.want(0, append(args, "--force")...)
			k.same("want/disk", "out/disk")
			if names := k.names("out"); names != "disk" {
				t.Fatalf("round %d: left behind: %s", n, names)
			}
			k.remove("./out")
		}
	})
	t.Run("bundle", func(t *testing.T) {
		args := []string{"ami-bundle", "--volume", "tree", "-r", "x86_64", "--part-size", "5M", "-d", "out"}
		k.measure(args...)
		k.parts = strings.Count(k.names("out"), ".part.")
		k.remove("./out")
		for n := range rounds {
			k.kill(n, args...)
			k.whole("./out")
			k.want(0, append(args, "--force")...)
			k.sound("./out")
			if t.Failed() {
				t.Fatalf("in round %d", n)
			}
			k.want(0, "ami-unbundle", "-m", "out/image.manifest.xml", "-o", "disk")
			k.same("want/disk", "disk")
			k.want(0, "rm", "disk")
			k.remove("./out")
		}
	})
	if left := tempNames(t, b); left != "" {
		t.Errorf("left behind in TMPDIR: %s", left)
	}
}

// tempNames returns what is in the TMPDIR of a bench.
func tempNames(t *testing.T, b *bench) string {
	t.Helper()
	entries, err := os.ReadDir(b.getenv("TMPDIR"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// TestInterruptVolume sends signals to a command that waits for the rest of an archive, and to one that waits for a
// script. Nothing is left.
func TestInterruptVolume(t *testing.T) {
	signals := map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143, syscall.SIGHUP: 129}
	for signal, status := range signals {
		t.Run(signal.String(), func(t *testing.T) {
			b := newBench(t, "TMPDIR="+t.TempDir())
			b.mkdir("tree")
			b.mkdir("out")
			script := "#!/bin/sh\necho ready >&3\ntouch \"$1/file\"\nexec sleep 600\n"
			if err := os.WriteFile(b.path("script"), []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Mkfifo(b.path("pipe"), 0o600); err != nil {
				t.Fatal(err)
			}
			for name, args := range map[string][]string{
				"pipe":    {"ami-bundle", "--volume", "pipe", "-d", "out"}, // that nobody writes to
				"archive": {"ami-bundle", "--volume", "-", "-d", "out"},
				"disk":    {"ami-bundle", "--volume", "-", "--disk-only", "-o", "out/disk"},
				"script":  {"sh", "-c", "exec ami-bundle --volume tree -S ./script -d out"},
			} {
				t.Run(name, func(t *testing.T) {
					b.TB = t
					b.interruptVolume(t, signal, status, args)
				})
			}
		})
	}
}

func (b *bench) interruptVolume(t *testing.T, signal syscall.Signal, status int, args []string) {
	t.Helper()
	r := &running{Cmd: b.command(args...), bench: b, began: time.Now()}
	r.Stdout, r.Stderr = &r.stdout, &r.stderr
	stdin, err := r.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	ready, told, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer ready.Close()
	r.ExtraFiles = []*os.File{told}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	told.Close()
	if args[0] == "sh" {
		ready.Read(make([]byte, 1))
	} else if _, err := stdin.Write(make([]byte, 1<<20)[:100]); err != nil { // not even a block
		t.Fatal(err)
	} else {
		b.await(t)
	}
	r.signal(signal)
	e := r.wait()
	e.want(t, status, args...)
	if names := strings.ReplaceAll(b.names("out"), ".amiforge-lock", ""); names != "" {
		t.Errorf("left behind: %s", names)
	}
	if left := tempNames(t, b); left != "" {
		t.Errorf("left behind in TMPDIR: %s", left)
	}
}

// await returns when the temporary file of a command is there.
func (b *bench) await(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(time.Minute); b.names("out") == ""; {
		if time.Now().After(end) {
			t.Fatal("the command has not begun")
		}
	}
}
