package audit

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"amiforge/internal/rootfs"
)

// beginSetuid looks for programs that run as their owner or group, or with capabilities of root, and are in no package.
// Where there is no list of packages that can be read, those with the usual names in the usual places are not told.
func beginSetuid(p *probe) visitor {
	return visitFunc(func(f *rootfs.File) scanner {
		mode := f.Info.Mode()
		if !mode.IsRegular() || mode&0o111 == 0 {
			return nil
		}
		how := "as its owner or group"
		if mode&(fs.ModeSetuid|fs.ModeSetgid) == 0 {
			how = "with capabilities of root" // capabilities(7)
			capable, err := f.HasXattr("security.capability")
			if err != nil {
				p.unreadable(f.Name, err)
			}
			if !capable {
				return nil
			}
		}
		switch known := p.packagedFiles(); {
		case isNeverSetuid(path.Base(f.Name)):
			p.find(Warning, f.Name, 0, "it runs %s whoever starts it, which lets everybody do as they do", how)
		case !known.has(f.Name) && (len(known.names) > 0 || !isUsualSetuid(f.Name)):
			p.find(Warning, f.Name, 0, "it runs %s whoever starts it, and is of no package that is known", how)
		}
		return nil
	})
}

func isUsualSetuid(name string) bool {
	dir := strings.TrimPrefix(path.Dir(name), "usr/")
	top, _, _ := strings.Cut(dir, "/")
	if !slices.Contains([]string{"bin", "sbin", "lib", "lib64", "libexec"}, top) {
		return false
	}
	return slices.Contains(strings.Fields(`su sudo mount umount passwd chsh chfn gpasswd newgrp sg chage expiry crontab at pkexec fusermount
		fusermount3 staprun newuidmap newgidmap ksu ping ping6 write wall bsd-write locate plocate mlocate ssh-agent dotlockfile
		traceroute6.iputils unix_chkpwd pam_timestamp_check usernetctl mount.nfs mount.cifs umount.nfs postdrop postqueue lockdev
		netreport userhelper pam_extrausers_chkpwd grub2-set-bootflag exim4 suexec dbus-daemon-launch-helper ssh-keysign
		polkit-agent-helper-1 arping clockdiff mtr-packet suexec gst-ptp-helper snap-confine utempter dmcrypt-get-device pt_chown sudoedit doas bbsuid busybox-suid screen sendmail.sendmail
		sssd_child krb5_child ldap_child proxy_child selinux_child p11_child seunshare cockpit-session ntfs-3g vlock`), path.Base(name))
}

// isNeverSetuid tells whether a program is one that packages have, and never so: it runs, reads or writes whatever it is
// asked to.
func isNeverSetuid(base string) bool {
	base = strings.TrimRight(base, "0123456789.")
	return slices.Contains(strings.Fields(`sh bash dash ash zsh ksh mksh tcsh csh fish busybox env find xargs awk gawk mawk nawk sed perl python
		ruby lua php node tclsh vi vim vim.basic vim.tiny nano ed emacs less more cat cp mv dd tee tar gzip zip unzip rsync install
		ln rm chmod chown tail head grep strace gdb nmap nc ncat netcat socat curl wget git make tcpdump openssl docker systemctl`), base)
}
