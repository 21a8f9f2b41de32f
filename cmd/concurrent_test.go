package cmd_test

import (
	"strings"
	"syscall"
	"testing"
)

// TestTwoBundlers runs a second ami-bundle while a first one is at work in the same directory: their parts would
// have the same names. When the first one is killed, the way is free.
func TestTwoBundlers(t *testing.T) {
	b := newBench(t)
	b.image("disk.raw", 8<<20)
	first := &running{Cmd: b.command("ami-bundle", "-", "--size", "8M", "-d", "out"), bench: b}
	stdin, err := first.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	// More than a pipe holds: once it is written, the command is reading.
	if _, err := stdin.Write(make([]byte, 2<<20)); err != nil {
		t.Fatal(err)
	}
	second := []string{"ami-bundle", "disk.raw", "-d", "out"}
	if e := b.want(1, second...); !strings.Contains(e.stderr, "out/image.manifest.xml: another process is writing this bundle") {
		t.Errorf("it says %q", e.stderr)
	}
	b.want(1, "ami-bundle", "disk.raw", "-d", "out", "--force")
	b.want(0, "ami-bundle", "disk.raw", "-d", "out", "-p", "other")
	b.want(0, "ami-bundle", "disk.raw", "-d", "elsewhere")
	b.want(1, "ami-upload", "-b", "./out", "-m", "elsewhere/image.manifest.xml")
	first.signal(syscall.SIGKILL)
	first.wait()
	b.want(0, second...)
	b.want(0, "ami-unbundle", "-m", "out/image.manifest.xml", "--verify")
	if names := b.names("out"); names != "image.manifest.xml image.part.00 other.manifest.xml other.part.00" {
		t.Errorf("in the directory: %s", names)
	}
}

// TestManyAtOnce runs the same commands at the same time: each either does its work or says why not, and what
// stands under a final name is whole.
func TestManyAtOnce(t *testing.T) {
	const many = 4
	b := newBench(t)
	b.image("disk.raw", 24<<20)
	b.want(0, "ami-bundle", "disk.raw", "--part-size", "5M", "-d", "good")
	for _, args := range [][]string{
		{"ami-bundle", "disk.raw", "--part-size", "5M", "-d", "out"},
		{"ami-upload", "-b", "./store", "-m", "good/image.manifest.xml"},
		{"ami-download", "good/image.manifest.xml", "-d", "back"},
		{"ami-unbundle", "-m", "good/image.manifest.xml", "-o", "restored"},
	} {
		t.Run(args[0], func(t *testing.T) {
			var all []*running
			for range many {
				all = append(all, b.start(args...))
			}
			done := 0
			for _, r := range all {
				e := r.wait()
				busy := strings.Contains(e.stderr, "another process is writing") || strings.Contains(e.stderr, "already exists")
				switch {
				case e.status == 0:
					done++
				case e.status != 1 || !busy:
					t.Errorf("status %d: %s", e.status, e.stderr)
				}
			}
			if done == 0 {
				t.Error("none succeeded")
			}
		})
	}
	b.same("disk.raw", "restored")
	for _, dir := range []string{"out", "store", "back"} {
		b.want(0, "ami-unbundle", "-m", dir+"/image.manifest.xml", "--verify")
		if names := b.names(dir); strings.Count(names, " ") != 5 || strings.Contains(names, "tmp") {
			t.Errorf("in %s: %s", dir, names)
		}
	}
	if names := b.names("."); strings.Contains(names, ".tmp-") {
		t.Errorf("left behind: %s", names)
	}
}
