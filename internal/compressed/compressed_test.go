package compressed

import (
	"bytes"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
	"testing/iotest"

	"amiforge/internal/oracle"
)

const memory = 64 << 20

// pack compresses p with a tool.
func pack(t *testing.T, p []byte, tool string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(oracle.Look(t, tool), args...)
	cmd.Stdin = bytes.NewReader(p)
	return oracle.Output(t, cmd)
}

func unpack(p []byte) ([]byte, error) {
	r, err := NewReader(bytes.NewReader(p), memory)
	if err != nil {
		return nil, err
	}
	got, err := io.ReadAll(r)
	return got, errors.Join(err, r.Close())
}

// What tools write is read, however they are told to.
func TestNewReader(t *testing.T) {
	content := []byte(strings.Repeat("a line of it\n", 100_000))
	for _, tt := range []string{
		"gzip -c", "gzip -9c", "bzip2 -c", "bzip2 -1c", "xz -c", "xz -9c", "xz -0 --check=crc32 -c", "xz -9 --check=sha256 -T2 --block-size=100000 -c",
		"zstd -c", "zstd -19c", "zstd --fast -c", "zstd --no-check -c",
	} {
		t.Run(tt, func(t *testing.T) {
			words := strings.Fields(tt)
			p := pack(t, content, words[0], words[1:]...)
			if !Is(p[:Head]) {
				t.Error("it is not known")
			}
			got, err := unpack(p)
			if err != nil || !bytes.Equal(got, content) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			r, err := NewReader(iotest.OneByteReader(bytes.NewReader(p)), memory)
			if err != nil {
				t.Fatal(err)
			}
			if err := iotest.TestReader(r, content); err != nil {
				t.Error(err)
			}
			for _, n := range []int{len(p) / 2, len(p) - 1} {
				if _, err := unpack(p[:n]); err == nil {
					t.Errorf("no error with %d of %d bytes", n, len(p))
				}
			}
			damaged := bytes.Clone(p)
			damaged[len(p)/2] ^= 0x10
			if got, err := unpack(damaged); err == nil && tt != "zstd --no-check -c" {
				t.Errorf("damaged: %d bytes, no error", len(got))
			}
		})
	}
}

func TestRefused(t *testing.T) {
	for name, p := range map[string][]byte{
		"nothing":      nil,
		"text":         []byte("a line of it\n"),
		"begins alike": []byte("BZh91 is a line of text\n"),
		"short":        []byte("\xfd7zX"),
		"only a head":  []byte("\x1f\x8b\x08"),
		"lz4":          []byte("\x04\x22\x4d\x18\x64\x40\xa7"),
		"zeros":        make([]byte, 100),
	} {
		if got, err := unpack(p); err == nil {
			t.Errorf("%s: %q, no error", name, got)
		}
	}
}

// A window that takes more memory than there is to be is an error before it is made.
func TestMemory(t *testing.T) {
	long := pack(t, make([]byte, 70<<20), "zstd", "-c", "--long=26")
	if got, err := unpack(long); err == nil {
		t.Errorf("zstd: %d bytes, no error", len(got))
	}
	if _, err := unpack(makeXZ(t, 0, 29)); err == nil || !strings.Contains(err.Error(), "96 MiB, more than 64") {
		t.Errorf("xz: %v", err)
	}
}

func FuzzNewReader(f *testing.F) {
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\xe4\x02\x00\x7a\x7a\x6f\xed\x02\x00\x00\x00"))
	f.Add([]byte("BZh91AY&SY\xd8\x72\x01\x2f\x00\x00\x01\x57\x80\x00"))
	f.Add([]byte("\x28\xb5\x2f\xfd\x24\x02\x11\x00\x00\x61\x0a\x5f\x7c\xea\x4c"))
	f.Add(makeXZ(f, 0, 18))
	f.Fuzz(func(t *testing.T, p []byte) {
		r, err := NewReader(bytes.NewReader(p), 1<<20)
		if err != nil {
			return
		}
		defer r.Close()
		io.CopyN(io.Discard, r, 1<<20)
	})
}
