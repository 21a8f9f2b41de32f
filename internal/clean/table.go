package clean

// A place is a file, or several, that the copy has not, or has otherwise.
type place struct {
	rule    string // of the audit
	pattern string // of path.Match; one that ends in /** is about all files below
	do      deed
}

// A deed is what is done at a place.
type deed int

const (
	remove     deed = iota // with all names that the file has
	removeName             // the name; others that the file has may be in use
	removeFile             // a regular file with all its names, not a link to one
	empty                  // a regular file, which stays
	neutral                // a regular file, which is emptied if one machine has left it
	lock                   // root's line of a file of passwords
	log                    // a regular file: one that was rotated is removed, others are emptied
)

// rootPlaces are those that have one path in a system.
func rootPlaces() []place {
	var list []place
	for _, group := range []struct {
		rule     string
		do       deed
		patterns []string
	}{
		{"SSH-HOSTKEY", remove, []string{
			"etc/ssh/ssh_host_*", "etc/dropbear/dropbear_*_host_key", "etc/dropbear/initramfs/dropbear_*_host_key", "etc/dropbear-initramfs/dropbear_*_host_key",
		}},
		{"SSH-AUTHKEYS", remove, []string{
			"etc/ssh/authorized_keys/*", "etc/ssh/authorized_keys.d/*", "etc/dropbear/authorized_keys", "etc/dropbear/initramfs/authorized_keys",
			"etc/dropbear-initramfs/authorized_keys",
		}},
		{"ROOT-LOCK", lock, []string{"etc/shadow"}},
		{"PW-HASH", lock, []string{"etc/shadow-"}},
		{"PW-PASSWD", lock, []string{"etc/passwd", "etc/passwd-"}},
		{"MACHINE-ID", neutral, []string{"etc/machine-id"}},
		{"MACHINE-ID", removeFile, []string{
			"var/lib/dbus/machine-id", "var/lib/systemd/random-seed", "var/lib/random-seed", "var/lib/urandom/random-seed",
			"var/lib/systemd/credential.secret", "var/lib/NetworkManager/secret_key", "boot/loader/random-seed", "etc/dhcpcd.duid",
			"var/lib/dhcpcd/duid", "var/lib/dhcpcd/secret",
		}},
		{"CLOUD-INIT", remove, []string{
			"var/lib/cloud/instance", "var/lib/cloud/instances/*", "var/lib/cloud/data/*", "var/lib/cloud/sem/*",
			"var/lib/cloud/handlers/*", "var/lib/cloud/scripts/per-instance/*", "var/log/cloud-init*.log",
		}},
		{"NET-STATE", remove, []string{
			"etc/udev/rules.d/70-persistent-net.rules", "etc/udev/rules.d/60-net.rules", "var/lib/dhcp/*.lease*",
			"var/lib/dhclient/*.lease*", "var/lib/NetworkManager/*.lease", "var/lib/dhcpcd/*.lease*", "var/lib/systemd/network/*/leases/*",
		}},
		{"NET-STATE", neutral, []string{"etc/hostname", "etc/resolv.conf"}},
		{"LOGS", remove, []string{"var/log/journal/*", "var/log/sa/*", "var/log/sysstat/*", "var/log/installer/*", "var/log/anaconda/*"}},
		{"LOGS", log, []string{"var/log/**"}},
		{"LEFTOVERS", removeName, []string{
			"tmp/*", "var/tmp/*", "var/mail/*", "var/spool/mail/*", "var/spool/exim4/input/*", "var/spool/exim4/msglog/*",
			"var/spool/mqueue/*", "var/spool/clientmqueue/*", "root/dead.letter", "home/*/dead.letter", "var/spool/cups/[cd][0-9]*",
			"var/lib/systemd/coredump/*", "var/crash/*", "var/spool/abrt/*",
			"var/cache/apt/archives/*.deb", "var/cache/apt/archives/partial/*", "var/cache/yum/*", "var/cache/dnf/*", "var/cache/apk/*",
			"var/cache/zypp/packages/*", "var/cache/pacman/pkg/*",
		}},
	} {
		for _, pattern := range group.patterns {
			list = append(list, place{group.rule, pattern, group.do})
		}
	}
	for _, queue := range []string{"active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "maildrop", "saved", "trace"} {
		list = append(list, place{"LEFTOVERS", "var/spool/postfix/" + queue + "/*", removeName})
	}
	return list
}
