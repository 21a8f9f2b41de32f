package audit

import (
	"fmt"

	"amiforge/internal/secret"
)

// secretRules are those that look for what must not be told.
func secretRules() []Rule {
	return []Rule{
		{
			ID: "SSH-HOSTKEY", Title: "no SSH host keys", Severity: Error, Sources: []string{"G4", "IB"},
			Advice: "Delete /etc/ssh/ssh_host_* so that each instance makes keys of its own: whoever has those of the image can pose as any instance.",
			check:  checkHostKeys,
		},
		{
			ID: "SSH-AUTHKEYS", Title: "no SSH keys that let in", Severity: Error, Sources: []string{"G8", "MP", "IB", "BV"},
			Advice: "Delete authorized_keys, or empty it: its keys open every instance of the image to those who have them.",
			check:  checkAuthorizedKeys, begin: beginAuthorizedKeys,
		},
		{
			ID: "SSH-USERKEY", Title: "no private keys", Severity: Error, Sources: []string{"G8", "BV"},
			Advice: "Delete the key, and take a new one where it was in use: who starts the image has it. Public keys and certificates may stay.",
			begin:  beginPrivateKeys,
		},
		{
			ID: "TLS-KEY", Title: "no keys of TLS servers or Kerberos", Severity: Error, Sources: []string{"G8"},
			Advice: "Delete the key and have each instance make or get its own; a self-signed one, such as snakeoil, is made by ssl-cert at the first boot.",
			begin:  beginTLSKeys,
		},
		{
			ID: "HISTORY", Title: "no histories of shells and clients", Severity: Error, Sources: []string{"G8", "IB", "BV"},
			Advice: "Delete the file. If a secret is in it, change the secret.",
			begin:  beginHistories,
		},
		{
			ID: "CLOUD-CRED", Title: "no credentials of clouds, registries and databases", Severity: Error, Sources: []string{"G8", "DB"},
			Advice: "Delete the file and revoke what is in it. Instances get credentials from their role.",
			begin:  beginCredentials,
		},
		{
			ID: "ENV-FILE", Title: "no passwords in configurations", Severity: Warning, Sources: []string{"DB"},
			Advice: "Take the password out, and have instances get it when they start: from user data, or a store of secrets.",
			begin:  beginConfigurations,
		},
		{
			ID: "SECRET-TEXT", Title: "no tokens, passwords and keys in files", Severity: Error, Sources: []string{"G8", "DB"},
			Advice: "Take the secret out of the file and revoke it: whoever gets the image has it.",
			begin:  beginSecretText,
		},
		{
			ID: "RESIDUE", Title: "no secrets in what deleted files leave behind", Severity: Error, Sources: []string{"BALDUZZI"},
			Advice: "Make the image anew from its files, as ami-audit --fix does, or overwrite the free space with zeroes; revoke the secret.",
			check:  checkResidue,
		},
	}
}

// secrets returns what finds them.
func (r *run) secrets() *secret.Scanner {
	r.facts.secretsOnce.Do(func() { r.facts.secrets = secret.NewScanner() })
	return r.facts.secrets
}

// newSecrets returns those secrets in a chunk that were not in the one before.
func (r *run) newSecrets(c *chunk) []secret.Match {
	from, to := 0, len(c.Data)
	if c.Offset > 0 {
		from = c.New - secret.Window
	}
	if !c.Last {
		to -= secret.Window
	}
	return r.secrets().Find(c.Data, from, to)
}

// match is find for a secret that a scanner found.
func (p *probe) match(s Severity, name string, line int, m secret.Match, format string, args ...any) {
	p.add(Finding{Severity: s, Path: absolute(name), Line: line, Hash: m.Hash, Message: m.Title + fmt.Sprintf(format, args...)})
}
