package audit

import (
	"regexp"
	"slices"
	"strings"

	"amiforge/diskimg/inspect"
)

// A mountLine is one of fstab(5).
type mountLine struct {
	device, dir, kind string
	options           []string
	line              int
}

func (r *run) fstab() []mountLine {
	b, _ := r.read("etc/fstab")
	var list []mountLine
	for n, line := range settings(b) {
		f := strings.Fields(line)
		if len(f) < 3 {
			continue
		}
		m := mountLine{device: strings.ReplaceAll(f[0], `"`, ""), dir: f[1], kind: f[2], line: n}
		if len(f) > 3 {
			m.options = strings.Split(f[3], ",")
		}
		list = append(list, m)
	}
	return list
}

// resolves tells whether the image has what a device is named by: a UUID, a label. A path is taken for granted, and so is
// all where the disk is not known, or has volumes in which more may be.
func (r *run) resolves(device string) bool {
	device = strings.ReplaceAll(device, "/dev/disk/by-uuid/", "UUID=")
	device = strings.ReplaceAll(device, "/dev/disk/by-label/", "LABEL=")
	key, value, ok := strings.Cut(device, "=")
	disk := r.image.Disk
	if !ok || disk == nil || strings.HasPrefix(key, "/") {
		return true
	}
	match := func(s string) bool { return s != "" && strings.EqualFold(s, value) }
	for _, p := range disk.Partitions {
		if key == "PARTUUID" && match(p.UUID) || key == "PARTLABEL" && match(p.Name) {
			return true
		}
	}
	if key != "UUID" && key != "LABEL" {
		return key != "PARTUUID" && key != "PARTLABEL"
	}
	return slices.ContainsFunc(r.fileSystems(), func(s fileSystem) bool {
		return s.opaque || key == "UUID" && match(s.uuid) || key == "LABEL" && match(s.label)
	})
}

// A fileSystem is one of the image. What is opaque may have others in it.
type fileSystem struct {
	uuid, label string
	opaque      bool
}

func (r *run) fileSystems() []fileSystem {
	found := []*inspect.FileSystem{r.image.Disk.FileSystem}
	for _, p := range r.image.Disk.Partitions {
		found = append(found, p.FileSystem)
	}
	var list []fileSystem
	for _, fs := range found {
		if fs != nil {
			opaque := slices.Contains([]string{"LVM2_member", "crypto_LUKS", "linux_raid_member", "zfs_member"}, fs.Type)
			list = append(list, fileSystem{fs.UUID, fs.Label, opaque})
		}
	}
	return list
}

// isNetwork tells whether a file system is of another machine.
func isNetwork(m mountLine) bool {
	kinds := []string{"nfs", "nfs4", "cifs", "smb3", "smbfs", "glusterfs", "ceph", "fuse.sshfs", "fuse.s3fs", "lustre", "afs", "9p", "efs"}
	return slices.Contains(kinds, m.kind) || strings.HasPrefix(m.device, "//") || regexp.MustCompile(`^[\w.-]+:/`).MatchString(m.device)
}

// isEphemeral tells whether a device is one that not every type of instance has.
func isEphemeral(device string) bool {
	return regexp.MustCompile(`^(/dev/(sd[b-z]\d*|xvd[b-z]\d*|nvme[1-9]\d*n1(p\d+)?)|LABEL=ephemeral\d*|ephemeral\d+)$`).MatchString(device)
}

func checkFstab(p *probe) {
	const name = "etc/fstab"
	for _, m := range p.fstab() {
		nofail := slices.Contains(m.options, "nofail") || slices.Contains(m.options, "nobootwait") || slices.Contains(m.options, "noauto")
		switch {
		case isNetwork(m):
			p.find(Warning, name, m.line, "%s is of another machine", hostOf(m.device))
		case m.dir == "/": // is for BOOT
		case isEphemeral(m.device) && !nofail:
			p.find(Warning, name, m.line, "%s is not there on every type of instance, and has no nofail", m.device)
		case !isEphemeral(m.device) && !p.resolves(m.device):
			p.find(Warning, name, m.line, "no file system of the image is %s", m.device)
		}
	}
}
