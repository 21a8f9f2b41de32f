package manifest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rsa"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The first byte of an encrypted manifest is the scheme. XML cannot begin with either.
const (
	scheme1 = 0x01
	scheme2 = 0x02
)

// IsEncrypted tells if data is a manifest that was encrypted as a whole, as S3 held those of version 3.
func IsEncrypted(data []byte) bool {
	return len(data) > 0 && (data[0] == scheme1 || data[0] == scheme2)
}

// Decrypt opens a manifest that was encrypted as a whole, by scheme 2 of ec2-ami-tools: the byte 0x02, a
// length in two bytes big-endian, so many bytes of RSA PKCS #1 v1.5 over the AES key and IV of 16 bytes each,
// and the manifest in AES-128-CBC. What comes out is not authentic: Parse and Verify it. The error is
// ErrKey where the private key is not the one it was encrypted for.
func Decrypt(data []byte, key *rsa.PrivateKey) ([]byte, error) {
	text, err := decryptScheme2(data, key)
	if err != nil {
		return nil, fmt.Errorf("encrypted manifest: %w", err)
	}
	return text, nil
}

func decryptScheme2(data []byte, key *rsa.PrivateKey) ([]byte, error) {
	const header = 3
	if len(data) > 0 && data[0] != scheme2 {
		return nil, fmt.Errorf("scheme is %#x; want %#x", data[0], scheme2)
	}
	if len(data) < header {
		return nil, io.ErrUnexpectedEOF
	}
	n := header + int(binary.BigEndian.Uint16(data[1:]))
	if len(data) < n {
		return nil, io.ErrUnexpectedEOF
	}
	secret, err := rsaDecrypt(key, data[header:n])
	if err != nil {
		return nil, ErrKey
	}
	if len(secret) != 32 {
		return nil, fmt.Errorf("content key and IV are %d bytes long; want 32", len(secret))
	}
	return decryptCBC(data[n:], [16]byte(secret[:16]), [16]byte(secret[16:]))
}

// decryptCBC returns the plain text of AES-128-CBC without its PKCS #7 padding.
func decryptCBC(data []byte, key, iv [16]byte) ([]byte, error) {
	if len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, fmt.Errorf("text is %d bytes long; want whole blocks: %w", len(data), io.ErrUnexpectedEOF)
	}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	plain := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv[:]).CryptBlocks(plain, data)
	return unpad(plain)
}

func unpad(plain []byte) ([]byte, error) {
	n := int(plain[len(plain)-1])
	if n == 0 || n > aes.BlockSize {
		return nil, errors.New("padding is wrong")
	}
	for _, c := range plain[len(plain)-n:] {
		if int(c) != n {
			return nil, errors.New("padding is wrong")
		}
	}
	return plain[:len(plain)-n], nil
}
