package tree

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// A secretRule tells by its name that a file is a secret, or may be one if it holds something.
type secretRule struct {
	pattern *pattern
	reason  string
	holds   []string // one of these must be in it; nil for all files of the name
}

func (r *secretRule) isHeld(p []byte) bool {
	return slices.ContainsFunc(r.holds, func(text string) bool { return bytes.Contains(p, []byte(text)) })
}

// secretRules are the rules, by what the last part of a name has to be.
type secretRules struct {
	named  map[string][]secretRule // a name
	others []secretRule            // what a pattern says
	below  []secretRule            // anything: they are about all that is in a directory

	first, last [256]bool // the bytes that a name begins or ends with if others may be about it

	dir    string      // that below was asked about
	ofDir  *secretRule // what it said
	hasDir bool
}

// find returns the rule about name, or nil.
func (s *secretRules) find(name string) *secretRule {
	dir, base := split(name)
	if !s.hasDir || s.dir != dir {
		s.dir, s.ofDir, s.hasDir = strings.Clone(dir), match(s.below, base, name), true
	}
	if r := match(s.named[base], base, name); r != nil || s.ofDir != nil {
		return cmp.Or(r, s.ofDir)
	}
	if base == "" || !s.first[base[0]] && !s.last[base[len(base)-1]] {
		return nil
	}
	return match(s.others, base, name)
}

func match(rules []secretRule, base, name string) *secretRule {
	for i := range rules {
		if rules[i].pattern.matchBase(base, name) {
			return &rules[i]
		}
	}
	return nil
}

// newSecretRules has what ec2-bundle-vol left out, but for *.pem and *.gpg whatever is in them, and what it missed.
func newSecretRules() *secretRules {
	s := &secretRules{named: map[string][]secretRule{}}
	for _, group := range secretNames() {
		for _, name := range group.names {
			p, err := parsePattern(name)
			if err != nil {
				panic(err) // a test parses them all
			}
			s.add(secretRule{p, group.reason, group.holds})
		}
	}
	return s
}

