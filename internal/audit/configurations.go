package audit

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"amiforge/internal/rootfs"
)

// A configuration is a kind of file that may have a password in it, among other things.
type configuration struct {
	what   string
	is     func(name string) bool
	secret string // an expression; its group is the secret
}

func configurations() []configuration {
	base := func(names ...string) func(string) bool {
		return func(name string) bool { return slices.Contains(names, path.Base(name)) }
	}
	matches := func(patterns ...string) func(string) bool {
		return func(name string) bool {
			return slices.ContainsFunc(patterns, func(pattern string) bool {
				ok, _ := path.Match(pattern, name)
				return ok
			})
		}
	}
	return []configuration{
		{"password or key of an application", isEnvironment, `(?im)^[ \t]*(?:export[ \t]+)?\w*(?:pass|passwd|password|secret|token|api_?key|private_?key|access_?key|credentials?|dsn)\w*[ \t]*=[ \t]*["']?([^\s"'$<{#][^\s"']{3,})`},
		{"password of a repository", func(name string) bool { return strings.HasSuffix(name, ".git/config") }, `://[^\s:/@]{0,64}:([^\s/@$]{3,256})@|(?i:extraheader)\s*=\s*(?i:authorization):\s*\w+\s+(\S{8,})`},
		{"password of a database", base("web.config", "Web.config", "appsettings.json"), `(?i)\b(?:password|pwd)\s*=\s*([^;"'<{$\s][^;"'<\s]{2,})`},
		{"password of a database", base("wp-config.php"), `(?i)define\(\s*["']DB_PASSWORD["']\s*,\s*["']([^"']{4,})`},
		{"password of a database", base("database.yml"), `(?m)^[ \t]*password:[ \t]*["']?([^\s"'#<]{4,})`},
		{"password of a database", matches("etc/my.cnf", "etc/my.cnf.d/*", "etc/mysql/*.cnf", "etc/mysql/*/*.cnf"), `(?m)^[ \t]*password[ \t]*=[ \t]*["']?([^\s"'#]+)`},
		{"password or key in Terraform's state or variables", isTerraform, `(?i)"?\w*(?:password|secret|token)\w*"?[ \t]*[:=][ \t]*"([^"$\n]{4,})"`},
		{"password of a web server's user", base(".htpasswd", "htpasswd"), `(?m)^[^:#\s]+:(\$\S+|\{SHA\}\S+|[./0-9A-Za-z]{13})\s*$`},
		{"password of a mail server", matches("etc/postfix/sasl_passwd", "etc/postfix/sasl/*"), `(?m)^[^#\s]\S*[ \t]+[^\s:]+:(\S{4,})`},
		{"password of a mail server", matches("etc/exim4/passwd.client"), `(?m)^[^#:\s][^:\n]*:[^:\n]*:(\S{4,})`},
		{"password of a mail server", base("msmtprc", ".msmtprc", "ssmtp.conf", ".mbsyncrc", ".offlineimaprc", ".getmailrc"), `(?im)^[ \t]*(?:auth|remote)?pass(?:word)?[ \t=]+["']?([^\s"'#]{4,})`},
		{"password of a mail server", base(".fetchmailrc", "fetchmailrc", ".muttrc", "muttrc", ".netrc.gpg"), `(?im)^[^#\n]*\bpass(?:word)?[ \t=]+["']?([^\s"'#]{4,})|^[ \t]*set[ \t]+\w*_pass[ \t]*=[ \t]*["']?([^\s"'#]{4,})`},
		{"password in what a client is told", base(".curlrc", ".wgetrc", "wgetrc"), `(?im)^[ \t]*-{0,2}(?:user|proxy-user|u|\w*password)[ \t]*[= \t][ \t]*["']?([^\s"'#]{4,})`},
		{"password of an installation", isAnswers, `(?m)^[ \t]*rootpw[ \t]+(?:--(?:plaintext|allow-ssh)[ \t]+)*([^\s$-]\S{3,})|^[ \t]*user[ \t][^#\n]*--password=([^\s$]\S{3,})|^[ \t]*d-i[ \t]+\S*password(?:-again)?[ \t]+password[ \t]+(\S{4,})`},
		{"password in user data", isUserData, `(?m)^[ \t-]*["']?(?:plain_text_passwd|password)["']?[ \t]*:[ \t]*["']?([^\s"'#$*!][^\s"']{3,})|` +
			`(?m)^chpasswd:(?:\n[ \t]+[^\n]*)*?\n[ \t]+(?:- )?[\w-]+:([^\s:$"'*!R][^\s:]{3,})[ \t]*$|(?:` + typedSecret + `)`},
		{"password of a VPN", matches("etc/openvpn/*auth*", "etc/openvpn/*login*", "etc/openvpn/*pass*", "etc/openvpn/*/*auth*", "etc/openvpn/*/*login*", "etc/openvpn/*/*pass*"), `\A[^\s#]+\r?\n([^\s#]{4,})\s*\z`},
		{"password of a VPN", matches("etc/xl2tpd/l2tp-secrets"), `(?m)^[ \t]*[^#\s]\S*[ \t]+\S+[ \t]+["']?([^\s"'#]+)`},
		{"key of a DNS server", matches("etc/bind/*", "etc/named*", "etc/named/*", "etc/rndc.key", "var/named/*.key", "etc/dhcp/*.conf"), `(?m)^[^#\n/]*\bsecret[ \t]+"?([A-Za-z0-9+/]{16,}={0,2})`},
		{"secret of a RADIUS client", matches("etc/freeradius/*/clients.conf", "etc/freeradius/clients.conf", "etc/raddb/clients.conf"), `(?m)^[ \t]*secret[ \t]*=[ \t]*["']?([^\s"'#]{4,})`},
		{"password of a directory", matches("etc/*ldap.secret", "etc/*/ldap.secret"), `\A(\S{4,})`},
		{"password of a directory", base("nslcd.conf", "ldap.conf", "sssd.conf", "slapd.conf", "pam_ldap.conf", "libnss-ldap.conf"), `(?m)^[ \t]*(?:bindpw|rootpw|rootbindpw|ldap_default_authtok)[ \t=]+["']?([^\s"'#]{4,})`},
		{"password of a database", matches("etc/postgresql/*", "etc/postgresql/*/*", "etc/postgresql/*/*/*", "var/lib/postgresql/*/*/*.conf", "var/lib/pgsql/data/*.conf"), `(?m)^[^#\n]*\bpassword[ \t]*=[ \t]*["']?([^\s"'#]{4,})`},
		{"password of a database", matches("etc/redis*", "etc/redis/*", "etc/valkey/*"), `(?m)^[ \t]*(?:requirepass|masterauth)[ \t]+["']?([^\s"'#]{4,})`},
		{"password of SNMP", base("snmpd.conf", "snmp.conf"), `(?m)^[ \t]*(?:createUser[ \t]+\S+[ \t]+\w+[ \t]+["']?([^\s"'#]{4,})|usmUser[^\n]*0x([0-9a-f]{32,})|(?:def(?:Auth|Priv)?Passphrase|r[wo]community6?)[ \t]+["']?([^\s"'#]{4,}))`},
		{"key of Ceph", matches("etc/ceph/*.keyring", "var/lib/ceph/*/*/keyring"), `(?m)^[ \t]*key[ \t]*=[ \t]*(AQ\S{20,})`},
		{"key of a monitor", matches("etc/zabbix/*.psk", "etc/zabbix/*/*.psk"), `\A([0-9a-fA-F]{32,})`},
		{"password of a disk server", matches("etc/iscsi/iscsid.conf", "var/lib/iscsi/*/*/*", "etc/tgt/conf.d/*"), `(?m)^[ \t]*(?:node|discovery)\.\S*\.auth\.password(?:_in)?[ \t]*=[ \t]*(\S{4,})|^[ \t]*incominguser[ \t]+\S+[ \t]+(\S{4,})`},
		{"password of a network", matches("etc/hostapd/*", "etc/hostapd.conf"), `(?m)^[ \t]*(?:wpa_passphrase|wpa_psk|private_key_passwd|auth_server_shared_secret)=(\S{4,})`},
		{"key of a second factor", base("login_duo.conf", "pam_duo.conf"), `(?m)^[ \t]*skey[ \t]*=[ \t]*(\S{4,})`},
		{"password of a repository", matches("etc/apt/auth.conf", "etc/apt/auth.conf.d/*"), `\bpassword\s+(\S+)`},
		{"password of a repository", matches("etc/yum.repos.d/*", "etc/yum.conf", "etc/dnf/dnf.conf", "etc/zypp/credentials.d/*"), `(?m)^[ \t]*(?:proxy_)?password[ \t]*=[ \t]*(\S+)`},
		{"password of a file server", matches("etc/samba/smbpasswd"), `(?m)^[^:#\n]+:\d+:[0-9A-FX]{32}:([0-9A-F]{32}):`},
		{"password of a file server", matches("etc/samba/*cred*", "etc/*smb*cred*", "etc/*cifs*cred*", "root/*cred*"), `(?m)^[ \t]*password[ \t]*=[ \t]*(\S+)`},
		{"password of a file server", matches("etc/fstab", "etc/auto.*", "etc/systemd/system/*.mount"), `(?m)^[^#\n]*\bpass(?:word)?=([^,\s]+)`},
		{"password of a provider", matches("etc/ppp/*secrets", "etc/ppp/peers/*", "etc/ipsec.secrets", "etc/swanctl/conf.d/*"), `(?m)^[ \t]*(?:[^#\s]\S*[ \t]+\S+[ \t]+["']?([^\s"'#]+)|[^#\n]*\bPSK[ \t]+["']([^"'\n]+)|password[ \t]+["']?([^\s"'#]+))`},
		{"password of a network", matches("etc/NetworkManager/system-connections/*"), `(?m)^(?:psk|password|wep-key\d|private-key-password|secret|leap-password)=([^\s]+)`},
		{"password of a network", matches("etc/wpa_supplicant/*.conf", "etc/wpa_supplicant.conf", "etc/network/interfaces", "etc/network/interfaces.d/*", "var/lib/iwd/*.psk"), `(?m)^[ \t]*(?:psk|password|wpa-psk|wep_key\d|Passphrase|PreSharedKey)[ \t]*[= \t][ \t]*"?([^\s"#]+)`},
		{"password of a network", matches("etc/netplan/*.yaml"), `(?m)^[ \t]*"?password"?:[ \t]*["']?([^\s"'#]+)`},
		{"password in a script", isScript, typedSecret},
		{"password or key of an application", isApplication, applicationSecret},
	}
}

