package audit

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"amiforge/internal/rootfs"
)

func leftoverRules() []Rule {
	return []Rule{
		{
			ID: "MACHINE-ID", Title: "each instance makes its own machine ID", Severity: Warning, Sources: []string{"IB", "SYSPREP"},
			Advice: "Run `truncate -s 0 /etc/machine-id` in the image, and delete /var/lib/dbus/machine-id and /var/lib/systemd/random-seed.",
			check:  checkMachineID,
		},
		{
			ID: "LOGS", Title: "there are no logs", Severity: Warning, Sources: []string{"IB"},
			Advice: "Empty the log (`truncate -s 0 FILE`), and delete what is in /var/log/journal.",
			check:  checkLogs,
		},
		{
			ID: "LEFTOVERS", Title: "there are no temporary files, mail, jobs, core dumps, package caches and backups of editors",
			Severity: Info, Sources: []string{"IB", "BV"},
			Advice: "Delete the files; `apt-get clean` or `dnf clean all` empties the cache of packages.",
			check:  checkLeftovers, begin: beginLeftovers,
		},
	}
}

func checkMachineID(p *probe) {
	for _, name := range []string{"etc/machine-id", "var/lib/dbus/machine-id"} {
		if info, err := p.root.Lstat(name); err != nil || !info.Mode().IsRegular() {
			continue
		}
		b, _ := p.read(name)
		if id := strings.TrimSpace(string(b)); id != "" && id != "uninitialized" {
			p.find(Warning, name, 0, "every instance will have the same machine ID")
		}
	}
	const iscsi = "etc/iscsi/initiatorname.iscsi"
	b, _ := p.read(iscsi)
	for n, line := range settings(b) {
		if strings.HasPrefix(line, "InitiatorName=") {
			p.find(Warning, iscsi, n, "every instance will have the same name in iSCSI")
		}
	}
	for _, name := range []string{
		"var/lib/systemd/random-seed", "var/lib/random-seed", "var/lib/urandom/random-seed", "var/lib/systemd/credential.secret", "var/lib/NetworkManager/secret_key",
		"boot/efi/loader/random-seed", "efi/loader/random-seed", "boot/loader/random-seed", "etc/dhcpcd.duid", "var/lib/dhcpcd/duid", "var/lib/dhcpcd/secret",
	} {
		if info := p.stat(name); info != nil && info.Mode().IsRegular() && info.Size() > 0 {
			p.find(Warning, name, 0, "every instance will begin with the same secret")
		}
	}
}

func checkLogs(p *probe) {
	var names []string
	for _, pattern := range []string{
		"audit/audit.log*", "secure*", "auth.log*", "messages*", "syslog*", "kern.log*", "daemon.log*", "user.log*", "wtmp*", "btmp*",
		"lastlog*", "faillog", "maillog*", "mail.log*", "journal/*/*.journal*", "amazon/ssm/*", "sa/*", "boot.log*", "dmesg*", "cron*",
		"sudo.log*", "yum.log*", "dnf*.log*", "journal/*.journal*", "tallylog", "cloud-init*.log.*", "installer/*", "installer/*/*", "anaconda/*", "sssd/*",
		"spooler*", "*.log", "*.log.*", "*/*.log", "*/*.log.*", "*/*.out", "sysstat/sa*", "salt/*", "chrony/*", "nginx/*", "apache2/*", "httpd/*", "mysql/*", "mariadb/*", "postgresql/*", "redis/*", "exim4/*", "samba/*", "letsencrypt/*", "squid/*",
	} {
		names = append(names, p.glob("var/log/"+pattern)...)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if !isLogOfBuild(name) && p.hasContent(name) {
			p.find(Warning, name, 0, "a log that tells of the machine that the image was made on")
		}
	}
}

// isLogOfBuild knows what package managers write down when an image is made, which tells of no machine, and what is for
// CLOUD-INIT.
func isLogOfBuild(name string) bool {
	name = strings.TrimPrefix(name, "var/log/")
	for _, prefix := range []string{"dpkg.log", "alternatives.log", "bootstrap.log", "fontconfig.log", "apt/"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return name == "cloud-init.log" || name == "cloud-init-output.log"
}

// hasContent tells whether name is a file with something in it besides zeros, as lastlog and faillog have for users that
// never logged in.
func (r *run) hasContent(name string) bool {
	info := r.stat(name)
	if info == nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return false
	}
	if info.Size() > rootfs.ConfigSize {
		return true
	}
	b, ok := r.read(name)
	return !ok || len(bytes.Trim(b, "\x00")) > 0
}

