package secret

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
)

// derHeader returns what is behind the tag and the length at the start of p. It need not be all there.
func derHeader(p []byte, tag byte) (inside []byte, ok bool) {
	if len(p) < 2 || p[0] != tag {
		return nil, false
	}
	switch n := int(p[1]) - 0x80; {
	case n < 0:
		return p[2:], true
	case n <= 3 && len(p) >= 2+n: // 0 is BER, of a length that is not told
		return p[2+n:], true
	}
	return nil, false
}

// isDER knows keys that are in DER as they are: of PKCS #8, encrypted or not, PKCS #1 and SEC 1.
func isDER(p []byte) bool {
	if !isKeySequence(p) || !isWhole(p) {
		return false
	}
	var rsa struct { // RFC 8017, A.1.2
		Version                            int
		N, E, D, P, Q, ExpP, ExpQ, Inverse *big.Int
	}
	var ec struct { // RFC 5915, 3
		Version int
		Key     []byte
		Curve   asn1.ObjectIdentifier `asn1:"explicit,tag:0"`
		Public  asn1.BitString        `asn1:"optional,explicit,tag:1"`
	}
	var plain struct { // RFC 5958, 2
		Version    int
		Algorithm  pkix.AlgorithmIdentifier
		Key        []byte
		Attributes asn1.RawValue `asn1:"optional,tag:0"`
		Public     asn1.RawValue `asn1:"optional,tag:1"`
	}
	var encrypted struct { // RFC 5958, 3
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	switch {
	case isAll(p, &rsa):
		return rsa.N.BitLen() >= 512
	case isAll(p, &ec):
		return len(ec.Key) >= 20
	case isAll(p, &plain):
		return len(plain.Algorithm.Algorithm) >= 4 && len(plain.Key) >= 32
	case isAll(p, &encrypted):
		return isPBE(encrypted.Algorithm.Algorithm) && len(encrypted.Data) >= 32
	}
	return false
}

// isWhole tells whether the length at the start of p is that of all of it. A text of digits has others.
func isWhole(p []byte) bool {
	inside, _ := derHeader(p, 0x30)
	head, length := len(p)-len(inside), int(p[1])
	if head > 2 {
		length = 0
		for _, b := range p[2:head] {
			length = length<<8 | int(b)
		}
	}
	return length == len(inside)
}

// isAll tells whether p is a v and nothing else.
func isAll(p []byte, v any) bool {
	rest, err := asn1.Unmarshal(p, v)
	return err == nil && len(rest) == 0
}

// isPBE knows encryption by a password, of PKCS #5 and PKCS #12.
func isPBE(id asn1.ObjectIdentifier) bool {
	for _, of := range []asn1.ObjectIdentifier{{1, 2, 840, 113549, 1, 5}, {1, 2, 840, 113549, 1, 12, 1}} {
		if len(id) == len(of)+1 && id[:len(of)].Equal(of) {
			return true
		}
	}
	return false
}

// isPKCS12 knows .p12 and .pfx files with a bag for a key [RFC 7292, 4]. A store of nothing but certificates, as Java
// has it, is not one.
func isPKCS12(p []byte) bool {
	pfx, ok := derHeader(p, 0x30)
	if !ok || !bytes.HasPrefix(pfx, []byte{2, 1, 3, 0x30}) {
		return false
	}
	const bags = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01" // 1.2.840.113549.1.12.10.1
	return bytes.Contains(p, []byte("\x06\x0b"+bags+"\x01")) || bytes.Contains(p, []byte("\x06\x0b"+bags+"\x02"))
}
