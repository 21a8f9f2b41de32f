package audit

import (
	"path"
	"slices"
	"strings"

	"amiforge/internal/rootfs"
)

// hostKeys are patterns of the keys of a host.
func hostKeys() []string {
	return []string{
		"etc/ssh/ssh_host_*", "etc/dropbear/dropbear_*_host_key", "etc/dropbear/initramfs/dropbear_*_host_key",
		"etc/dropbear-initramfs/dropbear_*_host_key", "etc/tinyssh/sshkeydir/.*.sk",
	}
}

// checkHostKeys looks where OpenSSH, Dropbear and TinySSH keep the keys of a host, and where sshd_config says.
func checkHostKeys(p *probe) {
	var names []string
	for _, pattern := range hostKeys() {
		names = append(names, p.glob(pattern)...)
	}
	if c := p.sshd(); c != nil {
		for _, s := range c.settings {
			if s.key == "hostkey" && len(s.args) > 0 && strings.HasPrefix(s.args[0], "/") {
				names = append(names, strings.TrimPrefix(path.Clean(s.args[0]), "/"))
			}
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		switch info := p.stat(name); {
		case info == nil || !info.Mode().IsRegular() || info.Size() == 0:
		case strings.HasSuffix(name, ".pub"):
			p.find(Warning, name, 0, "the public half of a host key")
		default:
			p.find(Error, name, 0, "the host key is the same in every instance")
		}
	}
}

// authorizedNames are those of the files, below a home, that sshd looks into when nothing else is said.
func authorizedNames() []string { return []string{".ssh/authorized_keys", ".ssh/authorized_keys2"} }

// beginAuthorizedKeys looks wherever there may be a home: of a user whom a directory service knows, of a container, or
// what homes are made of, /etc/skel. Those of users are for checkAuthorizedKeys.
func beginAuthorizedKeys(p *probe) visitor {
	seen := map[string]bool{}
	for _, home := range p.homes() {
		for _, name := range authorizedNames() {
			at, _ := p.root.Resolve(path.Join(home, name))
			seen[at] = true
		}
	}
	return visitFunc(func(f *rootfs.File) scanner {
		isKeys := slices.ContainsFunc(authorizedNames(), func(name string) bool { return strings.HasSuffix("/"+f.Name, "/"+name) })
		if isKeys && isRegular(f) && !seen[f.Name] && !p.isPackaged(f.Name) {
			checkKeyFile(p, f.Name)
		}
		return nil
	})
}

// checkAuthorizedKeys looks in all homes, and where sshd_config says.
func checkAuthorizedKeys(p *probe) {
	names := []string{"etc/dropbear/authorized_keys", "etc/dropbear/initramfs/authorized_keys", "etc/dropbear-initramfs/authorized_keys"}
	for _, home := range p.homes() {
		for _, name := range authorizedNames() {
			names = append(names, path.Join(home, name))
		}
	}
	if c := p.sshd(); c != nil {
		for _, s := range c.settings {
			switch {
			case s.key == "authorizedkeysfile":
				names = append(names, p.keyFiles(s.args)...)
			case s.key == "trustedusercakeys" && s.value() != "none" && len(s.args) > 0:
				names = append(names, strings.TrimPrefix(path.Clean(s.args[0]), "/"))
			}
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		checkKeyFile(p, name)
	}
}

func checkKeyFile(p *probe, name string) {
	if info := p.stat(name); info == nil || !info.Mode().IsRegular() {
		return
	}
	b, _ := p.read(name)
	first, keys := 0, 0
	for n := range settings(b) {
		if keys++; first == 0 {
			first = n
		}
	}
	switch keys {
	case 0:
	case 1:
		p.find(Error, name, first, "a key lets its owner into every instance")
	default:
		p.find(Error, name, first, "%d keys let their owners into every instance", keys)
	}
}

// keyFiles returns the names that AuthorizedKeysFile gives: %u and %h stand for each user's name and home.
func (p *probe) keyFiles(patterns []string) []string {
	var names []string
	for _, pattern := range patterns {
		for _, u := range p.users() {
			name := strings.NewReplacer("%%", "%", "%u", u.name, "%h", u.home, "%U", "").Replace(pattern)
			if !strings.HasPrefix(name, "/") {
				name = u.home + "/" + name
			}
			names = append(names, strings.TrimPrefix(path.Clean("/"+name), "/"))
		}
		if dir, ok := strings.CutSuffix(pattern, "/%u"); ok && !strings.Contains(dir, "%") { // and of users that come later
			names = append(names, p.glob(strings.TrimPrefix(path.Clean(dir), "/")+"/*")...)
		}
	}
	return names
}
