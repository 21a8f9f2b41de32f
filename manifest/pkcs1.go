// PKCS #1 v1.5 is the only padding of the format, for signatures and for wrapped keys: EC2, ec2-ami-tools
// and euca2ools take no other. Nothing here answers to strangers, so there is no padding oracle.

package manifest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
)

func rsaSign(key *rsa.PrivateKey, d Digest) ([]byte, error) {
	return rsa.SignPKCS1v15(nil, key, crypto.SHA1, d[:])
}

func rsaVerify(pub *rsa.PublicKey, d Digest, signature []byte) error {
	return rsa.VerifyPKCS1v15(pub, crypto.SHA1, d[:], signature)
}

func rsaEncrypt(pub *rsa.PublicKey, plain []byte) ([]byte, error) {
	//lint:ignore SA1019 the format knows no other padding
	return rsa.EncryptPKCS1v15(rand.Reader, pub, plain)
}

func rsaDecrypt(key *rsa.PrivateKey, sealed []byte) ([]byte, error) {
	//lint:ignore SA1019 the format knows no other padding
	return rsa.DecryptPKCS1v15(nil, key, sealed)
}
