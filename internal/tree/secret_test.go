package tree

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"
	"testing"

	"amiforge/internal/oracle"
)

// newKey returns a private key as openssl makes it.
func newKey(t testing.TB) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

const certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"

func TestSecretNames(t *testing.T) {
	tests := []struct {
		reason string // "" stays
		names  string
	}{
		{"SSH host key", "etc/ssh/ssh_host_rsa_key etc/ssh/ssh_host_ed25519_key etc/ssh/ssh_host_key"},
		{"SSH host key", "etc/dropbear/dropbear_rsa_host_key etc/dropbear/initramfs/dropbear_ecdsa_host_key etc/dropbear-initramfs/dropbear_rsa_host_key etc/tinyssh/sshkeydir/.ed25519.sk"},
		{"", "etc/tinyssh/sshkeydir/ed25519.pk etc/dropbear/initramfs/dropbear.conf"},
		{"", "etc/ssh/ssh_host_rsa_key.pub etc/ssh/sshd_config etc/ssh/moduli usr/share/ssh_host_rsa_key"},
		{"authorized keys of SSH", "root/.ssh/authorized_keys home/joe/.ssh/authorized_keys home/joe/.ssh/authorized_keys2 srv/git/.ssh/authorized_keys"},
		{"authorized keys of SSH", "etc/ssh/authorized_keys/joe etc/ssh/authorized_keys.d/joe etc/dropbear/authorized_keys etc/dropbear/initramfs/authorized_keys etc/dropbear-initramfs/authorized_keys"},
		{"", "root/.ssh/config etc/skel/authorized_keys root/.ssh/id_rsa.pub usr/share/doc/authorized_keys"},
		{"private key", "root/.ssh/id_rsa root/.ssh/id_ed25519 root/.ssh/id_ecdsa_sk backup/my-id_dsa root/.ssh/identity x.ppk home/x/.age/k"},
		{"private key of GnuPG", "root/.gnupg/private-keys-v1.d/AB.key home/a/.gnupg/secring.gpg"},
		{"", "root/.gnupg/pubring.kbx root/.gnupg/trustdb.gpg"},
		{"private key of TLS", "etc/ssl/private/www.key etc/letsencrypt/archive/www/privkey1.pem etc/letsencrypt/live/www/privkey.pem etc/pki/tls/private/localhost.key"},
		{"", "etc/ssl/private/ssl-cert-snakeoil.key etc/letsencrypt/archive/www/fullchain1.pem etc/ssl/openssl.cnf"},
		{"", "etc/ssl/certs/ca-certificates.crt etc/ssl/certs/ISRG_Root_X1.pem usr/share/ca-certificates/mozilla/x.crt etc/ssl/cert.pem"},
		{"", "etc/apt/trusted.gpg etc/apt/trusted.gpg.d/debian.gpg usr/share/keyrings/debian-archive-keyring.gpg etc/pki/rpm-gpg/RPM-GPG-KEY-fedora etc/pki/ca-trust/a.pem"},
		{"key of Kerberos", "etc/krb5.keytab etc/httpd/http.keytab"},
		{"history", "root/.bash_history home/a/.zsh_history root/.lesshst root/.viminfo root/.python_history home/a/.psql_history home/a/.mysql_history home/a/.local/share/fish/fish_history"},
		{"history", "root/.octave_history home/a/.local/state/bash/history home/a/.ipython/profile_default/history.sqlite home/a/.mongodb/mongosh/mongosh_repl_history home/a/.netrwhist"},
		{"", "usr/share/doc/x/history usr/include/readline/history.h home/a/src/history root/history.txt"},
		{"", "root/.bashrc root/.profile usr/share/bash/.bash_histor"},
		{"credentials", "root/.aws/credentials home/a/.boto home/a/.s3cfg root/.netrc root/.pgpass root/.docker/config.json root/.kube/config home/a/.config/gcloud/access_tokens.db home/a/.azure/x/y root/.git-credentials root/.pypirc root/.vault-token root/.my.cnf"},
		{"credentials", "root/.rclone.conf home/a/.cache/huggingface/token home/a/.password-store/mail/x.gpg home/a/.vnc/passwd var/lib/tailscale/tailscaled.state"},
		{"", "usr/lib/node_modules/npm/.npmrc etc/kube/config etc/docker/config.json home/a/.config/other"},
		{"data of the instance from cloud-init", "var/lib/cloud/instances/i-1/user-data.txt var/lib/cloud/data/instance-id"},
		{"", "etc/cloud/cloud.cfg var/lib/cloud/seed/x"},
		{"random seed", "var/lib/systemd/random-seed"},
		{"what an editor left", "etc/.passwd.swp etc/passwd~ #x# .#x a.swo a.sw"},
		{"", "etc/shadow etc/passwd- etc/machine-id bin/sh"},
	}
	rules := newSecretRules()
	for _, tt := range tests {
		for name := range strings.FieldsSeq(tt.names) {
			lines := []string{}
			src := FilterSecrets(items(name+":content"), &SecretOptions{Report: func(f Filtered) { lines = append(lines, f.Name+": "+f.Reason) }})
			got := names(t, src)
			if tt.reason == "" && len(got) != 1 || tt.reason != "" && !slices.Equal(lines, []string{name + ": " + tt.reason}) {
				t.Errorf("%s: %q goes, %v stays, want %q (%+v)", name, lines, got, tt.reason, rules.find(name))
			}
		}
	}
}

