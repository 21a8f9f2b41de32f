package manifest

import (
	"crypto/rsa"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// testdata returns a file of this package's own.
func testdata(tb testing.TB, path ...string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join(append([]string{"testdata"}, path...)...))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func TestParsePrivateKey(t *testing.T) {
	pkcs1 := read(t, "keys", "user2048-key.pem")
	cert := read(t, "keys", "user2048-cert.pem")
	tests := []struct {
		name string
		pem  []byte
		bits int
	}{
		{"PKCS #1 of 1024 bits", read(t, "keys", "user1024-key.pem"), 1024},
		{"PKCS #1 of 2048 bits", pkcs1, 2048},
		{"PKCS #1 of 4096 bits", read(t, "keys", "user4096-key.pem"), 4096},
		{"PKCS #8", read(t, "keys", "user2048-key-pkcs8.pem"), 2048},
		{"certificate before", join(cert, pkcs1), 2048},
		{"EC key before", join(testdata(t, "keys", "ec.pem"), pkcs1), 2048},
		{"text around", join([]byte("Bag Attributes\n"), pkcs1, []byte("\nthe end\n")), 2048},
		{"lines end in CR LF", []byte(strings.ReplaceAll(string(pkcs1), "\n", "\r\n")), 2048},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key, err := ParsePrivateKey(tt.pem)
			if err != nil {
				t.Fatal(err)
			}
			if got := key.N.BitLen(); got != tt.bits {
				t.Errorf("key has %d bits, want %d", got, tt.bits)
			}
		})
	}
}

func join(texts ...[]byte) []byte {
	var all []byte
	for _, text := range texts {
		all = append(all, text...)
	}
	return all
}

