package secret

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
)

// isPublic tells of a secret's hash whether everybody has the secret, from a program or its manual. Those of AWS's
// documentation say EXAMPLE, and are placeholders.
func isPublic(hash string) bool {
	return slices.Contains([]string{
		"0011cc25eb43", // Azurite, the emulator of Azure's storage
		"df452eef23e8", // play.min.io
		"577cfe66bf6c", // the documentation of AWS DataSync, in each botocore
		"d9bf94f9b743", // the example of PyJWT
		// What GnuTLS tests itself with when it starts, in libgnutls.so and all of its copies.
		"bf552d2ff30b", "06b37a7e3254", "2808649028d2", "e033bc87562a", "9ab6db67523b", "4069e45b7c80",
	}, hash)
}

// isNotMixed tells that a secret is no random base64: that it lacks capitals, small letters or digits, as sums and names
// do, or has many slashes, as paths have.
func isNotMixed(_, s []byte) bool {
	return isOneCase(nil, s) || !bytes.ContainsAny(s, digits) || bytes.Count(s, []byte{'/'}) > 4
}

// isOneCase tells that a secret has no capitals, or no small letters.
func isOneCase(_, s []byte) bool {
	return !bytes.ContainsAny(s, upper) || !bytes.ContainsAny(s, lower)
}

// notPassword tells of a URL whether what it has in the place of a password is a word for one, or the URL one of
// documentation. Text that has variables there, such as $PASS or <password>, is no match at all.
func notPassword() func(url, s []byte) bool {
	words := regexp.MustCompile(`^(?:(?:my|your|the|a|some|db|user|proxy|new|old|super)[_.-]?)*` +
		`(?:pass|passwd|password|passphrase|passwort|pw|pwd|psw|secret|token|auth|key|api_?key|port|foo|bar|baz|foobar|test|` +
		`user|username|abc|123|1234|12345|guest|host|credentials?|x-oauth-basic|x+|\.+|-+)(?:[_.-]?(?:here|1|2|123|word))?$`)
	format := regexp.MustCompile(`%(?:[^0-9A-Fa-f]|.[^0-9A-Fa-f]|.?$)`)
	return func(url, s []byte) bool {
		user, host, _ := bytes.Cut(bytes.ToLower(bytes.TrimPrefix(url, []byte("://"))), []byte(":"))
		_, host, _ = bytes.Cut(host, []byte("@"))
		return words.Match(bytes.ToLower(s)) || format.Match(s) || string(user) == "anonymous" || isExampleHost(string(host))
	}
}

// isExampleHost knows the names that are kept for documentation [RFC 2606].
func isExampleHost(host string) bool {
	for _, name := range []string{"example", "example.com", "example.org", "example.net", "host", "hostname", "server", "test", "invalid", "domain", "domain.com", "foo", "foo.com", "bar"} {
		if host == name || strings.HasSuffix(host, "."+name) {
			return true
		}
	}
	return false
}
