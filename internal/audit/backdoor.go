package audit

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

func backdoorRules() []Rule {
	return []Rule{{
		ID: "BACKDOOR", Title: "nothing lets others in, or runs what they choose", Severity: Warning, Sources: []string{"BALDUZZI", "SHARED"},
		Advice: "Find out what it is for; if nobody knows, make the image anew rather than take it away.",
		check:  checkBackdoors, begin: beginSetuid,
	}}
}

func checkBackdoors(p *probe) {
	checkShells(p)
	checkJobs(p)
	checkSystemJobs(p)
	checkFetching(p)
	checkDevices(p)
	checkPAM(p)
	checkTrust(p)
	checkHooks(p)
	checkPreload(p)
	checkCommands(p)
	checkKeyCommand(p)
}

// checkShells looks for users that log in, besides root and the one that the distribution's images have.
func checkShells(p *probe) {
	usual := []string{
		"root", "admin", "debian", "ubuntu", "ec2-user", "centos", "fedora", "rocky", "almalinux", "alpine", "opensuse", "cloud-user", "core",
		"cloud-init", "arch",
	}
	names := map[int64]string{}
	for _, u := range p.users() {
		if other, twin := names[u.uid]; twin && u.uid >= 0 {
			p.find(Warning, "etc/passwd", u.line, "%s and %s have the same number %d", other, u.name, u.uid)
		} else {
			names[u.uid] = u.name
		}
		if !slices.Contains(usual, u.name) && isShell(u.shell) {
			p.find(Warning, "etc/passwd", u.line, "%s has the shell %s", u.name, cmp.Or(u.shell, "/bin/sh"))
		}
	}
}

func isShell(file string) bool {
	switch base := path.Base(file); base {
	case "nologin", "false", "sync", "halt", "shutdown", "true", "null":
		return false
	}
	return true // no shell at all is /bin/sh
}

func checkPreload(p *probe) {
	b, _ := p.read("etc/ld.so.preload")
	for n, line := range settings(b) {
		p.find(Warning, "etc/ld.so.preload", n, "every program runs with %s", line)
	}
	names := append(p.glob("etc/environment.d/*.conf"), "etc/environment", "etc/profile", "etc/security/pam_env.conf", "etc/systemd/system.conf")
	for _, name := range slices.Concat(names, p.glob("etc/profile.d/*.sh"), p.units()) {
		b, _ := p.read(name)
		for n, line := range settings(b) {
			if strings.Contains(line, "LD_PRELOAD=") || strings.Contains(line, "LD_AUDIT=") || strings.HasPrefix(line, "LD_PRELOAD ") {
				p.find(Warning, name, n, "programs run with a library that is not theirs (LD_PRELOAD)")
			}
		}
	}
}

// checkCommands looks for keys that run a command, but for the one of cloud-init that tells root to log in as another.
func checkCommands(p *probe) {
	for _, home := range p.homes() {
		for _, file := range []string{".ssh/authorized_keys", ".ssh/authorized_keys2"} {
			name := path.Join(home, file)
			b, _ := p.read(name)
			for n, line := range settings(b) {
				if strings.Contains(line, `command="`) && !strings.Contains(line, "Please login as the user") {
					p.find(Warning, name, n, "a key runs a command")
				}
			}
		}
	}
}

func checkKeyCommand(p *probe) {
	c := p.sshd()
	if c == nil {
		return
	}
	for _, s := range c.effective("authorizedkeyscommand", "none") {
		if v := s.value(); v != "none" && !strings.Contains(v, "eic_run_authorized_keys") {
			p.find(Warning, s.name(), s.line, "%s decides who logs in", v)
		}
	}
	for _, s := range c.effective("authorizedkeysfile", ".ssh/authorized_keys") {
		for _, file := range s.args {
			if strings.HasPrefix(file, "/") && !strings.Contains(file, "%") {
				p.find(Warning, s.name(), s.line, "the keys in %s let in as every user", file)
			}
		}
	}
}
