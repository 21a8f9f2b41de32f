package volume

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// ParseUUID reads a UUID as it is usually written, with dashes [RFC 9562].
func ParseUUID(s string) (uuid [16]byte, err error) {
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != len(uuid) {
		return uuid, fmt.Errorf("%q is not a UUID such as 0b7a6a1e-5f1c-4d51-9d3e-0a3f6f0a2b5c", s)
	}
	if uuid = [16]byte(b); !strings.EqualFold(s, FormatUUID(uuid)) {
		return uuid, fmt.Errorf("%q has not the dashes of a UUID", s)
	}
	if uuid == [16]byte{} {
		return uuid, fmt.Errorf("%q stands for no UUID", s)
	}
	return uuid, nil
}

// FormatUUID writes a UUID.
func FormatUUID(u [16]byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// NewUUID makes a random UUID (version 4); random nil is crypto/rand.
func NewUUID(random io.Reader) (uuid [16]byte, err error) {
	if random == nil {
		random = rand.Reader
	}
	if _, err := io.ReadFull(random, uuid[:]); err != nil {
		return uuid, fmt.Errorf("uuid: %w", err)
	}
	uuid[6] = uuid[6]&0x0f | 0x40
	uuid[8] = uuid[8]&0x3f | 0x80
	return uuid, nil
}
