// Package secret recognises secrets in bytes: private keys by their formats, and the tokens and passwords of services by
// the patterns that their issuers gave them.
//
//	PrivateKey  tells what private key a file is, or holds
//	Scanner     finds private keys, tokens and passwords in text and in what text is left in binary data
//
// What is found is told by its place and a Hash, never repeated. What documentation uses in place of a secret is none, as
// are the secrets that are in everybody's hands; a key that is in a test's data is one.
package secret

import (
	"crypto/sha256"
	"encoding/hex"
)

// hashed is the length from which on a secret has a Hash, in bytes: people do not choose so long ones.
const hashed = 16

// Hash returns the first 12 digits of the SHA-256 of a secret: enough to tell it from others. Of one that is so short that
// it may be guessed it returns "", since who has a list of passwords would know by it which one this is.
func Hash(secret []byte) string {
	if len(secret) < hashed {
		return ""
	}
	sum := sha256.Sum256(secret)
	return hex.EncodeToString(sum[:6])
}
