//go:build boot

package boottest

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// accepted is what the audit finds in the tree of tree.sh as it is: warnings and less.
func accepted() []string {
	return []string{
		"AGENT",
		"BACKDOOR /srv/rare/owned",
		"KEY-INJECT",
		"NET-STATE /etc/hostname",
		"SUDO /etc/sudoers",
	}
}

// A plant is a file that the audit has to find.
type plant struct {
	name, content string
	finding       string // rule and path
}

// planted is all that is planted. The secrets are of the form of real ones and open nothing.
func planted() []plant {
	key := "-----BEGIN OPENSSH PRIVATE KEY-----\n" + strings.Repeat("b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gt\n", 5) +
		"-----END OPENSSH PRIVATE KEY-----\n"
	aws := "AKIA" + "Z7QK3M5XW2RLTV6N"
	at := func(rule, name, content string) plant { return plant{name, content, rule + " /" + name} }
	return []plant{
		at("SSH-HOSTKEY", "etc/ssh/ssh_host_ed25519_key", key),
		at("SSH-USERKEY", "root/.ssh/id_ed25519", key),
		at("SSH-USERKEY", "opt/app/deploy", key),
		at("SSH-AUTHKEYS", "root/.ssh/authorized_keys", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ+Qw7Gd0q3kXn0kq8mZcVtYb1uW5r2sP4oL6hT9eFgA me@home\n"),
		at("HISTORY", "root/.bash_history", "ls\nexport AWS_ACCESS_KEY_ID="+aws+"\n"),
		at("CLOUD-CRED", "root/.aws/credentials", "[default]\naws_access_key_id = "+aws+"\n"),
		at("SECRET-TEXT", "srv/www/config.php", "<?php $key = '"+aws+"';\n"),
		at("TLS-KEY", "etc/ssl/private/web.key", tlsKey()),
		at("ENV-FILE", "srv/www/.env", "DB_PASSWORD=correct-horse-battery\n"),
		at("SSH-ROOTPW", "etc/ssh/sshd_config.d/05-root.conf", "PermitRootLogin yes\n"),
		at("REMOTE-LOG", "etc/rsyslog.d/90-remote.conf", "*.* @@logs.example.net:514\n"),
		at("CLOUD-INIT", "var/lib/cloud/instances/i-0123456789abcdef0/user-data.txt", "#cloud-config\n"),
		at("LOGS", "var/log/auth.log", "Nov 25 12:00:00 web sshd[1]: Accepted publickey\n"),
		at("MACHINE-ID", "etc/machine-id", "0123456789abcdef0123456789abcdef\n"),
		at("BACKDOOR", "etc/ld.so.preload", "/usr/local/lib/hook.so\n"),
		at("REGION", "etc/app.conf", "db = prod.c9akciq32.us-east-1.rds.amazonaws.com\n"),
		at("LEFTOVERS", "etc/app.conf~", "old\n"),
	}
}

// tlsKey returns a private key as web servers have it.
func tlsKey() string {
	der, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed([]byte("no key that anybody uses, ever..")))
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// TestPlantedBoot plants secrets in the Debian tree that BOOT_TREE names, makes a volume of it, and wants the
// audit to find these and nothing else. A file that was deleted from the volume is among them.
func TestPlantedBoot(t *testing.T) {
	b := newBench(t)
	b.plant()
	b.run("ami-bundle", "--volume", "planted.tar", "--no-filter", "-s", "1500", "--uuid", volumeUUID, "--label", "root",
		"--disk-only", "-o", "disk")
	b.deleteFile()
	want := append(
		accepted(), "RESIDUE",
		"SECRET-TEXT /root/.aws/credentials",  // by what it has, beside where it lies
		"CLOUD-INIT /var/lib/cloud/instances", // and what is in it
	)
	for _, p := range planted() {
		want = append(want, p.finding)
	}
	sameFindings(t, want, b.findings("disk"))
}

// plant makes planted.tar.
func (b *bench) plant() {
	archive := b.path("planted.tar")
	b.run("cp", b.archive(), archive)
	for _, p := range planted() {
		name := b.path("plants/" + p.name)
		if err := os.MkdirAll(path.Dir(name), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(p.content), 0o600); err != nil {
			b.Fatal(err)
		}
		b.run("tar", "--numeric-owner", "--owner=0", "--group=0", "-rf", archive, "-C", b.path("plants"), "./"+p.name)
	}
}

// deleteFile writes a key into the volume and deletes it: its blocks stay as they are.
func (b *bench) deleteFile() {
	b.run("debugfs", "-w", "-R", "write "+b.path("plants/opt/app/deploy")+" gone", b.path("disk"))
	b.run("debugfs", "-w", "-R", "rm gone", b.path("disk"))
}

// findings returns rule and path of what the audit finds in a disk.
func (b *bench) findings(disk string) []string {
	b.Helper()
	var report struct {
		Findings []struct{ Rule, Severity, Path, Message string }
	}
	out := b.run("sh", "-c", `ami-audit "$1" --format json; test $? = 0 -o $? = 4`, "sh", b.path(disk))
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	var found []string
	for _, f := range report.Findings {
		b.Logf("%s %s %s: %s", f.Severity, f.Rule, f.Path, f.Message)
		if f.Rule == "RESIDUE" {
			f.Path = "" // a place in the free space
		}
		found = append(found, strings.TrimSpace(fmt.Sprint(f.Rule, " ", f.Path)))
	}
	return found
}

func sameFindings(t *testing.T, want, got []string) {
	t.Helper()
	for _, list := range []*[]string{&want, &got} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}
