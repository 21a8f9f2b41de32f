package manifest

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// ParseCertificate reads the first certificate from PEM text. Its key, PublicKey, is an *rsa.PublicKey or
// the certificate is refused. Neither its dates nor who issued it are checked: a certificate is a carrier of
// a key here, and EC2's own expired in 2006.
func ParseCertificate(text []byte) (*x509.Certificate, error) {
	var found error
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" || block.Type == "X509 CERTIFICATE" {
			return rsaCertificate(block.Bytes)
		}
		if found == nil {
			found = notCertificate(block.Type)
		}
	}
	if found == nil {
		return nil, errors.New("no certificate: there is no PEM block (-----BEGIN CERTIFICATE-----) in it")
	}
	return nil, found
}

// notCertificate says what a PEM block is instead.
func notCertificate(blockType string) error {
	switch {
	case strings.HasSuffix(blockType, "PRIVATE KEY"), blockType == "EC PARAMETERS":
		return errors.New("is a private key, not a certificate")
	case strings.HasSuffix(blockType, "PUBLIC KEY"):
		return errors.New("is a public key, not a certificate")
	case blockType == "CERTIFICATE REQUEST", blockType == "NEW CERTIFICATE REQUEST":
		return errors.New("is a certificate request, not a certificate")
	case blockType == "TRUSTED CERTIFICATE":
		return errors.New("is a certificate in OpenSSL's own format; convert it: openssl x509 -in CERT -out cert.pem")
	}
	return fmt.Errorf("is a PEM block of type %.40q, not a certificate", blockType)
}

func rsaCertificate(der []byte) (*x509.Certificate, error) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("certificate is damaged: %w", err)
	}
	switch pub := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		if err := checkKeyBits(pub); err != nil {
			return nil, err
		}
		return cert, nil
	case *ecdsa.PublicKey:
		return nil, errors.New("certificate is for an EC key; RSA is needed")
	case ed25519.PublicKey:
		return nil, errors.New("certificate is for an Ed25519 key; RSA is needed")
	}
	return nil, fmt.Errorf("certificate is for a %v key; RSA is needed", cert.PublicKeyAlgorithm)
}
