package cli

import (
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"io"
	"os"

	"amiforge/bundle"
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

// OpenOptions reads the files of -k and -c, either of which may be "": the key that opens a bundle, and the
// certificate of whose signature is expected.
func OpenOptions(key, cert string) (*bundle.OpenOptions, error) {
	opts := &bundle.OpenOptions{}
	if key != "" {
		var err error
		if opts.Key, err = ReadPrivateKey(key); err != nil {
			return nil, err
		}
	}
	if cert != "" {
		c, err := ReadCertificate(cert)
		if err != nil {
			return nil, err
		}
		opts.Signer = c.PublicKey.(*rsa.PublicKey) // ReadCertificate takes no other
	}
	return opts, nil
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
