package audit

import (
	"slices"
	"strings"
)

func sshRules() []Rule {
	return []Rule{
		{
			ID: "SSH-ROOTPW", Title: "root does not log in by password over SSH", Severity: Error, Sources: []string{"G2", "MP"},
			Advice: "Write `PermitRootLogin prohibit-password` above every Include and Match in /etc/ssh/sshd_config, and take other " +
				"lines of PermitRootLogin away.",
			check: checkRootLogin,
		},
		{
			ID: "SSH-PASSWD", Title: "nobody logs in by password over SSH", Severity: Error, Sources: []string{"MP"},
			Advice: "Write `PasswordAuthentication no` and `KbdInteractiveAuthentication no` above every Include and Match in " +
				"/etc/ssh/sshd_config, and take other lines of these and of PermitEmptyPasswords away.",
			check: checkPasswordLogin,
		},
		{
			ID: "SSH-DNS", Title: "sshd does not look up the names of clients", Severity: Info, Sources: []string{"G6"},
			Advice: "Write `UseDNS no` into /etc/ssh/sshd_config, so that logins do not wait for a name server.",
			check:  checkUseDNS,
		},
	}
}

func checkRootLogin(p *probe) {
	c := p.sshd()
	if c == nil {
		return
	}
	if c.problem != "" {
		p.find(Error, "etc/ssh/sshd_config", 0, "%s: who may log in cannot be told", c.problem)
	}
	for _, s := range c.effective("permitrootlogin", p.rootLoginDefault()) {
		switch s.value() {
		case "no", "prohibit-password", "without-password", "forced-commands-only":
			continue
		}
		if s.concerns("root") {
			p.find(Error, s.name(), s.line, "PermitRootLogin is %s%s%s", s.value(), s.byDefault(), s.where())
		}
	}
}

// name returns the file that the setting is to be changed in.
func (s sshdSetting) name() string {
	if s.file == "" {
		return "etc/ssh/sshd_config"
	}
	return s.file
}

func (s sshdSetting) byDefault() string {
	if s.file == "" {
		return ", as nothing says otherwise"
	}
	return ""
}

// rootLoginDefault returns what PermitRootLogin is where no file says so: yes before OpenSSH 7.0, and in the packages of
// RHEL 7 and before.
func (r *run) rootLoginDefault() string {
	for _, name := range []string{"openssh-server", "openssh"} {
		if version := r.packages()[name]; version != "" {
			if before(version, 7, 0) {
				return "yes"
			}
			return "prohibit-password"
		}
	}
	os := r.osRelease()
	if family := []string{"rhel", "centos"}; slices.Contains(family, os["ID"]) && before(os["VERSION_ID"], 8, 0) {
		return "yes"
	}
	return "prohibit-password"
}

func checkPasswordLogin(p *probe) {
	c := p.sshd()
	if c == nil {
		return
	}
	for _, s := range c.effective("permitemptypasswords", "no") {
		if s.value() != "no" {
			p.find(Error, s.name(), s.line, "PermitEmptyPasswords is %s%s", s.value(), s.where())
		}
	}
	if c.needsKey() {
		return
	}
	for _, s := range c.effective("passwordauthentication", "yes") {
		if s.value() != "no" {
			p.find(Error, s.name(), s.line, "PasswordAuthentication is %s%s%s", s.value(), s.byDefault(), s.where())
		}
	}
	if c.effective("usepam", "no")[0].value() == "no" {
		return // keyboard-interactive has nobody to ask
	}
	for _, s := range c.effective("kbdinteractiveauthentication", "yes") {
		if s.value() != "no" {
			p.find(Error, s.name(), s.line, "KbdInteractiveAuthentication is %s%s%s, and PAM asks for passwords", s.value(),
				s.byDefault(), s.where())
		}
	}
}

// needsKey tells whether AuthenticationMethods has every connection prove a key, whatever else it is asked.
func (c *sshdConfig) needsKey() bool {
	for _, s := range c.effective("authenticationmethods", "any") {
		for _, list := range s.args {
			if !slices.Contains(strings.Split(strings.ToLower(list), ","), "publickey") {
				return false
			}
		}
	}
	return true
}

func checkUseDNS(p *probe) {
	c := p.sshd()
	if c == nil {
		return
	}
	standard := "no"
	if before(p.packages()["openssh-server"], 6, 8) {
		standard = "yes"
	}
	if s := c.effective("usedns", standard)[0]; s.value() != "no" {
		p.find(Info, s.name(), s.line, "UseDNS is %s%s", s.value(), s.byDefault())
	}
}
