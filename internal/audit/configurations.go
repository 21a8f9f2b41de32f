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
		{"password of a mail server", base("msmtprc", ".msmtprc", "ssmtp.conf", ".fetchmailrc", ".muttrc"), `(?im)^[ \t]*(?:auth)?pass(?:word)?[ \t=]+["']?([^\s"'#]{4,})`},
		{"password of a repository", matches("etc/apt/auth.conf", "etc/apt/auth.conf.d/*"), `\bpassword\s+(\S+)`},
		{"password of a repository", matches("etc/yum.repos.d/*", "etc/yum.conf", "etc/dnf/dnf.conf", "etc/zypp/credentials.d/*"), `(?m)^[ \t]*(?:proxy_)?password[ \t]*=[ \t]*(\S+)`},
		{"password of a file server", matches("etc/samba/smbpasswd"), `(?m)^[^:#\n]+:\d+:[0-9A-FX]{32}:([0-9A-F]{32}):`},
		{"password of a file server", matches("etc/samba/*cred*", "etc/*smb*cred*", "etc/*cifs*cred*", "root/*cred*"), `(?m)^[ \t]*password[ \t]*=[ \t]*(\S+)`},
		{"password of a file server", matches("etc/fstab", "etc/auto.*", "etc/systemd/system/*.mount"), `(?m)^[^#\n]*\bpass(?:word)?=([^,\s]+)`},
		{"password of a provider", matches("etc/ppp/*secrets", "etc/ppp/peers/*", "etc/ipsec.secrets", "etc/swanctl/conf.d/*"), `(?m)^[ \t]*(?:[^#\s]\S*[ \t]+\S+[ \t]+["']?([^\s"'#]+)|[^#\n]*\bPSK[ \t]+["']([^"'\n]+)|password[ \t]+["']?([^\s"'#]+))`},
		{"password of a network", matches("etc/NetworkManager/system-connections/*"), `(?m)^(?:psk|password|wep-key\d|private-key-password|secret|leap-password)=([^\s]+)`},
		{"password of a network", matches("etc/wpa_supplicant/*.conf", "etc/wpa_supplicant.conf", "etc/network/interfaces", "etc/network/interfaces.d/*", "var/lib/iwd/*.psk"), `(?m)^[ \t]*(?:psk|password|wpa-psk|wep_key\d|Passphrase|PreSharedKey)[ \t]*[= \t][ \t]*"?([^\s"#]+)`},
		{"password of a network", matches("etc/netplan/*.yaml"), `(?m)^[ \t]*"?password"?:[ \t]*["']?([^\s"'#]+)`},
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
			for _, at := range patterns[i].FindAllSubmatchIndex(c.Data, maxPerFile) {
				p.findSecret(Warning, f.Name, c.line(at[0]), group(c.Data, at), "%s", list[i].what)
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
