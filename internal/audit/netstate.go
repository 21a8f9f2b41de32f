package audit

import (
	"io/fs"
	"net"
	"regexp"
	"slices"
	"strings"
)

func netstateRules() []Rule {
	return []Rule{{
		ID: "NET-STATE", Title: "nothing is left of the network of another machine", Severity: Warning, Sources: []string{"IB", "SYSPREP"},
		Advice: "Delete the udev rule and the leases, empty /etc/hostname and /etc/resolv.conf, and configure interfaces by DHCP without " +
			"MAC addresses.",
		check: checkNetState,
	}}
}

func checkNetState(p *probe) {
	for _, name := range []string{"etc/udev/rules.d/70-persistent-net.rules", "etc/udev/rules.d/60-net.rules"} {
		b, _ := p.read(name)
		for n, line := range settings(b) {
			if strings.Contains(line, "ATTR{address}") || strings.Contains(line, "ATTRS{address}") {
				p.find(Warning, name, n, "it ties the name of an interface to the MAC address of another machine")
			}
		}
	}
	for _, pattern := range []string{
		"var/lib/dhcp/*.lease*", "var/lib/dhclient/*.lease*", "var/lib/NetworkManager/*.lease", "var/lib/dhcpcd/*.lease*",
		"var/lib/systemd/network/*/leases/*",
	} {
		for _, name := range p.glob(pattern) {
			if p.sizeOf(name) > 0 {
				p.find(Warning, name, 0, "a lease of another machine")
			}
		}
	}
	checkHostname(p)
	checkHosts(p)
	checkResolver(p)
	checkInterfaces(p)
}

func checkHostname(p *probe) {
	for _, name := range []string{"etc/HOSTNAME", "etc/mailname", "etc/salt/minion_id"} {
		b, _ := p.read(name)
		for n, host := range settings(b) {
			if isNameOfMachine(host) {
				p.find(Warning, name, n, "the image has the name of a machine: %s", host)
			}
		}
	}
	for _, name := range []string{"etc/sysconfig/network", "etc/conf.d/hostname"} {
		b, _ := p.read(name)
		for key, host := range variables(b) {
			if strings.EqualFold(key, "hostname") && host != "" && isNameOfMachine(host) {
				p.find(Warning, name, 0, "the image has the name of a machine: %s", host)
			}
		}
	}
	b, _ := p.read("etc/hostname")
	for n, name := range settings(b) {
		if isNameOfMachine(name) {
			p.find(Warning, "etc/hostname", n, "the image has the name of a machine: %s", name)
		}
	}
}

func isNameOfMachine(name string) bool {
	neutral := []string{"localhost", "localhost.localdomain", "debian", "ubuntu", "alpine", "fedora", "(none)", "amazonlinux"}
	return !slices.Contains(neutral, strings.ToLower(name))
}

// checkHosts looks for addresses of other machines.
func checkHosts(p *probe) {
	b, _ := p.read("etc/hosts")
	for n, line := range settings(b) {
		ip := net.ParseIP(strings.Fields(line)[0])
		isOwn := ip == nil || isLocal(ip.String()) || ip.IsMulticast() || ip.Equal(net.ParseIP("fe00::"))
		if !isOwn {
			p.find(Warning, "etc/hosts", n, "it has the address of a machine: %s", ip)
		}
	}
}

// checkResolver looks for name servers in /etc/resolv.conf itself: a link to what is made at boot has none.
func checkResolver(p *probe) {
	const name = "etc/resolv.conf"
	info, err := p.root.Lstat(name)
	if err != nil || info.Mode().Type() == fs.ModeSymlink {
		return
	}
	b, _ := p.read(name)
	for n, line := range settings(b) {
		if server := nameServer(line); server != "" && !isLocal(server) {
			p.find(Warning, name, n, "it names the name server of another network: %s", server)
		}
	}
}

// nameServer returns the address of a line that has one, or "".
func nameServer(line string) string {
	if words := strings.Fields(line); len(words) > 1 && words[0] == "nameserver" {
		return words[1]
	}
	return ""
}

// addressPattern is a setting that ties an interface to an address of its own: those of ifcfg files, of interfaces(5), of
// netplan, of systemd-networkd and of NetworkManager.
func addressPattern() *regexp.Regexp {
	const mac, ip = `(?:[0-9a-f]{2}:){5}[0-9a-f]{2}`, `\d{1,3}(?:\.\d{1,3}){3}`
	return regexp.MustCompile(`(?i)^(?:- )?["']?(?:` +
		`(?:hwaddr|macaddr|hwaddress|hwaddress ether|macaddress|mac-address|address)["']?\s*[:=\s]\s*["']?(` + mac + `)|` +
		`(?:ipaddr\d*|address\d*|addresses)["']?\s*[:=\s]\s*[\["']*(` + ip + `)|(` + ip + `)/\d+)`)
}

func checkInterfaces(p *probe) {
	re := addressPattern()
	for _, pattern := range []string{
		"etc/sysconfig/network-scripts/ifcfg-*", "etc/network/interfaces", "etc/network/interfaces.d/*", "etc/netplan/*.yaml",
		"etc/systemd/network/*.network", "etc/systemd/network/*.link", "etc/NetworkManager/system-connections/*",
	} {
		for _, name := range p.glob(pattern) {
			b, _ := p.read(name)
			for n, line := range settings(b) {
				m := re.FindStringSubmatch(line)
				if m == nil {
					continue
				}
				if mac := m[1]; mac != "" {
					p.find(Warning, name, n, "it has the MAC address of a machine: %s", mac)
				} else if ip := m[2] + m[3]; !isLocal(ip) {
					p.find(Warning, name, n, "it has an address of its own: %s", ip)
				}
			}
		}
	}
}
