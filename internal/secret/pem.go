package secret

import (
	"bytes"
	"encoding/base64"
	"strings"
)

const (
	pemBegin = "-----BEGIN "

	// pemWindow is how far from its beginning a key in PEM is looked at: far enough to pass the headers.
	pemWindow = 1536

	// pemLeast is the least of base64 that a key has: the shortest is one of Ed25519, with 64 characters.
	pemLeast = 60
)

// A pemKey is a private key in the textual encoding [RFC 7468] or its ancestors.
type pemKey struct {
	title  string
	length int    // up to where it was read
	body   []byte // the base64 of it, without what is between
}

// pemLabels lists what the first line says of a private key, and how its base64 begins. All that are DER begin with a
// sequence, thus with an M.
func pemLabels() []struct{ label, title, start string } {
	return []struct{ label, title, start string }{
		{"OPENSSH PRIVATE KEY-----", "OpenSSH private key", "b3BlbnNzaC1rZXktdjEA"}, // openssh-key-v1 [PROTOCOL.key]
		{"RSA PRIVATE KEY-----", "RSA private key", "M"},
		{"DSA PRIVATE KEY-----", "DSA private key", "M"},
		{"EC PRIVATE KEY-----", "EC private key", "M"},
		{"PRIVATE KEY-----", "private key", "M"},
		{"ENCRYPTED PRIVATE KEY-----", "encrypted private key", "M"},
		{"PGP PRIVATE KEY BLOCK-----", "OpenPGP private key", ""},
		{"OpenVPN Static key V1-----", "OpenVPN static key", ""},
	}
}

// findPEM returns the first private key in p, wherever it begins.
func findPEM(p []byte) (pemKey, bool) {
	for at := 0; ; at++ {
		i := bytes.Index(p[at:], []byte(pemBegin))
		if i < 0 {
			return pemKey{}, false
		}
		at += i
		if key, ok := parsePEM(p[at:min(len(p), at+pemWindow)]); ok {
			return key, true
		}
	}
}

// parsePEM reads the key that p begins with. Only what looks like the inside of a key makes it one: that a program or a
// manual has the first line in it does not.
func parsePEM(p []byte) (pemKey, bool) {
	rest, ok := bytes.CutPrefix(p, []byte(pemBegin))
	if !ok {
		return pemKey{}, false
	}
	for _, l := range pemLabels() {
		if inside, ok := bytes.CutPrefix(rest, []byte(l.label)); ok {
			body, n, encrypted := pemBody(inside)
			key := pemKey{l.title, len(p) - len(inside) + n, body}
			if encrypted {
				key.title, l.start = "encrypted "+l.title, ""
			}
			return key, len(body) >= pemLeast && bytes.HasPrefix(body, []byte(l.start)) && isKeyBody(l.start, body)
		}
	}
	return pemKey{}, false
}

// isKeyBody tells whether body is that of a key, and not one that documentation made up.
func isKeyBody(start string, body []byte) bool {
	der := make([]byte, base64.StdEncoding.DecodedLen(pemLeast))
	if _, err := base64.StdEncoding.Decode(der, body[:pemLeast]); err != nil {
		return false
	}
	if start == "M" && !isKeySequence(der) {
		return false
	}
	return entropy(body) >= 3 // the shortest key has 4, and a static one of OpenVPN is hexadecimal
}

// isKeySequence tells whether p begins as private keys of PKCS #1, SEC 1 and PKCS #8 do: a sequence, and in it a version
// or, if the key is encrypted, another sequence.
func isKeySequence(p []byte) bool {
	inside, ok := derHeader(p, 0x30)
	if !ok {
		return false
	}
	_, encrypted := derHeader(inside, 0x30)
	version := bytes.HasPrefix(inside, []byte{2, 1, 0}) || bytes.HasPrefix(inside, []byte{2, 1, 1})
	return version || encrypted
}

// pemBody returns the base64 of a key, from behind its first line on, how far it goes, and whether a header says that it
// is encrypted. The lines may be indented, quoted, or all in one with \n between them, as JSON and shells have it.
func pemBody(p []byte) (body []byte, n int, encrypted bool) {
	for n < len(p) {
		line, next := pemLine(p[n:])
		switch text := strings.Trim(string(line), " \t\r\",'+\\"); {
		case text == "":
		case strings.Contains(text, "-----END"), strings.HasPrefix(text, "-----"):
			return body, n, encrypted
		case len(body) == 0 && strings.Contains(text, ": "), len(body) == 0 && text[0] == '#':
			encrypted = encrypted || strings.HasPrefix(text, "Proc-Type: 4,ENCRYPTED")
		default:
			valid := base64Prefix(text)
			body = append(body, text[:valid]...)
			if valid < len(text) {
				return body, n + len(line), encrypted
			}
		}
		n += next
	}
	return body, n, encrypted
}

// pemLine cuts the first line off p, and tells where the next one begins. A line ends also where one in a string does.
func pemLine(p []byte) (line []byte, next int) {
	for i := range p {
		switch {
		case p[i] == '\n':
			return p[:i], i + 1
		case p[i] == '\\' && i+1 < len(p) && (p[i+1] == 'n' || p[i+1] == 'r'):
			return p[:i], i + 2
		}
	}
	return p, len(p)
}

// base64Prefix returns how much of s is base64. The checksum of OpenPGP's is not.
func base64Prefix(s string) int {
	i := 0
	for i < len(s) && isBase64(s[i]) {
		i++
	}
	return i
}

func isBase64(c byte) bool { return isAlphanumeric(c) || c == '+' || c == '/' }

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}