func (s *secretRules) add(r secretRule) {
	last := r.pattern.last()
	switch {
	case last.kind == literal:
		s.named[last.text] = append(s.named[last.text], r)
		return
	case last.kind == anyPath || last.text == "*":
		s.below = append(s.below, r)
		return
	case last.kind == suffixed:
		s.last[last.text[len(last.text)-1]] = true
	case last.kind == prefixed || last.kind == globbed && !strings.ContainsRune(`*?[\`, rune(last.text[0])):
		s.first[last.text[0]] = true
	default:
		for c := range s.first {
			s.first[c] = true
		}
	}
	s.others = append(s.others, r)
}

type secretGroup struct {
	reason string
	names  []string
	holds  []string
}

// secretNames are patterns as those of a Selection, and about files only.
func secretNames() []secretGroup {
	return []secretGroup{
		{reason: "SSH host key", names: []string{
			"/etc/ssh/ssh_host_*_key", "/etc/ssh/ssh_host_key", "/etc/dropbear/dropbear_*_host_key", "/etc/dropbear/initramfs/dropbear_*_host_key",
			"/etc/dropbear-initramfs/dropbear_*_host_key", "/etc/tinyssh/sshkeydir/.*.sk",
		}},
		{reason: "authorized keys of SSH", names: []string{
			"**/.ssh/authorized_keys*", "/etc/ssh/authorized_keys/**", "/etc/ssh/authorized_keys.d/**", "/etc/dropbear/authorized_keys",
			"/etc/dropbear/initramfs/authorized_keys", "/etc/dropbear-initramfs/authorized_keys",
		}},
		{reason: "private key", names: []string{
			"*id_rsa", "*id_dsa", "*id_ecdsa", "*id_ecdsa_sk", "*id_ed25519", "*id_ed25519_sk", "*id_xmss", "**/.ssh/identity",
			"*.priv", "*.ppk", "**/.age/*", "**/.config/sops/age/keys.txt",
		}},
		{reason: "private key of GnuPG", names: []string{"**/.gnupg/private-keys-v1.d/*", "**/.gnupg/secring.gpg", "**/.gnupg/openpgp-revocs.d/*"}},
		{reason: "private key of TLS", names: []string{
			"/etc/ssl/private/**", "/etc/pki/tls/private/**", "/etc/pki/CA/private/**", "/etc/letsencrypt/**/privkey*", "/etc/letsencrypt/keys/*",
			"/etc/letsencrypt/accounts/**/private_key.json",
		}},
		{reason: "key of Kerberos", names: []string{"/etc/krb5.keytab", "*.keytab"}},
		{reason: "key of WireGuard", names: []string{"/etc/wireguard/*.key"}},
		{reason: "history", names: []string{
			".bash_history*", ".zsh_history*", ".zhistory", ".ksh_history", ".sh_history", ".ash_history", ".history", ".histfile", "**/fish/fish_history",
			".python_history", ".node_repl_history", ".irb_history", ".mysql_history", ".mariadb_history", ".psql_history", ".sqlite_history",
			".rediscli_history", ".mongosh_history", ".dbshell", ".lesshst", ".viminfo", "**/nvim/shada/*", ".*history", ".*_hist", ".netrwhist",
			"**/.bash_sessions/*", "**/.mongodb/**/mongosh_repl_history", "**/.ghc/ghci_history", "**/.cassandra/cqlsh_history",
			"**/.julia/logs/repl_history.jl", "**/.local/state/*/history", "**/.ipython/**/history.sqlite", "**/PSReadLine/ConsoleHost_history.txt",
		}},
		{reason: "credentials", names: []string{
			"**/.aws/credentials", "**/.aws/config", "**/.aws/cli/cache/*", "**/.aws/sso/cache/*", ".boto", ".s3cfg", ".passwd-s3fs", "**/.mc/config.json",
			"**/.config/gcloud/**", "**/.azure/**", "**/.oci/config", "**/.config/doctl/config.yaml", "**/.config/rclone/rclone.conf",
			"**/.docker/config.json", ".dockercfg", "**/.config/containers/auth.json", "**/.kube/config", "**/.helm/repository/repositories.yaml",
			".netrc", "_netrc", ".git-credentials", "**/.config/git/credentials", "**/.config/gh/hosts.yml", "**/.config/hub", ".pypirc",
			"**/.gem/credentials", "**/.cargo/credentials", "**/.cargo/credentials.toml", "**/.m2/settings.xml", ".vault-token",
			"**/.terraform.d/credentials.tfrc.json", ".terraformrc", ".pgpass", ".my.cnf", ".mylogin.cnf", ".fetchmailrc", ".msmtprc", ".smbcredentials", ".ec2rc",
			"/etc/passwd-s3fs", "/etc/boto.cfg", ".b2_account_info", "**/.config/b2/account_info", ".rclone.conf", "**/.aliyun/config.json",
			"**/.bluemix/config.json", "**/.fly/config.yml", ".edgerc", ".authinfo", "**/.local/share/gem/credentials", "**/.davfs2/secrets", ".cifs",
			"**/.config/filezilla/sitemanager.xml", "**/.config/filezilla/recentservers.xml", "**/.subversion/auth/svn.simple/*", "**/.kaggle/kaggle.json",
			"**/huggingface/token", "**/huggingface/stored_tokens", "**/.claude/.credentials.json", "**/.codex/auth.json", "**/.gemini/oauth_creds.json",
			"**/.vnc/passwd", "**/.config/tigervnc/passwd", ".google_authenticator", "**/.password-store/**", "**/.local/share/keyrings/**",
			"**/.local/share/kwalletd/**", "**/.config/borg/keys/**", "/var/lib/amazon/ssm/Vault/Store/RegistrationKey", "/var/lib/tailscale/tailscaled.state",
		}},
		{reason: "credentials", names: []string{".npmrc", ".yarnrc", ".yarnrc.yml"}, holds: []string{"_auth", "_password", "npmAuth"}},
		{reason: "credentials", names: []string{"/etc/kubernetes/*.conf", "/var/lib/kubelet/kubeconfig"}, holds: []string{"client-key-data:", "token:"}},
		{reason: "hosts that SSH connected to", names: []string{"**/.ssh/known_hosts*"}},
		{reason: "data of the instance from cloud-init", names: []string{"/var/lib/cloud/instances/**", "/var/lib/cloud/instance/**", "/var/lib/cloud/data/**", "/run/cloud-init/**"}},
		{reason: "random seed", names: []string{"/var/lib/systemd/random-seed", "/var/lib/urandom/random-seed", "/var/lib/random-seed", "/var/lib/systemd/credential.secret"}},
		{reason: "what an editor left", names: []string{"#*#", ".#*", "*~", ".*.sw[a-p]", "*.swp", "*.swo", "*.sw"}},
	}
}
