package clean

import (
	"path"
	"slices"
	"strings"

	"amiforge/internal/rootfs"
)

// noteLoaders warns of boot loaders that know their files by the numbers of blocks.
func (c *copier) noteLoaders() {
	for _, s := range c.image.Systems {
		for _, name := range []string{"ldlinux.sys", "boot/ldlinux.sys", "boot/extlinux/ldlinux.sys", "boot/syslinux/ldlinux.sys", "extlinux/ldlinux.sys", "etc/lilo.conf"} {
			if ok, err := s.Root.Exists(name); err == nil && ok {
				c.notef("the boot loader of %s/%s finds its files by the numbers of their blocks, which have changed: install it anew", s.Prefix, name)
				break
			}
		}
	}
	for _, v := range c.image.Volumes() {
		sector := make([]byte, 1024)
		if v.Ext != nil && c.read(sector, v.Start) == nil && !isZero(sector) {
			c.notef("%s begins with boot code, which the copy has not, as it finds its files by the numbers of their blocks: install the boot loader anew", v.Name)
		}
	}
}

// noteHostKeys warns of a system that makes no keys of a host when it has none, so that sshd does not start.
func (c *copier) noteHostKeys() {
	for _, s := range c.image.Systems {
		removed := slices.ContainsFunc(c.result.Changes, func(change Change) bool {
			return change.Rule == "SSH-HOSTKEY" && strings.HasPrefix(change.Path, s.Prefix+"/etc/")
		})
		if removed && !makesHostKeys(s.Root) {
			c.notef("nothing is known to make SSH host keys when %s/etc/ssh has none: have ssh-keygen -A run at boot, or sshd will not start", s.Prefix)
		}
	}
}

// makesHostKeys knows cloud-init, and the units and scripts of distributions.
func makesHostKeys(root *rootfs.Root) bool {
	for _, pattern := range []string{
		"usr/bin/cloud-init", "usr/bin/tiny-cloud", "usr/bin/dropbear", "usr/sbin/dropbear", "*/systemd/system/*sshd-keygen*", "*/*/systemd/system/*sshd-keygen*", "*/*/systemd/system/sshdgenkeys.service",
		"etc/rc.d/init.d/sshd", "etc/init.d/sshd", "usr/sbin/sshd-gen-keys-start", "usr/libexec/openssh/sshd-keygen",
	} {
		if names, err := root.Glob(pattern); err == nil && len(names) > 0 {
			return true
		}
	}
	return false
}

// noteSwapFiles warns of files that are swap space: they have what was in memory in them, and holes now, which swapon does
// not take.
func (c *copier) noteSwapFiles() {
	for _, s := range c.image.Systems {
		table, _ := s.Root.ReadFile("etc/fstab") // without one there are none
		for line := range strings.Lines(string(table)) {
			f := strings.Fields(line)
			if len(f) < 3 || f[2] != "swap" || !strings.HasPrefix(f[0], "/") {
				continue
			}
			if info, err := s.Root.Stat(strings.TrimPrefix(path.Clean(f[0]), "/")); err == nil && info.Mode().IsRegular() {
				c.notef("%s%s is swap space, and may have in it what was in memory: make it anew with mkswap", s.Prefix, f[0])
			}
		}
	}
}
