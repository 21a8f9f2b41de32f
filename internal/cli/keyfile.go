package cli

import (
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"io"
	"os"

	"amiforge/manifest"
)

// maxPEM is the longest key or certificate file that is read, in bytes.
const maxPEM = 1 << 20

// ReadPrivateKey reads an RSA private key (PEM). Its errors name the file and never hold any of it.
func ReadPrivateKey(path string) (*rsa.PrivateKey, error) {
	return readPEM(path, manifest.ParsePrivateKey)
}

// ReadCertificate reads an X.509 certificate with an RSA key (PEM).
func ReadCertificate(path string) (*x509.Certificate, error) {
	return readPEM(path, manifest.ParseCertificate)
}

func readPEM[T any](path string, parse func([]byte) (T, error)) (T, error) {
	var none T
	f, err := os.Open(path)
	if err != nil {
		return none, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxPEM))
	if err != nil {
		return none, err
	}
	v, err := parse(text)
	if err != nil {
		return none, fmt.Errorf("%s: %w", path, err)
	}
	return v, nil
}
