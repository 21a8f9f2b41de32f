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

// Hash returns the first 12 digits of the SHA-256 of a secret: enough to tell it from others, and not to be had back
// from unless it can be guessed.
func Hash(secret []byte) string {
	sum := sha256.Sum256(secret)
	return hex.EncodeToString(sum[:6])
}
