package bundle

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"testing"

	"amiforge/internal/oracle"
)

// gzipSizes are around the block size.
var gzipSizes = []int{0, 1, 511, 512, blockSize - 1, blockSize, blockSize + 1, 3*blockSize + 12345}

func TestGzipAgainstOracles(t *testing.T) {
	tools := []struct {
		name string
		args []string
	}{
		{"gzip", []string{"-dc"}},
		{"pigz", []string{"-dc"}},
		{"python3", []string{"-c", "import sys,zlib;d=zlib.decompressobj(31);p=d.decompress(sys.stdin.buffer.read());" +
			"assert d.eof and not d.unused_data;sys.stdout.buffer.write(p)"}},
	}
	for _, size := range gzipSizes {
		plain := noise(size, 7)
		packed := ourGzip(t, plain)
		for _, tool := range tools {
			t.Run(fmt.Sprint(tool.name, size), func(t *testing.T) {
				cmd := exec.Command(oracle.Look(t, tool.name), tool.args...)
				cmd.Stdin = bytes.NewReader(packed)
				if got := oracle.Output(t, cmd); !bytes.Equal(got, plain) {
					t.Errorf("%s reads %d other bytes", tool.name, len(got))
				}
			})
		}
		wantOneMember(t, packed, plain)
	}
}

// wantOneMember wants one gzip member, by the standard library.
func wantOneMember(t *testing.T, packed, plain []byte) {
	t.Helper()
	src := bytes.NewReader(packed)
	r, err := gzip.NewReader(src)
	if err != nil {
		t.Fatal(err)
	}
	r.Multistream(false)
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("compress/gzip reads %d other bytes: %v", len(got), err)
	}
	if src.Len() != 0 {
		t.Errorf("%d bytes follow the first member", src.Len())
	}
}

// Each block of ours is marked, at every level, and stands for itself.
func TestGzipBlocks(t *testing.T) {
	inputs := map[string][]byte{"noise": noise(5*blockSize/2, 8), "zeros": make([]byte, 5*blockSize/2), "random": random(5 * blockSize / 2)}
	for name, plain := range inputs {
		for level := 1; level <= 9; level += 2 {
			var buf bytes.Buffer
			w := newGzipWriter(&buf, level, 3)
			if _, err := w.Write(plain); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if n := bytes.Count(buf.Bytes(), []byte(blockEnd)); n != 3 {
				t.Errorf("%s, level %d: %d blocks are marked, want 3", name, level, n)
			}
			if n := independent(buf.Bytes()); n != 3 {
				t.Errorf("%s, level %d: %d blocks are independent, want 3", name, level, n)
			}
		}
	}
}

// independent counts the leading blocks that gzipReader works on in parallel.
func independent(packed []byte) int {
	n := 0
	for rest := packed[len(gzipHeader):]; ; n++ {
		i := bytes.Index(rest, []byte(blockEnd))
		if i < 0 {
			return n
		}
		s := segment{raw: rest[:i+len(blockEnd)], out: make([]byte, blockSize+1)}
		if s.inflate() != nil {
			return n
		}
		rest = rest[i+len(blockEnd):]
	}
}

func random(n int) []byte {
	p := make([]byte, n)
	rand.Read(p)
	return p
}

// The result does not depend on the number of workers or the sizes of the writes.
func TestGzipDeterministic(t *testing.T) {
	plain := noise(3*blockSize+99, 9)
	want := ourGzip(t, plain)
	for _, workers := range []int{1, 2, 7} {
		var buf bytes.Buffer
		w := newGzipWriter(&buf, DefaultLevel, workers)
		for p := plain; len(p) > 0; {
			n, err := w.Write(p[:min(77777, len(p))])
			if err != nil {
				t.Fatal(err)
			}
			p = p[n:]
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(buf.Bytes(), want) {
			t.Errorf("%d workers give another result", workers)
		}
	}
}

// A writer that fails ends everything, and its error is the first.
func TestGzipWriterErrors(t *testing.T) {
	boom := errors.New("boom")
	noLeak(t, func(t *testing.T) {
		for _, good := range []int{0, 5, 10, 100_000, 3_000_000} {
			w := newGzipWriter(&limitWriter{good, boom}, 1, 2)
			_, err := w.Write(random(20 * blockSize))
			if closed := w.Close(); closed != boom {
				t.Errorf("%d bytes: close: %v, want %v", good, closed, boom)
			}
			if err != boom {
				t.Errorf("%d bytes: write: %v, want %v", good, err, boom)
			}
		}
	})
}

// limitWriter fails after n bytes.
type limitWriter struct {
	n   int
	err error
}

func (w *limitWriter) Write(p []byte) (int, error) {
	if w.n -= len(p); w.n < 0 {
		return 0, w.err
	}
	return len(p), nil
}
