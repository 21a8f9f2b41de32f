package secret

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// isOpenPGP knows binary exports of secret keys, and secring.gpg, by the packet that they begin with: a secret key, or a
// secret subkey [RFC 9580, 4.2 and 5.5.3].
func isOpenPGP(p []byte) bool {
	tag, length, body, ok := pgpPacket(p)
	if !ok || tag != 5 && tag != 7 || length < 40 || length > 1<<16 || len(body) < min(length, 4096) {
		return false
	}
	const year1991, year2100 = 662688000, 4102444800
	if created := binary.BigEndian.Uint32(body[1:]); created != 0 && (created < year1991 || created > year2100) {
		return false
	}
	switch version := body[0]; version {
	case 3:
		return body[7] >= 1 && body[7] <= 3 && isPGPKey(body[7], body[8:]) // two bytes say for how many days
	case 4:
		return isPGPKey(body[5], body[6:])
	case 5, 6:
		return binary.BigEndian.Uint32(body[6:]) < uint32(length) && isPGPKey(body[5], body[10:])
	}
	return false
}

// pgpPacket reads the header of a packet.
func pgpPacket(p []byte) (tag byte, length int, body []byte, ok bool) {
	if len(p) < 6 || p[0]&0x80 == 0 {
		return 0, 0, nil, false
	}
	if p[0]&0x40 == 0 {
		tag = p[0] >> 2 & 15
		switch p[0] & 3 {
		case 0:
			return tag, int(p[1]), p[2:], true
		case 1:
			return tag, int(binary.BigEndian.Uint16(p[1:])), p[3:], true
		case 2:
			return tag, int(binary.BigEndian.Uint32(p[1:])), p[5:], true
		}
		return 0, 0, nil, false
	}
	tag = p[0] & 63
	switch n := p[1]; {
	case n < 192:
		return tag, int(n), p[2:], true
	case n < 224:
		return tag, int(n-192)<<8 + int(p[2]) + 192, p[3:], true
	case n == 255:
		return tag, int(binary.BigEndian.Uint32(p[2:])), p[6:], true
	}
	return 0, 0, nil, false
}

// isPGPKey tells whether p begins as the parameters of a key of an algorithm do [RFC 9580, 5.5.5 and 9.1].
func isPGPKey(algorithm byte, p []byte) bool {
	switch algorithm {
	case 1, 2, 3, 16, 17, 20: // RSA, Elgamal, DSA: a large number
		if len(p) < 3 {
			return false
		}
		bits := int(binary.BigEndian.Uint16(p))
		return bits >= 512 && bits <= 16384 && bitLength(p[2]) == (bits+7)%8+1
	case 18, 19, 22: // ECDH, ECDSA, EdDSA: a curve's object identifier
		return len(p) > 2 && p[0] >= 3 && p[0] <= 12 && slices.Contains([]byte{0x2a, 0x2b}, p[1])
	case 25, 26, 27, 28: // X25519, X448, Ed25519, Ed448
		return true
	}
	return false
}

func bitLength(b byte) int {
	n := 0
	for ; b > 0; b >>= 1 {
		n++
	}
	return n
}

// isGnuPG knows the files of private-keys-v1.d [gnupg, agent/keyformat.txt]. One that says only that the key is on a
// card, shadowed-private-key, has no secret in it.
func isGnuPG(p []byte) bool {
	for _, start := range []string{"(11:private-key(", "(21:protected-private-key("} {
		if bytes.HasPrefix(p, []byte(start)) {
			return true
		}
	}
	return false
}

// isGnuPGText knows the other form of these files.
func isGnuPGText(p []byte) bool {
	return bytes.Contains(p, []byte(gnuPGWord)) && findSecret(p, `\A(?:[A-Z][A-Za-z-]*:.*\n(?:[ \t].*\n)*)*Key: (\((?:protected-)?private-key )`)
}
