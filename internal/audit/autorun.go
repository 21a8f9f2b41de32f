package audit

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// fetchPattern is a command that brings a program from elsewhere, or a shell to elsewhere.
func fetchPattern() *regexp.Regexp {
	return regexp.MustCompile(`\b(?:curl|wget|fetch|aria2c|lwp-download|tftp|ftp)\b[^#\n]*?\b((?:https?|ftp|tftp)://[^\s"'|;)>]+)|(/dev/(?:tcp|udp)/[^\s"']+)|` +
		`\b(n(?:c|cat|etcat)\s+[^#\n]*-(?:e|c)\s*\S+)|` +
		`\b(?:curl|wget)\s+(?:-(?:u|-user|[oO]|-output)\s+\S+\s+|-\S+\s+)*([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+[:/]\S*)|` + // which takes http:// for granted
		`\b(?:auto)?ssh\s[^#\n]*-[A-Za-z]*R\s*\S+[^#\n]*?\s(?:[\w.-]+@([\w.-]+)|([\w-]+(?:\.[\w-]+)+))`) // a tunnel back
}

// checkFetching looks at what runs at boot, at login and at times.
func checkFetching(p *probe) {
	re := fetchPattern()
	names := append(p.bootScripts(), p.loginScripts()...)
	for _, name := range p.scripts("usr/lib/systemd/system/*.service", "lib/systemd/system/*.service", "usr/lib/systemd/user/*.service", "usr/lib/systemd/system-generators/*") {
		if !p.isPackaged(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		b, _ := p.read(name)
		if p.isUnchanged(name, b) {
			continue
		}
		for n, line := range settings(b) {
			m := re.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			what := m[2] + m[3]
			if from := m[1] + m[4] + m[5] + m[6]; from != "" {
				if what = hostOf(from); isLocal(what) {
					continue
				}
			}
			p.find(Warning, name, n, "it runs by itself, and fetches from or connects to %s", what)
		}
	}
}

// loginScripts returns what else runs by itself: at times, when somebody logs in, when a network comes up.
func (r *run) loginScripts() []string {
	patterns := []string{
		"etc/crontab", "etc/anacrontab", "etc/cron.d/*", "etc/cron.hourly/*", "etc/cron.daily/*", "etc/cron.weekly/*", "etc/cron.monthly/*",
		"var/spool/cron/*", "var/spool/cron/crontabs/*", "var/spool/cron/tabs/*", "etc/crontabs/*", "etc/periodic/*/*",
		"etc/profile", "etc/profile.d/*", "etc/bash.bashrc", "etc/bashrc", "etc/zsh*", "etc/zsh/*", "etc/ssh/sshrc", "etc/update-motd.d/*",
		"etc/systemd/user/*.service", "usr/local/lib/systemd/*/*.service", "etc/xdg/autostart/*", "etc/inittab", "etc/init/*.conf",
		"etc/network/if-*.d/*", "etc/network/interfaces", "etc/network/interfaces.d/*", "etc/NetworkManager/dispatcher.d/*",
		"etc/networkd-dispatcher/*/*", "etc/dhcp/*-hooks.d/*", "etc/dhcp/dhclient-*-hooks", "etc/apt/apt.conf.d/*", "etc/udev/rules.d/*",
		"etc/cloud/cloud.cfg", "etc/cloud/cloud.cfg.d/*", "var/lib/cloud/scripts/*/*", "etc/logrotate.d/*", "etc/environment",
	}
	for _, home := range append(r.homes(), "etc/skel") {
		for _, name := range strings.Fields(`.bashrc .profile .bash_profile .bash_login .bash_logout .bash_aliases .zshrc .zprofile .zshenv
			.xsession .xinitrc .xprofile .ssh/rc .config/systemd/user/*.service .config/autostart/*.desktop .config/fish/config.fish`) {
			patterns = append(patterns, path.Join(escapeGlob(home), name))
		}
	}
	return r.scripts(patterns...)
}

// escapeGlob returns the pattern that only name matches.
func escapeGlob(name string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(name)
}

// checkDevices looks for programs that run when a device turns up: there is always one. The rules of packages are in /usr/lib.
func checkDevices(p *probe) {
	runs := regexp.MustCompile(`\b(?:RUN(?:\{program\})?\s*\+?:?=|PROGRAM\s*=)`)
	for _, name := range p.scripts("etc/udev/rules.d/*.rules", "run/udev/rules.d/*.rules") {
		b, _ := p.read(name)
		for n, line := range settings(b) {
			if runs.MatchString(line) && !p.isOfPackage(name, b) {
				p.find(Warning, name, n, "a program runs when a device turns up")
			}
		}
	}
}

// checkPAM looks for what lets everybody in, and for programs that see each login.
func checkPAM(p *probe) {
	open := regexp.MustCompile(`^-?auth\s+(?:sufficient|\[[^]]*success=(?:done|\d+)[^]]*\])\s+\S*pam_permit\.so`)
	for _, name := range p.scripts("etc/pam.d/*", "etc/pam.conf") {
		b, _ := p.read(name)
		for n, line := range settings(b) {
			switch {
			case open.MatchString(line):
				p.find(Warning, name, n, "whoever logs in this way needs no password")
			case strings.Contains(line, "pam_exec.so"):
				p.find(Warning, name, n, "a program runs when somebody logs in")
			default:
				checkModule(p, name, n, line)
			}
		}
	}
}

// checkModule looks for a module of PAM that no package has brought.
func checkModule(p *probe, name string, n int, line string) {
	i := strings.Index(line, ".so")
	if i < 0 {
		return
	}
	module := line[strings.LastIndexAny(line[:i], " \t]")+1:i] + ".so"
	files := []string{strings.TrimPrefix(module, "/")}
	if !strings.HasPrefix(module, "/") {
		module = escapeGlob(module)
		files = nil
		for _, dir := range []string{"usr/lib/security", "usr/lib64/security", "usr/lib/*/security", "lib/security", "lib64/security", "lib/*/security"} {
			files = append(files, p.glob(path.Join(dir, module))...)
		}
	}
	for _, file := range files {
		if p.exists(file) && !p.isPackaged(file) {
			p.find(Warning, name, n, "a module of no package that is known decides who logs in: %s", absolute(file))
			return
		}
	}
}
