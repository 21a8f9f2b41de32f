package cmd_test

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"amiforge/internal/faultproxy"
	"amiforge/internal/miniotest"
)

// TestExportChangingDisk changes a disk file while ami-export reads it: the image would be of no moment's disk, and
// there is none.
func TestExportChangingDisk(t *testing.T) {
	server := miniotest.Start(t)
	b, p, bucket := s3Bench(t, server)
	b.image("disk.raw", changingSize)
	b.want(0, "ami-export", "disk.raw", "-o", "disk.vmdk")
	changes := map[string]func(size int64) (then int64){
		"shrinks":       func(size int64) int64 { return size / 2 },
		"becomes empty": func(int64) int64 { return 0 },
		"grows":         func(size int64) int64 { return size + 1 },
		"is written to": func(size int64) int64 { return size },
	}
	for _, source := range []string{"disk.raw", "disk.vmdk"} {
		for name, change := range changes {
			t.Run(source+" "+name, func(t *testing.T) {
				b.TB = t
				b.want(0, "cp", source, "changing")
				g := newGate(t)
				p.Add(faultproxy.Rule{Method: "PUT", Path: "/exports/disk", Fault: g.fault})
				r := b.start("ami-export", "changing", "-f", "raw", "-o", bucket+"/exports/disk")
				<-g.arrived
				says := b.change("changing", change)
				g.open()
				e := r.wait()
				e.want(t, 1, "ami-export")
				if !strings.Contains(e.stderr, "ami-export: changing: "+says) {
					t.Errorf("it says %q, want %q", e.stderr, says)
				}
				b.exported(server, bucket+"/exports/disk", false)
			})
		}
	}
}

// changingSize is more than is in memory while the first part of an upload waits to be sent.
const changingSize = 40 << 20

// change changes a file and returns what is to be said of it.
func (b *bench) change(name string, change func(size int64) int64) (says string) {
	b.Helper()
	info, err := os.Stat(b.path(name))
	if err != nil {
		b.Fatal(err)
	}
	size, then := info.Size(), change(info.Size())
	if size == then {
		says, err = "was written to while it was read", overwrite(b.path(name), 4096)
	} else {
		says, err = fmt.Sprintf("size changed from %d to %d bytes while it was read", size, then), os.Truncate(b.path(name), then)
	}
	if err != nil {
		b.Fatal(err)
	}
	return says
}

// TestExportChangingDiskToPipe changes a disk file whose export waits for the reader of a pipe.
func TestExportChangingDiskToPipe(t *testing.T) {
	b := newBench(t)
	b.image("disk.raw", changingSize)
	for _, flags := range exportKinds() {
		t.Run(strings.Join(flags, " "), func(t *testing.T) {
			b.TB = t
			args := append([]string{"ami-export", "disk.raw", "-o", "-"}, flags...)
			r := &running{Cmd: b.command(args...), bench: b}
			r.Stderr = &r.stderr
			stdout, err := r.StdoutPipe()
			if err == nil {
				err = r.Start()
			}
			if err == nil {
				_, err = io.ReadFull(stdout, make([]byte, 1<<20))
			}
			if err == nil {
				err = overwrite(b.path("disk.raw"), 4096)
			}
			if err == nil {
				_, err = io.Copy(io.Discard, stdout)
			}
			if err != nil {
				t.Fatal(err)
			}
			e := r.wait()
			e.want(t, 1, args...)
			if !strings.Contains(e.stderr, "disk.raw: was written to while it was read") {
				t.Errorf("it says %q", e.stderr)
			}
		})
	}
}
