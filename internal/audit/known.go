package audit

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
)

// Covers tells whether a takes away what the rule finds at path.
func (a Allow) Covers(rule, path string) bool { return a.matches(Finding{Rule: rule, Path: path}) }

// IsHistory tells whether a file is, by its name, a history of a shell, a client or an editor, as HISTORY has it.
func IsHistory(name string) bool { return isHistory(name) }

// IsCredential tells whether a file is, by its name, there to have credentials in it, as CLOUD-CRED has it.
func IsCredential(name string) bool {
	return slices.ContainsFunc(credentials(), func(c credential) bool { return c.matches(name) })
}

// HasCredential tells whether the content of a file for which IsCredential is true has any in it.
func HasCredential(name string, content []byte) bool {
	return len(bytes.TrimSpace(content)) > 0 && slices.ContainsFunc(credentials(), func(c credential) bool {
		return c.matches(name) && regexp.MustCompile(c.secret).Match(content)
	})
}

// IsOfMachine tells whether the content of /etc/hostname, /etc/machine-id or /etc/resolv.conf, which name says without the
// slash, is that of one machine, as NET-STATE and MACHINE-ID have it.
func IsOfMachine(name string, content []byte) bool {
	for _, line := range settings(content) {
		switch name {
		case "etc/hostname":
			if isNameOfMachine(line) {
				return true
			}
		case "etc/resolv.conf":
			if server := nameServer(line); server != "" && !isLocal(server) {
				return true
			}
		default:
			return strings.TrimSpace(line) != "uninitialized"
		}
	}
	return false
}
