package audit

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"amiforge/internal/rootfs"
)

func cloudRules() []Rule {
	return []Rule{
		{
			ID: "KEY-INJECT", Title: "an instance takes over the key pair that it is launched with", Severity: Warning, Sources: []string{"G5"},
			Advice: "Install cloud-init 20.1 or later, or a script that gets public-keys/0/openssh-key from the instance metadata with a " +
				"token of IMDSv2.",
			check: checkKeyInjection,
		},
		{
			ID: "CLOUD-INIT", Title: "nothing is left of a run of cloud-init", Severity: Warning, Sources: []string{"IB"},
			Advice: "Run `cloud-init clean --logs` in the image, and delete what is left in /var/lib/cloud.",
			check:  checkCloudState,
		},
		{
			ID: "AGENT", Title: "software that updates itself at boot", Severity: Info, Sources: []string{"G1"},
			Advice: "Update the AMI tools at boot if nothing breaks by it: package_upgrade of cloud-init, or unattended-upgrades.",
			check:  checkAgents,
		},
	}
}

func (r *run) hasCloudInit() bool {
	return (r.exists("usr/bin/cloud-init") || r.exists("usr/local/bin/cloud-init")) && !r.exists("etc/cloud/cloud-init.disabled")
}

// cloudConfig returns the names of cloud-init's configuration.
func (r *run) cloudConfig() []string {
	return append(r.glob("etc/cloud/cloud.cfg.d/*.cfg"), "etc/cloud/cloud.cfg")
}

func checkKeyInjection(p *probe) {
	if p.hasCloudInit() {
		if version := p.cloudInitVersion(); before(version, 20, 1) {
			p.find(Warning, "usr/bin/cloud-init", 0, "cloud-init %s may not know IMDSv2", version)
		}
		return
	}
	others := []string{
		"usr/bin/tiny-cloud", "etc/init.d/tiny-ec2-bootstrap", "usr/bin/afterburn", "usr/bin/coreos-metadata", "usr/bin/ignition",
		"usr/lib/dracut/modules.d/30ignition", "opt/aws/bin/eic_run_authorized_keys", "usr/share/ec2-instance-connect/eic_run_authorized_keys",
	}
	if slices.ContainsFunc(others, p.exists) {
		return
	}
	found := false
	tools := p.scripts("usr/local/bin/*", "usr/local/sbin/*", "usr/sbin/ec2-*", "usr/bin/ec2-*", "usr/libexec/ec2-*")
	for _, name := range append(p.bootScripts(), tools...) {
		b, _ := p.read(name)
		if !bytes.Contains(b, []byte("openssh-key")) {
			continue
		}
		found = true
		if !bytes.Contains(b, []byte("latest/api/token")) {
			p.find(Warning, name, 0, "it gets the key without a token, which an instance that demands IMDSv2 refuses")
		}
	}
	if !found {
		p.find(Warning, "", 0, "nothing puts the key pair of an instance into authorized_keys")
	}
}

// bootScripts returns the scripts and units of the administrator that run at boot.
func (r *run) bootScripts() []string {
	return r.scripts(
		"etc/rc.local", "etc/rc.d/rc.local", "etc/init.d/*", "etc/rc.d/init.d/*", "etc/local.d/*.start", "etc/systemd/system/*.service",
		"etc/systemd/system/*.d/*.conf",
	)
}

// scripts returns the files that match the patterns, of ConfigSize at most: what is longer is no script.
func (r *run) scripts(patterns ...string) []string {
	var names []string
	for _, pattern := range patterns {
		for _, name := range r.glob(pattern) {
			if size := r.sizeOf(name); size > 0 && size <= rootfs.ConfigSize {
				names = append(names, name)
			}
		}
	}
	return names
}

// cloudInitVersion returns the version of cloud-init, "" if it is not known.
func (r *run) cloudInitVersion() string {
	if version := r.packages()["cloud-init"]; version != "" {
		return version
	}
	for _, name := range r.glob("usr/lib/python3*/*-packages/cloudinit/version.py") {
		b, _ := r.read(name)
		for _, line := range settings(b) {
			if value, ok := strings.CutPrefix(line, "__VERSION__ ="); ok {
				return strings.Trim(value, ` "'`)
			}
		}
	}
	return ""
}

func entries(n int) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}

func checkCloudState(p *probe) {
	for _, dir := range []string{"instances", "data", "sem", "seed", "handlers", "scripts/per-instance"} {
		name := path.Join("var/lib/cloud", dir)
		if n := len(p.list(name)); n > 0 {
			p.find(Warning, name, 0, "it is of another instance, with %s in it", entries(n))
		}
	}
	if _, err := p.root.Lstat("var/lib/cloud/instance"); err == nil {
		p.find(Warning, "var/lib/cloud/instance", 0, "it is of another instance")
	}
	for _, name := range p.glob("var/lib/cloud/instances/*/user-data.txt*") {
		if info := p.stat(name); info != nil && info.Size() > 0 {
			p.find(Warning, name, 0, "the user data of another instance, which often has secrets in it")
		}
	}
	for _, name := range p.glob("var/log/cloud-init*.log") {
		if info := p.stat(name); info != nil && info.Size() > 0 {
			p.find(Warning, name, 0, "a log of another instance")
		}
	}
}

func checkAgents(p *probe) {
	for _, a := range []struct{ what, name string }{
		{"cloud-init", "usr/bin/cloud-init"},
		{"the SSM agent", "usr/bin/amazon-ssm-agent"},
		{"the SSM agent", "snap/amazon-ssm-agent"},
		{"the AMI tools", "usr/bin/ec2-bundle-vol"},
		{"the AMI tools", "opt/aws/bin/ec2-bundle-vol"},
	} {
		if p.exists(a.name) {
			p.find(Info, a.name, 0, "there is %s", a.what)
		}
	}
	if !p.updatesAtBoot() {
		p.find(Info, "", 0, "nothing updates the software at boot, or later")
	}
}

// updatesAtBoot tells whether something installs updates by itself.
func (r *run) updatesAtBoot() bool {
	for _, name := range []string{
		"usr/bin/unattended-upgrade", "etc/systemd/system/timers.target.wants/dnf-automatic.timer", "etc/cron.daily/0yum-daily.cron",
		"etc/systemd/system/timers.target.wants/dnf-automatic-install.timer", "etc/systemd/system/multi-user.target.wants/yum-cron.service",
	} {
		if _, err := r.root.Lstat(name); err == nil {
			return true
		}
	}
	for _, name := range r.cloudConfig() {
		b, _ := r.read(name)
		for _, line := range settings(b) {
			key, value, _ := strings.Cut(line, ":")
			isUpgrade := key == "package_upgrade" || key == "apt_upgrade" || key == "repo_upgrade"
			if value = strings.TrimSpace(value); isUpgrade && value != "false" && value != "none" {
				return true
			}
		}
	}
	return false
}
