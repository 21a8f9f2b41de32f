package manifest

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
	"time"

	"amiforge/internal/oracle"

	"github.com/google/go-cmp/cmp"
)

// write puts data into a new file and returns its path.
func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// ec2-ami-tools parses a manifest with REXML and verifies what REXML writes of it, so that must be our text.
func TestREXML(t *testing.T) {
	for _, name := range []string{
		"disk.img", "a b", " outer ", "a&b", "a<b>c", "it's", `"quoted"`, "a;b", "é", "日本 😀", "&amp;", "&#65;", "]]>", "a'b\"c&lt;",
	} {
		t.Run(name, func(t *testing.T) {
			m := full()
			m.Image.Name, m.Machine.KernelID, m.Machine.ProductCodes[0] = name, name, name
			m.Image.Parts = []Part{{name + ".part.00", Digest{1}}, {name + ".part.01", Digest{2}}}
			document := write(t, "manifest.xml", signed(t, m))
			got := oracle.Run(t, "ruby", filepath.Join("testdata", "verify.rb"), document, filepath.Join(vectors, "keys", "user1024-cert.pem"))
			want := name + "\n" + name + ".part.00\n" + name + ".part.01\n"
			if diff := cmp.Diff(want, string(got)); diff != "" {
				t.Errorf("REXML reads other names (-want +got):\n%s", diff)
			}
		})
	}
}

// openssl verifies our signatures, over the signed source.
func TestOpenSSLVerifies(t *testing.T) {
	m, key := full(), testKey(t, "user2048")
	document, err := m.Sign(key)
	if err != nil {
		t.Fatal(err)
	}
	public := oracle.Run(t, "openssl", "x509", "-pubkey", "-noout", "-in", filepath.Join(vectors, "keys", "user2048-cert.pem"))
	oracle.Run(t, "openssl", "dgst", "-sha1", "-verify", write(t, "public.pem", public),
		"-signature", write(t, "signature", m.Signature), write(t, "signed", signedText(document)))
}

// signedText is what an independent reader finds to be signed.
func signedText(document []byte) []byte {
	from := bytes.Index(document, []byte("<machine_configuration>"))
	to := bytes.Index(document, []byte("</image>")) + len("</image>")
	return document[from:to]
}

// openssl opens our wrapped content key: 32 hexadecimal digits.
func TestOpenSSLUnwraps(t *testing.T) {
	m, key := full(), testKey(t, "user2048")
	ck := ContentKey{Key: [16]byte{1, 2, 3, 0xff}, IV: [16]byte{0xa, 0xb}}
	if err := m.Wrap(ck, &key.PublicKey, &key.PublicKey); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		sealed []byte
		want   [16]byte
	}{
		{"user_encrypted_key", m.Image.UserKey, ck.Key},
		{"user_encrypted_iv", m.Image.UserIV, ck.IV},
		{"ec2_encrypted_key", m.Image.EC2Key, ck.Key},
		{"ec2_encrypted_iv", m.Image.EC2IV, ck.IV},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := oracle.Run(t, "openssl", "pkeyutl", "-decrypt", "-in", write(t, "sealed", tt.sealed),
				"-inkey", filepath.Join(vectors, "keys", "user2048-key.pem"))
			if want := hex.EncodeToString(tt.want[:]); string(got) != want {
				t.Errorf("openssl finds %q, want %s", got, want)
			}
		})
	}
}

// openssl takes our key pairs, and finds that key and certificate belong together.
func TestOpenSSLKeyPair(t *testing.T) {
	keyPEM, certPEM, err := NewKeyPair(2048, "amiforge", time.Now(), time.Now().AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	key, cert := write(t, "pk.pem", keyPEM), write(t, "cert.pem", certPEM)
	oracle.Run(t, "openssl", "rsa", "-check", "-noout", "-in", key)
	oracle.Run(t, "openssl", "verify", "-check_ss_sig", "-CAfile", cert, cert)
	ofKey := oracle.Run(t, "openssl", "rsa", "-modulus", "-noout", "-in", key)
	ofCert := oracle.Run(t, "openssl", "x509", "-modulus", "-noout", "-in", cert)
	if diff := cmp.Diff(string(ofKey), string(ofCert)); diff != "" {
		t.Error(diff)
	}
}
