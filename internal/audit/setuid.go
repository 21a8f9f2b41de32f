package audit

import (
	"bytes"
	"io/fs"
	"path"
	"slices"
	"strings"

	"amiforge/internal/rootfs"
)

// A setuidVisitor collects the programs that run as their owner or group, or with capabilities of root.
type setuidVisitor struct {
	p       *probe
	names   []string
	capable map[string]bool // those of names that have capabilities(7) instead
}

// maxSetuid is how many of them are compared with the packages' lists.
const maxSetuid = 10_000

func beginSetuid(p *probe) visitor { return &setuidVisitor{p: p, capable: map[string]bool{}} }

func (v *setuidVisitor) file(f *rootfs.File) scanner {
	mode := f.Info.Mode()
	if !mode.IsRegular() || mode&0o111 == 0 || len(v.names) == maxSetuid {
		return nil
	}
	if mode&(fs.ModeSetuid|fs.ModeSetgid) == 0 {
		capable, err := f.HasXattr("security.capability")
		if err != nil {
			v.p.unreadable(f.Name, err)
		}
		if !capable {
			return nil
		}
		v.capable[f.Name] = true
	}
	v.names = append(v.names, f.Name)
	return nil
}

// end says which are in no package. Where there is no list of packages that can be read, those with the usual names in the
// usual places are not told.
func (v *setuidVisitor) end() {
	if len(v.names) == 0 {
		return
	}
	lists := v.p.glob("var/lib/dpkg/info/*.list")
	known := v.p.packaged(lists, v.names)
	for _, name := range v.names {
		how := "as its owner or group"
		if v.capable[name] {
			how = "with capabilities of root"
		}
		if isNeverSetuid(path.Base(name)) {
			v.p.find(Warning, name, 0, "it runs %s whoever starts it, which lets everybody do as they do", how)
			continue
		}
		if known[name] || len(lists) == 0 && isUsualSetuid(name) {
			continue
		}
		v.p.find(Warning, name, 0, "it runs %s whoever starts it, and is of no package that is known", how)
	}
}

// packaged returns those names that are in dpkg's lists, by themselves or as before the directories of / and /usr were one.
func (r *run) packaged(lists, names []string) map[string]bool {
	wanted, known := map[string]string{}, map[string]bool{}
	for _, name := range names {
		short := strings.TrimPrefix(name, "usr/")
		wanted["/"+short], wanted["/usr/"+short] = name, name
	}
	for _, list := range lists {
		b, err := r.root.ReadUpTo(list, packageListSize)
		if !r.told(list, err) {
			continue
		}
		for line := range bytes.Lines(b) {
			if name, ok := wanted[string(bytes.TrimRight(line, "\n"))]; ok {
				known[name] = true
			}
		}
	}
	return known
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