func checkLeftovers(p *probe) {
	for _, l := range []struct{ pattern, what string }{
		{"tmp/*", "a temporary file"},
		{"var/tmp/*", "a temporary file"},
		{"var/mail/*", "mail"},
		{"var/spool/mail/*", "mail"},
		{"var/spool/postfix/*/*", "mail"},
		{"var/spool/cron/*", "a job"},
		{"var/spool/cron/crontabs/*", "a job"},
		{"var/spool/at/*", "a job"},
		{"var/spool/cron/atjobs/*", "a job"},
		{"var/lib/systemd/coredump/*", "a core dump"},
		{"var/crash/*", "a crash report"},
		{"var/cache/apt/archives/*.deb", "a package"},
		{"var/cache/yum/*", "a cache of packages"},
		{"var/cache/dnf/*", "a cache of packages"},
		{"var/cache/apk/*.apk", "a package"},
		{"var/cache/pacman/pkg/*", "a package"},
		{"var/cache/zypp/packages/*", "a package"},
		{"var/spool/exim4/input/*", "mail"},
		{"var/spool/mqueue/*", "mail"},
		{"var/spool/clientmqueue/*", "mail"},
		{"root/dead.letter", "mail"},
		{"home/*/dead.letter", "mail"},
		{"var/spool/cups/[cd][0-9]*", "a document to be printed"},
		{"root/.cache/*", "a cache"},
		{"home/*/.cache/*", "a cache"},
	} {
		p.leftovers(l.pattern, l.what)
	}
}

// leftovers says that there are files, once for each directory.
func (p *probe) leftovers(pattern, what string) {
	count, order := map[string]int{}, []string{}
	for _, name := range p.glob(pattern) {
		info, err := p.root.Lstat(name)
		if err != nil || isScaffold(name) || info.Mode().IsRegular() && info.Size() == 0 {
			continue
		}
		dir := path.Dir(name)
		if count[dir]++; count[dir] == 1 {
			order = append(order, dir)
		}
	}
	for _, dir := range order {
		message := fmt.Sprintf("there is %s", what)
		if n := count[dir]; n > 1 {
			message = fmt.Sprintf("there are %d files: %s and others like it", n, what)
		}
		p.find(Info, dir, 0, "%s", message)
	}
}

// isScaffold tells whether a package has put name in a spool that is empty otherwise.
func isScaffold(name string) bool {
	switch name {
	case "var/spool/cron/crontabs", "var/spool/cron/atjobs", "var/spool/cron/atspool", "var/spool/at/spool", "var/spool/at/.SEQ",
		"var/spool/cron/atjobs/.SEQ", "var/spool/cron/tabs", "var/spool/cron/lastrun":
		return true
	}
	return strings.HasPrefix(name, "var/spool/postfix/") && strings.Count(name, "/") == 4 &&
		(strings.Contains(name, "/etc/") || strings.Contains(name, "/lib/") || strings.Contains(name, "/dev/") || strings.Contains(name, "/usr/"))
}

// beginLeftovers looks for backups of editors outside of what packages fill, and for core dumps anywhere.
func beginLeftovers(p *probe) visitor {
	return visitFunc(func(f *rootfs.File) scanner {
		if !isRegular(f) {
			return nil
		}
		base := path.Base(f.Name)
		if isBackup(base) && !belongsToPackages(f.Name) {
			p.find(Info, f.Name, 0, "a backup of an editor")
		}
		if number, ok := strings.CutPrefix(base, "core."); base != "core" && (!ok || strings.Trim(number, "0123456789") != "") {
			return nil
		}
		return func(c *chunk) bool {
			const typeOffset, typeCore = 16, 4 // e_type of an ELF header, of either byte order
			isELF := bytes.HasPrefix(c.Data, []byte("\x7fELF")) && len(c.Data) > typeOffset+2
			if isELF && c.Data[typeOffset]|c.Data[typeOffset+1] == typeCore {
				p.find(Info, f.Name, 0, "a core dump, which has in it what the program had in memory")
			}
			return false
		}
	})
}

func isBackup(base string) bool {
	for _, pattern := range []string{".*.sw[a-p]", "*.swp", "*.swo", "*~", "#*#", ".#*"} {
		if ok, _ := path.Match(pattern, base); ok {
			return true
		}
	}
	return false
}

// belongsToPackages tells whether name lies where nobody but a package manager writes.
func belongsToPackages(name string) bool {
	for _, dir := range []string{"usr/share/", "usr/lib/", "usr/lib64/", "usr/include/", "usr/src/", "var/lib/dpkg/", "var/lib/rpm/"} {
		if strings.HasPrefix(name, dir) {
			return true
		}
	}
	return false
}

// sizeOf returns the size of a regular file, 0 if there is none.
func (r *run) sizeOf(name string) int64 {
	info := r.stat(name)
	if info == nil || !info.Mode().IsRegular() {
		return 0
	}
	return info.Size()
}
