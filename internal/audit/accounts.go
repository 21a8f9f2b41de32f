package audit

import (
	"regexp"
	"strings"
)

func accountRules() []Rule {
	return []Rule{
		{
			ID: "ROOT-LOCK", Title: "root has no password", Severity: Error, Sources: []string{"G3"},
			Advice: "Run `passwd -l root` in the image, and put * in place of what is left of the hash in /etc/shadow.",
			check:  checkRootLock,
		},
		{
			ID: "PW-HASH", Title: "no user has a password", Severity: Error, Sources: []string{"MP"},
			Advice: "Put ! in the second field of the user's line in /etc/shadow (`usermod -p '!' USER`), and delete /etc/shadow-.",
			check:  checkPasswordHashes,
		},
		{
			ID: "PW-PASSWD", Title: "/etc/passwd has no passwords, and no second root", Severity: Error, Sources: []string{"MP"},
			Advice: "Run `pwconv` in the image, and delete users other than root whose number is 0 (`userdel -f USER`).",
			check:  checkPasswd,
		},
		{
			ID: "SUDO", Title: "some user becomes root by sudo", Severity: Warning, Sources: []string{"G3"},
			Advice: "Have cloud-init make a user with sudo (default_user in /etc/cloud/cloud.cfg), or grant it to one in /etc/sudoers.d.",
			check:  checkSudo,
		},
	}
}

// A shadowLine is one of /etc/shadow.
type shadowLine struct {
	name, hash string
	line       int
}

func (r *run) shadow(file string) []shadowLine {
	b, _ := r.read(file)
	var list []shadowLine
	for n, text := range lines(b) {
		if f := strings.Split(text, ":"); len(f) > 1 && f[0] != "" {
			list = append(list, shadowLine{f[0], f[1], n})
		}
	}
	return list
}

// hashPattern is what crypt(5) makes: a method and its salt, or the 13 characters of DES, or the 20 of BSDi.
func hashPattern() *regexp.Regexp {
	return regexp.MustCompile(`^(\$[0-9a-z]+[,$].+|[./0-9A-Za-z]{13}|_[./0-9A-Za-z]{19})$`)
}

func checkRootLock(p *probe) {
	const file = "etc/shadow"
	for _, u := range p.shadow(file) {
		switch {
		case u.name != "root":
		case u.hash == "":
			p.find(Error, file, u.line, "root logs in without a password")
		case hashPattern().MatchString(u.hash):
			p.findSecret(Error, file, u.line, []byte(u.hash), "root has a password")
		case u.hash[0] != '!' && u.hash[0] != '*':
			p.find(Error, file, u.line, "root is not locked: the second field does not begin with ! or *")
		case hashPattern().MatchString(strings.TrimLeft(u.hash, "!*")):
			p.findSecret(Error, file, u.line, []byte(u.hash), "root is locked, but the hash of a password is still there")
		}
	}
}

func checkPasswordHashes(p *probe) {
	hash := hashPattern()
	for _, file := range p.shadowFiles() {
		inUse := file == "etc/shadow" || strings.HasPrefix(file, "etc/tcb/")
		for _, u := range p.shadow(file) {
			switch {
			case u.name == "root" && file == "etc/shadow": // is for ROOT-LOCK
			case u.hash == "" && inUse:
				p.find(Error, file, u.line, "%s logs in without a password", u.name)
			case hash.MatchString(u.hash):
				p.findSecret(Error, file, u.line, []byte(u.hash), "%s has a password", u.name)
			case hash.MatchString(strings.TrimLeft(u.hash, "!*")):
				p.findSecret(Warning, file, u.line, []byte(u.hash), "%s is locked, but the hash of a password is still there", u.name)
			}
		}
	}
	checkOldPasswords(p, hash)
}

// shadowFiles returns the names of those with hashes, and of the copies that programs and people make of them. In a copy of
// /etc/passwd there may be some as well; in itself they are for PW-PASSWD.
func (r *run) shadowFiles() []string {
	var names []string
	for _, pattern := range []string{
		"etc/shadow*", "etc/gshadow*", "etc/passwd?*", "etc/tcb/*/shadow*", "var/backups/shadow*", "var/backups/gshadow*", "var/backups/passwd*",
	} {
		names = append(names, r.glob(pattern)...)
	}
	return names
}

// checkOldPasswords looks at those that pam_pwhistory and pam_unix keep so that they are not taken again: a user's name, two
// numbers and hashes with commas between them.
func checkOldPasswords(p *probe, hash *regexp.Regexp) {
	const file = "etc/security/opasswd"
	b, _ := p.read(file)
	for n, text := range lines(b) {
		if f := strings.Split(text, ":"); len(f) > 3 {
			for old := range strings.SplitSeq(f[3], ",") {
				if hash.MatchString(old) {
					p.findSecret(Error, file, n, []byte(old), "a password that %s had", f[0])
				}
			}
		}
	}
}

func checkPasswd(p *probe) {
	const file = "etc/passwd"
	hash := hashPattern()
	for _, u := range p.users() {
		switch {
		case u.password == "":
			p.find(Error, file, u.line, "%s logs in without a password", u.name)
		case hash.MatchString(u.password):
			p.findSecret(Error, file, u.line, []byte(u.password), "the hash of a password of %s is there for all to read", u.name)
		}
		switch {
		case u.uid == 0 && u.name != "root":
			p.find(Error, file, u.line, "%s has the number 0: it is root under another name", u.name)
		case u.uid < 0:
			p.find(Warning, file, u.line, "the number of %s is none", u.name)
		case strings.HasPrefix(u.name, "+"):
			p.find(Warning, file, u.line, "%s takes users from NIS", u.name)
		}
	}
}
