package audit

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// checkTrust looks for hosts and users of elsewhere that are let in without a key or a password of here.
func checkTrust(p *probe) {
	names := []string{"etc/hosts.equiv", "etc/ssh/shosts.equiv", "etc/shosts.equiv"}
	for _, home := range p.homes() {
		for _, file := range []string{".rhosts", ".shosts", ".k5login", ".k5users"} {
			names = append(names, path.Join(home, file))
		}
	}
	for _, name := range names {
		b, _ := p.read(name)
		for n := range settings(b) {
			p.find(Warning, name, n, "a host or a user of elsewhere is let in")
		}
	}
	c := p.sshd()
	if c == nil {
		return
	}
	for _, s := range c.effective("hostbasedauthentication", "no") {
		if s.value() != "no" {
			p.find(Warning, s.name(), s.line, "hosts are trusted to say who their users are (HostbasedAuthentication)%s", s.where())
		}
	}
}

// checkHooks looks for what runs for whoever connects, when a kernel module is loaded or packages are installed, and
// before systemd knows of its units.
func checkHooks(p *probe) {
	for _, hook := range []struct{ pattern, line, what string }{
		{"etc/inetd.conf", `^[^<]\S*\s+(?:stream|dgram|tcp|udp)`, "a program runs for whoever connects"},
		{"etc/xinetd.d/*", `^server\s*=`, "a program runs for whoever connects"},
		{"etc/modprobe.d/*.conf", `^install\s+\S+\s`, "a program runs in place of loading a module of the kernel"},
		{"etc/dpkg/dpkg.cfg", `^(?:pre|post|status)-(?:invoke|logger)`, "a program runs when packages are installed"},
		{"etc/dpkg/dpkg.cfg.d/*", `^(?:pre|post|status)-(?:invoke|logger)`, "a program runs when packages are installed"},
		{"etc/systemd/*-generators/*", ``, "a program runs before all units, and is of no package that is known"},
		{"usr/local/lib/systemd/*-generators/*", ``, "a program runs before all units, and is of no package that is known"},
	} {
		line := regexp.MustCompile(hook.line)
		for _, name := range p.scripts(hook.pattern) {
			b, _ := p.read(name)
			if p.isOfPackage(name, b) || isOff(name, b) {
				continue
			}
			for n, text := range settings(b) {
				if line.MatchString(text) && !isDisabling(text) {
					p.find(Warning, name, n, "%s", hook.what)
					break
				}
			}
		}
	}
}

// isDisabling tells whether a line of modprobe.d(5) is there so that a module is not loaded.
func isDisabling(line string) bool {
	words := strings.Fields(line)
	programs := []string{"/bin/true", "/usr/bin/true", "/bin/false", "/usr/bin/false", "true", "false"}
	return words[0] == "install" && len(words) == 3 && slices.Contains(programs, words[2])
}

// isOff tells whether a file of xinetd(8) has a service that is disabled.
func isOff(name string, content []byte) bool {
	return strings.HasPrefix(name, "etc/xinetd.d/") && regexp.MustCompile(`(?m)^[ \t]*disable[ \t]*=[ \t]*yes[ \t]*$`).Match(content)
}
