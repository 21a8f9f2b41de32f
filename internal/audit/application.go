package audit

import (
	"bytes"
	"path"
	"slices"
	"strings"
)

// applicationSecret is a setting whose name says that its value is secret, in INI, YAML, JSON, TOML, XML, a shell or a
// language that is like these. What follows on the line is nothing else.
const applicationSecret = `(?im)^[ \t]*(?:-[ \t]+|export[ \t]+|define\([ \t]*|<)?["'\[]{0,2}[\w.-]*(?:passw(?:or)?d|passphrase|secret|secret_?key(?:_base)?|api_?key|` +
	`auth_?key|access_?key|private_?key|master_?key|license_?key|app_key|token|tunnelsecret|default_pass|_psk|_pwd|_pass)["'\]]{0,2}[ \t]*(?:=>|:=|[=:,>])[ \t]*["']?` +
	`([^\s"'<>$%{}()\[\]*,;#@/]{8,512})(?:["'][ \t]*\)?[ \t]*[,;]?|</[\w.-]+>)?[ \t]*(?:#[^\n]*)?\r?$`

// isApplication knows the files that applications are configured by, and where administrators put them.
func isApplication(name string) bool {
	if !hasConfiguration(name) || isLibrary(name) || isLibraryTest(name) {
		return false
	}
	base := strings.ToLower(path.Base(name))
	switch path.Ext(base) {
	case ".conf", ".cnf", ".cfg", ".ini", ".config", ".yml", ".yaml", ".json", ".toml", ".properties", ".hcl", ".xml", ".service", ".vars":
		return true
	case "":
		return strings.HasPrefix(name, "etc/default/") || strings.HasPrefix(name, "etc/sysconfig/") || name == "etc/environment"
	}
	return slices.Contains([]string{
		"settings.py", "local_settings.py", "config.py", "config.php", "settings.php", "configuration.php", "localsettings.php", "secrets.rb", ".bashrc",
		".bash_profile", ".profile", ".zshrc", ".zshenv",
	}, base) || strings.HasPrefix(name, "etc/profile.d/")
}

// looksRandom tells whether a value is one that somebody chose to be secret, and not a word or a number: it has letters and
// digits, not always the same, and no word that stands for a secret in examples.
func looksRandom(s []byte) bool {
	lower := bytes.ToLower(s)
	for _, word := range []string{"example", "changeme", "change_me", "change-me", "your", "xxxx", "placeholder", "secret", "passw", "token", "test", "dummy", "default", "sample", "insert", "todo"} {
		if bytes.Contains(lower, []byte(word)) {
			return false
		}
	}
	kinds := map[byte]bool{}
	for _, b := range s {
		kinds[b] = true
	}
	return len(kinds) >= 6 && bytes.ContainsAny(lower, "abcdefghijklmnopqrstuvwxyz") && bytes.ContainsAny(lower, "0123456789")
}

// isScript knows the scripts that an administrator wrote, and those that cloud-init made of what it was given.
func isScript(name string) bool {
	switch path.Ext(name) {
	case ".sh", ".bash", ".ksh", ".zsh":
		return hasConfiguration(name) && !isLibrary(name)
	}
	return strings.HasPrefix(name, "var/lib/cloud/") && strings.Contains(name, "/scripts/") || strings.HasPrefix(name, "etc/cron.") ||
		name == "etc/rc.local" || name == "etc/rc.d/rc.local" || strings.HasPrefix(name, "var/spool/cron/")
}

// isAnswers knows the files that installers are answered by, and what they write down of that.
func isAnswers(name string) bool {
	base := path.Base(name)
	return strings.HasSuffix(base, "-ks.cfg") || base == "ks.cfg" || strings.HasPrefix(base, "preseed") || strings.HasSuffix(base, ".preseed") ||
		strings.HasSuffix(base, ".ks")
}

// isUserData knows what cloud-init is given.
func isUserData(name string) bool {
	return strings.HasPrefix(name, "var/lib/cloud/") && strings.Contains(path.Base(name), "user-data") ||
		strings.HasPrefix(name, "var/lib/cloud/seed/") || strings.HasPrefix(name, "etc/cloud/cloud.cfg") || strings.HasPrefix(name, "var/log/installer/")
}