// isEnvironment knows .env files, but for those that show what one looks like.
func isEnvironment(name string) bool {
	base := strings.ToLower(path.Base(name))
	switch {
	case base == ".flaskenv", base == ".envrc":
		return true
	case strings.HasSuffix(base, ".env"):
		return !slices.Contains([]string{"example", "sample", "template", "test", "defaults"}, strings.TrimSuffix(base, ".env"))
	}
	return strings.HasPrefix(base, ".env.") &&
		!slices.Contains([]string{".example", ".sample", ".template", ".dist", ".test", ".defaults"}, path.Ext(base))
}

// isTerraform knows what Terraform writes of what it made, with passwords in it, and what it is given for that.
func isTerraform(name string) bool {
	for _, end := range []string{".tfstate", ".tfstate.backup", ".tfvars", ".tfvars.json"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

// beginConfigurations looks at the files that have such names.
func beginConfigurations(p *probe) visitor {
	list := configurations()
	patterns := make([]*regexp.Regexp, len(list))
	for i, c := range list {
		patterns[i] = regexp.MustCompile(c.secret)
	}
	return visitFunc(func(f *rootfs.File) scanner {
		i := slices.IndexFunc(list, func(c configuration) bool { return c.is(f.Name) })
		if i < 0 || !p.ours(f) || f.Info.Size() > rootfs.ConfigSize {
			return nil
		}
		return func(c *chunk) bool {
			if p.isUnchanged(f.Name, c.Data) {
				return false
			}
			for _, at := range patterns[i].FindAllSubmatchIndex(c.Data, maxPerFile) {
				secret := group(c.Data, at)
				if (list[i].secret == applicationSecret || list[i].secret == typedSecret) && !looksRandom(secret) {
					continue
				}
				p.findSecret(Warning, f.Name, c.line(at[0]), secret, "%s", list[i].what)
			}
			return false
		}
	})
}

// group returns the first group that matched.
func group(data []byte, at []int) []byte {
	for i := 2; i < len(at); i += 2 {
		if at[i] >= 0 {
			return data[at[i]:at[i+1]]
		}
	}
	return data[at[0]:at[1]]
}
