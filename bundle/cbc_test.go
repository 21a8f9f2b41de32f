package bundle

import (
	"bytes"
	"crypto/aes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"testing"
	"testing/iotest"

	"amiforge/internal/oracle"
	"amiforge/manifest"
)

func contentKey(t testing.TB) manifest.ContentKey {
	t.Helper()
	key, err := manifest.NewContentKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

var cbcSizes = []int{0, 1, 15, 16, 17, 31, 32, 33, cbcChunk - 17, cbcChunk - 16, cbcChunk - 1, cbcChunk, cbcChunk + 1, 2*cbcChunk + 5}

func TestCBC(t *testing.T) {
	key := contentKey(t)
	for _, size := range cbcSizes {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			plain := noise(size, 1)
			crypt := encrypted(t, plain, key)
			if want := size/16*16 + 16; len(crypt) != want {
				t.Errorf("%d bytes encrypted are %d, want %d", size, len(crypt), want)
			}
			if err := iotest.TestReader(newCBCReader(bytes.NewReader(crypt), key), plain); err != nil {
				t.Error(err)
			}
			if err := iotest.TestReader(newCBCReader(iotest.HalfReader(bytes.NewReader(crypt)), key), plain); err != nil {
				t.Errorf("from a slow source: %v", err)
			}
		})
	}
}

// Writes of any size make the same ciphertext.
func TestCBCWriteSizes(t *testing.T) {
	key, plain := contentKey(t), noise(cbcChunk+1000, 2)
	want := encrypted(t, plain, key)
	for _, step := range []int{1, 15, 16, 17, 4096, cbcChunk, cbcChunk + 1} {
		var buf bytes.Buffer
		w := newCBCWriter(&buf, key)
		for p := plain; len(p) > 0; {
			n, err := w.Write(p[:min(step, len(p))])
			if err != nil {
				t.Fatal(err)
			}
			p = p[n:]
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(buf.Bytes(), want) {
			t.Errorf("writes of %d bytes make another ciphertext", step)
		}
	}
}

func TestCBCAgainstOpenSSL(t *testing.T) {
	key := contentKey(t)
	openssl := func(p []byte, args ...string) []byte {
		args = append([]string{"enc", "-aes-128-cbc", "-K", hex.EncodeToString(key.Key[:]), "-iv", hex.EncodeToString(key.IV[:])}, args...)
		cmd := exec.Command(oracle.Look(t, "openssl"), args...)
		cmd.Stdin = bytes.NewReader(p)
		return oracle.Output(t, cmd)
	}
	for _, size := range cbcSizes {
		plain := noise(size, 3)
		crypt := encrypted(t, plain, key)
		if !bytes.Equal(openssl(plain), crypt) {
			t.Errorf("%d bytes: openssl encrypts them differently", size)
		}
		if !bytes.Equal(openssl(crypt, "-d"), plain) {
			t.Errorf("%d bytes: openssl decrypts them differently", size)
		}
	}
}

func TestCBCBadInput(t *testing.T) {
	key := contentKey(t)
	padded := func(tail ...byte) []byte { // a ciphertext whose plaintext ends in tail
		plain := append(make([]byte, 32-len(tail)), tail...)
		return encrypted(t, plain, key)[:32]
	}
	good := encrypted(t, noise(100, 4), key)
	tests := []struct {
		name  string
		crypt []byte
	}{
		{"empty", nil},
		{"one byte", good[:1]},
		{"no whole block", good[:len(good)-1]},
		{"chunk and a byte", append(encrypted(t, noise(cbcChunk, 5), key), 7)},
		{"padding of 0", padded(0)},
		{"padding of 17", padded(bytes.Repeat([]byte{17}, 17)...)},
		{"padding of 255", padded(255)},
		{"padding not alike", padded(3, 2, 3)},
		{"cut at a block", good[:len(good)-aes.BlockSize]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newCBCReader(bytes.NewReader(tt.crypt), key)
			_, err := io.ReadAll(r)
			if !errors.Is(err, ErrVerify) {
				t.Errorf("%v, want ErrVerify", err)
			}
			if _, again := r.Read(make([]byte, 1)); again != err {
				t.Errorf("then %v", again)
			}
		})
	}
}

func TestCBCErrors(t *testing.T) {
	key, boom := contentKey(t), errors.New("boom")
	crypt := encrypted(t, noise(cbcChunk*2, 6), key)
	src := io.MultiReader(bytes.NewReader(crypt[:cbcChunk+5]), iotest.ErrReader(boom))
	if _, err := io.ReadAll(newCBCReader(src, key)); err != boom {
		t.Errorf("read: %v, want %v", err, boom)
	}
	w := newCBCWriter(failingWriter{boom}, key)
	if _, err := w.Write(make([]byte, cbcChunk)); err != boom {
		t.Errorf("write: %v, want %v", err, boom)
	}
	if err := newCBCWriter(failingWriter{boom}, key).Close(); err != boom {
		t.Errorf("close: %v, want %v", err, boom)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }
