package manifest

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// MinKeyBits is the length of the shortest RSA keys that are taken: EC2's own are as short.
const MinKeyBits = 1024

// ParsePrivateKey reads an RSA private key from PEM text, PKCS #1 or PKCS #8. Other blocks may stand before
// and after it. Where it finds none, the error says what is there instead and how to make it readable. No
// error shows anything of a key.
func ParsePrivateKey(text []byte) (*rsa.PrivateKey, error) {
	var found error
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		key, err := privateKey(block)
		if err == nil {
			return key, nil
		}
		if found == nil {
			found = err
		}
	}
	if found == nil {
		return nil, errors.New("no private key: there is no PEM block (-----BEGIN …) in it")
	}
	return nil, found
}

// privateKey reads one PEM block, or says what it is.
func privateKey(block *pem.Block) (*rsa.PrivateKey, error) {
	if block.Headers["DEK-Info"] != "" || block.Type == "ENCRYPTED PRIVATE KEY" {
		return nil, errors.New("private key is encrypted; remove its passphrase: openssl rsa -in KEY -out pk.pem")
	}
	switch block.Type {
	case "RSA PRIVATE KEY":
		return pkcs1Key(block.Bytes)
	case "PRIVATE KEY":
		return pkcs8Key(block.Bytes)
	case "OPENSSH PRIVATE KEY":
		return nil, errors.New("private key is in OpenSSH's own format; convert a copy of it: " +
			"ssh-keygen -p -N '' -m PEM -f COPY")
	case "EC PRIVATE KEY", "EC PARAMETERS":
		return nil, needRSA("an EC")
	case "DSA PRIVATE KEY":
		return nil, needRSA("a DSA")
	case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE":
		return nil, errors.New("is a certificate, not a private key")
	case "PUBLIC KEY", "RSA PUBLIC KEY":
		return nil, errors.New("is a public key, not a private key")
	}
	return nil, fmt.Errorf("is a PEM block of type %.40q, not a private key", block.Type)
}

// pkcs1Key does not pass on the error of x509: it may tell of the content.
func pkcs1Key(der []byte) (*rsa.PrivateKey, error) {
	key, err := x509.ParsePKCS1PrivateKey(der)
	if err != nil {
		return nil, errors.New("RSA private key is damaged")
	}
	return longEnough(key)
}

func pkcs8Key(der []byte) (*rsa.PrivateKey, error) {
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.New("private key is damaged or of an unknown kind; RSA is needed")
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return longEnough(key)
	case *ecdsa.PrivateKey, *ecdh.PrivateKey:
		return nil, needRSA("an EC")
	case ed25519.PrivateKey:
		return nil, needRSA("an Ed25519")
	}
	return nil, needRSA("another")
}

func longEnough(key *rsa.PrivateKey) (*rsa.PrivateKey, error) {
	if err := checkKeyBits(&key.PublicKey); err != nil {
		return nil, err
	}
	return key, nil
}

func needRSA(kind string) error {
	return fmt.Errorf("is %s key; RSA is needed (ami-keygen makes one)", kind)
}

func checkKeyBits(pub *rsa.PublicKey) error {
	if n := pub.N.BitLen(); n < MinKeyBits {
		return fmt.Errorf("RSA key has only %d bits; at least %d are needed", n, MinKeyBits)
	}
	return nil
}