func TestSecretContent(t *testing.T) {
	key := newKey(t)
	tests := []struct {
		name, content string
		goes          bool
	}{
		{"srv/www.pem", key, true},
		{"srv/www.pem", certificate + key, true},
		{"srv/www.pem", certificate, false},
		{"srv/notes.txt", "keep this:\n" + key, true},
		{"usr/local/share/doc/x.pem", key, true},
		{"usr/share/app/x.pem", key, true},
		{"usr/share/doc/x.pem", key, false},
		{"usr/lib/python3/test/keycert.pem", key, false},
		{"usr/lib/go/src/crypto/tls/testdata/k.pem", key, false},
		{"usr/share/doc/id_rsa", "x", true},
		{"root/.npmrc", "//registry.npmjs.org/:_authToken npm_x", true},
		{"root/.npmrc", "color=false", false},
		{"etc/kubernetes/admin.conf", "users:\n- user:\n    client-key-data: LS0t\n", true},
		{"etc/kubernetes/kubelet.conf", "users:\n- user:\n    client-key: /var/lib/kubelet/pki/x.pem\n", false},
		{"root/large", strings.Repeat("\n", 70_000) + key, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var reports []Filtered
			lines, err := describe(t, FilterSecrets(items(tt.name+":"+tt.content), &SecretOptions{Report: func(f Filtered) { reports = append(reports, f) }}))
			if err != nil {
				t.Fatal(err)
			}
			if (len(lines) == 0) != tt.goes || (len(reports) == 1) != tt.goes {
				t.Errorf("%q stays, %v goes", lines, reports)
			}
		})
	}
}

// TestSecretContentStays has files that were looked at, from everywhere: they have all their content.
func TestSecretContentStays(t *testing.T) {
	root := plant(t, "a:"+certificate, "b:"+strings.Repeat("x", 60_000), "c:"+strings.Repeat("y", 70_000), "d")
	want, err := describe(t, openDir(t, root, nil))
	if err != nil {
		t.Fatal(err)
	}
	got, err := describe(t, FilterSecrets(openDir(t, root, nil), nil))
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, got, want...)
	archive := makeTar(t, file("a"), file("b"))
	src, err := OpenArchive(t.Context(), strings.NewReader(string(archive)), "x", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err = describe(t, FilterSecrets(src, nil)); err != nil {
		t.Fatal(err)
	}
	wantLines(t, got, "a -rw-r--r-- 0:0 xxx", "b -rw-r--r-- 0:0 xxx")
}

func TestSecretLinks(t *testing.T) {
	key := newKey(t)
	tests := []struct {
		name     string
		src      *slice
		include  string
		want     string
		filtered string
	}{
		{"all names go", items("k.pem:"+key, "b=k.pem", "c=k.pem", "d"), "", "d", "k.pem b c"},
		{"by the second name", items("x:1", ".bash_history=x", "c=.bash_history"), "", "x c=x", ".bash_history"},
		{"a symbolic link", items(".bash_history>/dev/null", "id_rsa>x"), "", ".bash_history id_rsa", ""},
		{"a directory", items(".bash_history/", "id_rsa/"), "", ".bash_history id_rsa", ""},
		{"included", items("k.pem:"+key, "srv/k.pem:"+key, "id_rsa:x"), "/srv id_rsa", "srv/k.pem id_rsa", "k.pem"},
		{"included by its directory", items("etc/ssl/private/a:1"), "/etc/ssl", "etc/ssl/private/a", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			include, err := NewSelection(nil, strings.Fields(tt.include))
			if err != nil {
				t.Fatal(err)
			}
			var filtered []string
			src := FilterSecrets(tt.src, &SecretOptions{Include: include, Report: func(f Filtered) { filtered = append(filtered, f.Name) }})
			wantLines(t, names(t, src), strings.Fields(tt.want)...)
			wantLines(t, filtered, strings.Fields(tt.filtered)...)
		})
	}
}

// A key with much behind it is one all the same, in a directory and in an archive; what is long and none stays whole.
func TestSecretLong(t *testing.T) {
	key, long := newKey(t), strings.Repeat("x\n", 70_000)
	root := plant(t, "bundle.pem:"+key+long, "text:"+long, "late:"+long+key)
	lines, err := describe(t, openDir(t, root, &DirOptions{Skip: func(name string, _ bool) bool { return name == "bundle.pem" }}))
	if err != nil {
		t.Fatal(err)
	}
	got, err := describe(t, FilterSecrets(openDir(t, root, nil), nil))
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, got, lines...)
	packed := oracle.Run(t, "tar", "-C", root, "-c", "bundle.pem", "late", "text")
	src, err := OpenArchive(t.Context(), bytes.NewReader(packed), "x", nil)
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, names(t, FilterSecrets(src, nil)), "late", "text")
}
