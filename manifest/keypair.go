package manifest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"time"
)

// NewKeyPair makes an RSA key of so many bits and a certificate that it signs itself, both as PEM text. The
// key is in PKCS #1 (BEGIN RSA PRIVATE KEY), which ec2-ami-tools and every openssl read.
func NewKeyPair(bits int, commonName string, notBefore, notAfter time.Time) (keyPEM, certPEM []byte, err error) {
	if bits < MinKeyBits {
		return nil, nil, fmt.Errorf("make key pair: %d bits are too few; at least %d are needed", bits, MinKeyBits)
	}
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return nil, nil, fmt.Errorf("make key: %w", err)
	}
	cert, err := selfSigned(key, commonName, notBefore, notAfter)
	if err != nil {
		return nil, nil, fmt.Errorf("make certificate: %w", err)
	}
	keyPEM = pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	certPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	return keyPEM, certPEM, nil
}

// selfSigned leaves the serial number to x509, which takes a random one.
func selfSigned(key *rsa.PrivateKey, commonName string, notBefore, notAfter time.Time) ([]byte, error) {
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: commonName},
		NotBefore:             notBefore,
		NotAfter:              notAfter,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		SignatureAlgorithm:    x509.SHA256WithRSA,
		BasicConstraintsValid: true,
	}
	return x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
}