func TestParsePrivateKeyRefuses(t *testing.T) {
	damaged := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: []byte("SECRET")})
	damaged8 := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("SECRET")})
	dsa := pem.EncodeToMemory(&pem.Block{Type: "DSA PRIVATE KEY", Bytes: []byte("SECRET")})
	strange := pem.EncodeToMemory(&pem.Block{Type: "PGP MESSAGE", Bytes: []byte("SECRET")})
	whole := read(t, "keys", "user2048-key.pem")
	block, _ := pem.Decode(whole)
	tests := []struct {
		name string
		pem  []byte
		want string
	}{
		{"nothing", nil, "no PEM block"},
		{"DER", block.Bytes, "no PEM block"},
		{"truncated", whole[:len(whole)/2], "no PEM block"},
		{"EC", testdata(t, "keys", "ec.pem"), "is an EC key; RSA is needed"},
		{"EC in PKCS #8", testdata(t, "keys", "ec-pkcs8.pem"), "is an EC key; RSA is needed"},
		{"X25519", testdata(t, "keys", "x25519.pem"), "is an EC key; RSA is needed"},
		{"Ed25519", testdata(t, "keys", "ed25519.pem"), "is an Ed25519 key; RSA is needed"},
		{"DSA", dsa, "is a DSA key; RSA is needed"},
		{"RSA-PSS", testdata(t, "keys", "rsa-pss.pem"), "RSA is needed"},
		{"512 bits", testdata(t, "keys", "rsa512.pem"), "only 512 bits"},
		{"encrypted PKCS #1", testdata(t, "keys", "encrypted-pkcs1.pem"), "openssl rsa -in KEY -out pk.pem"},
		{"encrypted PKCS #8", testdata(t, "keys", "encrypted-pkcs8.pem"), "openssl rsa -in KEY -out pk.pem"},
		{"OpenSSH", testdata(t, "keys", "openssh.pem"), "ssh-keygen -p -N '' -m PEM -f COPY"},
		{"certificate", read(t, "keys", "user2048-cert.pem"), "is a certificate"},
		{"public key", testdata(t, "keys", "public.pem"), "is a public key"},
		{"damaged PKCS #1", damaged, "is damaged"},
		{"damaged PKCS #8", damaged8, "is damaged"},
		{"strange", strange, `of type "PGP MESSAGE"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key, err := ParsePrivateKey(tt.pem)
			if err == nil || key != nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error is %v, want … %s …", err, tt.want)
			}
			if tells(err.Error(), tt.pem) {
				t.Errorf("error shows the key: %v", err)
			}
		})
	}
}

// tells tells if message has eight characters in a row that are in the body of a PEM text or in its bytes.
func tells(message string, text []byte) bool {
	block, _ := pem.Decode(text)
	if block == nil {
		return false
	}
	body := string(text[strings.Index(string(text), "\n"):])
	body, _, _ = strings.Cut(body, "\n-----END")
	body += string(block.Bytes)
	for i := 0; i+8 <= len(message); i++ {
		if strings.Contains(body, message[i:i+8]) {
			return true
		}
	}
	return false
}

func TestParseCertificate(t *testing.T) {
	first, second := read(t, "keys", "user1024-cert.pem"), read(t, "keys", "user2048-cert.pem")
	tests := []struct {
		name string
		pem  []byte
		bits int
	}{
		{"one", first, 1024},
		{"4096 bits", read(t, "keys", "user4096-cert.pem"), 4096},
		{"the first of several", join(first, second), 1024},
		{"text before", testdata(t, "keys", "text-cert.pem"), 1024},
		{"key before", join(read(t, "keys", "user2048-key.pem"), second), 2048},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cert, err := ParseCertificate(tt.pem)
			if err != nil {
				t.Fatal(err)
			}
			if got := cert.PublicKey.(*rsa.PublicKey).N.BitLen(); got != tt.bits {
				t.Errorf("key has %d bits, want %d", got, tt.bits)
			}
		})
	}
}

func TestParseCertificateRefuses(t *testing.T) {
	damaged := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})
	tests := []struct {
		name string
		pem  []byte
		want string
	}{
		{"nothing", nil, "no PEM block"},
		{"private key", read(t, "keys", "user2048-key.pem"), "is a private key"},
		{"PKCS #8 key", read(t, "keys", "user2048-key-pkcs8.pem"), "is a private key"},
		{"public key", testdata(t, "keys", "public.pem"), "is a public key"},
		{"request", testdata(t, "keys", "request.pem"), "is a certificate request"},
		{"OpenSSL's trusted form", testdata(t, "keys", "trusted.pem"), "openssl x509 -in CERT -out cert.pem"},
		{"EC key", testdata(t, "keys", "ec.pem"), "is a private key"},
		{"EC", testdata(t, "keys", "ec-cert.pem"), "is for an EC key; RSA is needed"},
		{"Ed25519", testdata(t, "keys", "ed25519-cert.pem"), "is for an Ed25519 key; RSA is needed"},
		{"512 bits", testdata(t, "keys", "rsa512-cert.pem"), "only 512 bits"},
		{"damaged", damaged, "is damaged"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cert, err := ParseCertificate(tt.pem)
			if err == nil || cert != nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want … %s …", err, tt.want)
			}
		})
	}
}

func TestNewKeyPair(t *testing.T) {
	from := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	to := from.AddDate(20, 0, 0)
	keyPEM, certPEM, err := NewKeyPair(1024, "web 1 & co", from, to)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(keyPEM), "-----BEGIN RSA PRIVATE KEY-----\n") {
		t.Errorf("key begins with %.40q", keyPEM)
	}
	key, err := ParsePrivateKey(keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ParseCertificate(certPEM)
	if err != nil {
		t.Fatal(err)
	}
	if !key.PublicKey.Equal(cert.PublicKey) {
		t.Error("the certificate is not for the key")
	}
	if err := cert.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature); err != nil {
		t.Error(err)
	}
	if cert.Subject.CommonName != "web 1 & co" || !cert.NotBefore.Equal(from) || !cert.NotAfter.Equal(to) {
		t.Errorf("certificate is for %s from %s to %s", cert.Subject, cert.NotBefore, cert.NotAfter)
	}
	if _, _, err := NewKeyPair(1023, "", from, to); err == nil || !strings.Contains(err.Error(), "too few") {
		t.Errorf("1023 bits: error is %v", err)
	}
}
