package registry

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// Lengths of an image ID's hexadecimal digits.
const (
	idDigits    = 17
	oldIDDigits = 8 // before 2016
)

// NewID returns ami- and 17 hexadecimal digits from random.
func NewID(random io.Reader) (string, error) {
	digits, err := randomHex(random, idDigits)
	return "ami-" + digits, err
}

// CheckID returns InvalidAMIID.Malformed unless id has the form of an image ID: ami- and 17, or of old 8,
// lower-case hexadecimal digits.
func CheckID(id string) error {
	digits, ok := strings.CutPrefix(id, "ami-")
	ok = ok && (len(digits) == idDigits || len(digits) == oldIDDigits)
	if !ok || strings.Trim(digits, "0123456789abcdef") != "" {
		message := fmt.Sprintf("Invalid id: %q (expecting \"ami-...\")", id)
		return &Error{Code: IDMalformed, Message: message}
	}
	return nil
}

// newNonce returns what makes one writing of a record differ from any other: a retried write that finds its
// own nonce in place has succeeded before.
func newNonce(random io.Reader) (string, error) { return randomHex(random, 32) }

func randomHex(random io.Reader, digits int) (string, error) {
	b := make([]byte, (digits+1)/2)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("read randomness: %w", err)
	}
	return hex.EncodeToString(b)[:digits], nil
}
