package bundle

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"amiforge/internal/oracle"
	"amiforge/manifest"
)

// What Create makes can be restored without us: with openssl, gunzip and GNU tar, from what the manifest says.
func TestRestoreWithForeignTools(t *testing.T) {
	const m = 1 << 20
	for name, path := range map[string]string{
		"dense":       sparseFile(t, 13*m+5, Extent{0, 13*m + 5}),
		"sparse":      sparseFile(t, 300*m+77, Extent{0, 7 * m}, Extent{100 * m, 5 * m}, Extent{200 * m, 333}),
		"end of data": sparseFile(t, 50*m, Extent{40 * m, 10 * m}),
		"one hole":    sparseFile(t, 10*m),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			opts := testOptions()
			opts.PartSize, opts.Name = MinPartSize, "disk of web-1"
			im := openImageFile(t, path, nil)
			if _, err := Create(t.Context(), openDir(t, dir), im, opts); err != nil {
				t.Fatal(err)
			}
			restored := restoreWithTools(t, dir, ManifestName(opts.Name))
			if sha256File(t, restored) != sha256File(t, path) {
				t.Error("the restored image differs")
			}
			if got := allocated(t, restored); got > im.DataSize()+m {
				t.Errorf("%d bytes are allocated for %d of data", got, im.DataSize())
			}
		})
	}
}

// restoreWithTools restores the bundle in dir and returns the path of the image.
func restoreWithTools(t *testing.T, dir, name string) string {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	m, err := manifest.Parse(doc)
	if err != nil {
		t.Fatal(err)
	}
	var crypt []byte
	for _, p := range m.Image.Parts {
		part, err := os.ReadFile(filepath.Join(dir, p.Name))
		if err != nil {
			t.Fatal(err)
		}
		crypt = append(crypt, part...)
	}
	key, iv := unwrapWithOpenSSL(t, m.Image.UserKey), unwrapWithOpenSSL(t, m.Image.UserIV)
	gz := pipe(t, crypt, "openssl", "enc", "-d", "-aes-128-cbc", "-K", key, "-iv", iv)
	archive := pipe(t, gz, "gunzip", "-c")
	digest := pipe(t, archive, "openssl", "dgst", "-sha1", "-r")
	if got, _, _ := strings.Cut(string(digest), " "); got != m.Image.Digest.String() {
		t.Errorf("sha1 of the tar stream is %s, manifest says %s", got, m.Image.Digest)
	}
	to := t.TempDir()
	pipe(t, archive, "tar", "-C", to, "-xf", "-")
	return filepath.Join(to, m.Image.Name)
}

// unwrapWithOpenSSL returns the hexadecimal digits that were encrypted for the test key.
func unwrapWithOpenSSL(t *testing.T, wrapped []byte) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(testKey())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "pk.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return string(pipe(t, wrapped, "openssl", "pkeyutl", "-decrypt", "-inkey", file))
}

// pipe runs a tool on p and returns what it writes.
func pipe(t testing.TB, p []byte, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(oracle.Look(t, name), args...)
	cmd.Stdin = bytes.NewReader(p)
	return oracle.Output(t, cmd)
}

// allocated returns how many bytes of the file are on the disk.
func allocated(t *testing.T, path string) int64 {
	t.Helper()
	out := strings.Fields(string(oracle.Run(t, "du", "-k", path)))
	var kib int64
	if _, err := fmt.Sscan(out[0], &kib); err != nil {
		t.Fatal(err)
	}
	return kib << 10
}
