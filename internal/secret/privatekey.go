package secret

import (
	"bytes"
	"regexp"
)

// Enough is how much of the beginning of a file PrivateKey needs to see. Only in key stores, and in text that has other
// things before the key, a key can be farther behind.
const Enough = 64 << 10

// PrivateKey returns what private key p, the beginning of a file, is or has in it: "OpenSSH private key", or "" if it is
// none. A public key, a certificate and a store that has only these are none, nor is a text that only speaks of keys.
// Whether the key is one that everybody knows, such as a test's, is for the caller to ask.
func PrivateKey(p []byte) string {
	may := hasKeyWord(p)
	for _, f := range formats() {
		if (may || !f.inside) && f.is(p) {
			return f.title
		}
	}
	if may {
		if key, ok := findPEM(p); ok {
			return key.title
		}
	}
	return ""
}

// A format is one that a file as a whole is in. Most tell by their first bytes, the others by a word inside: one of
// keyWords.
type format struct {
	title  string
	is     func(p []byte) bool
	inside bool
}

func formats() [16]format {
	return [16]format{
		{"SSH 1 private key", isSSH1, false},
		{"PuTTY private key", isPuTTY, false},
		{"SSH2 private key", isSSH2, false},
		{"Dropbear private key", isDropbear, false},
		{"OpenPGP private key", isOpenPGP, false},
		{"GnuPG private key", isGnuPG, false},
		{"GnuPG private key", isGnuPGText, true},
		{"PKCS #12 private key", isPKCS12, false},
		{"Java key store with a private key", isJKS, false},
		{"DER private key", isDER, false},
		{"age secret key", isAge, true},
		{"WireGuard private key", isWireGuard, true},
		{"DNSSEC private key", isDNSSEC, false},
		{"Tor onion service key", isTor, false},
		{"minisign secret key", isMinisign, false},
		{"private JSON web key", isJWK, true},
	}
}

// isSSH1 knows the files of SSH protocol 1 [openssh, authfile.c of version 7.5].
func isSSH1(p []byte) bool {
	return bytes.HasPrefix(p, []byte("SSH PRIVATE KEY FILE FORMAT 1.1\n\x00"))
}

// isPuTTY knows .ppk files of version 1 to 3 [PuTTY manual, C.1 to C.5].
func isPuTTY(p []byte) bool {
	return bytes.HasPrefix(p, []byte("PuTTY-User-Key-File-")) && bytes.Contains(p, []byte("\nPrivate-Lines: "))
}

// isSSH2 knows the keys of ssh.com's programs, encrypted or not [PuTTY, import.c].
func isSSH2(p []byte) bool {
	return bytes.HasPrefix(p, []byte("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----"))
}

// isTor knows the keys of onion services [Tor, rend-spec-v3, and ed25519_secret_key_tag].
func isTor(p []byte) bool {
	return bytes.HasPrefix(p, []byte("== ed25519v1-secret: type0 ==\x00\x00\x00")) && len(p) >= 32+64
}

// isMinisign knows the keys of minisign and signify, encrypted or not [minisign.1, signify.1].
func isMinisign(p []byte) bool {
	return bytes.HasPrefix(p, []byte("untrusted comment: ")) &&
		findSecret(p, `\Auntrusted comment: [^\n]*secret key[^\n]*\n(RW[A-Za-z0-9+/]{100})`)
}

// isAge knows identities of age, of X25519 and post-quantum ones [age-encryption.org, 5.1].
func isAge(p []byte) bool {
	return bytes.Contains(p, []byte(ageWord)) &&
		findSecret(p, `(?:\A|[^A-Za-z0-9_])AGE-SECRET-KEY-(?:PQ-)?1([QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58})`)
}

// isWireGuard knows wg.conf and the .netdev files of systemd-networkd, in which a key is 32 bytes of base64 [wg.8].
func isWireGuard(p []byte) bool {
	return bytes.Contains(p, []byte(wireGuardWord)) && findSecret(p, `(?:\A|\n)[ \t]*PrivateKey[ \t]*=[ \t]*([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)`)
}

// isDNSSEC knows the keys of BIND, for DNSSEC and for TSIG [bind9, dst_parse.c].
func isDNSSEC(p []byte) bool {
	return bytes.HasPrefix(p, []byte("Private-key-format: v1.")) &&
		findSecret(p, `\n(?:PrivateExponent|PrivateKey|Private_value\(x\)|Key): ([A-Za-z0-9+/]{16,}=*)`)
}

// isJWK knows a JSON web key by the member d, the private part of all types of keys [RFC 7518, 6; RFC 8037, 2]. Certbot
// keeps the account's key so.
func isJWK(p []byte) bool {
	return bytes.Contains(p, []byte(jwkWord)) && findSecret(p, `"d"\s*:\s*"([A-Za-z0-9_-]{40,})"`)
}

// findSecret tells whether expr is in p, with a first group that is not a placeholder.
func findSecret(p []byte, expr string) bool {
	m := regexp.MustCompile(expr).FindSubmatch(p)
	return m != nil && !isPlaceholder(m[1])
}
