package audit

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"amiforge/internal/rootfs"
)

// A credential is a file that is there to have credentials in it.
type credential struct {
	suffix string // of the name; one that ends in a slash is a directory
	what   string
	secret string // an expression of what has a secret; "" if all that is not empty does
}

// credentials lists them, what is in a directory behind what is known of it.
func credentials() []credential {
	const clouds = `(?i)(?:refresh|access)_?token"?\s*[:=]|private_key|client_?secret`
	const auth = `"(?:auth|identitytoken|password)"\s*:\s*"[^"]{4}`
	return []credential{
		{".aws/credentials", "AWS credentials", ""},
		{".aws/config", "AWS credentials", `(?i)aws_secret_access_key|aws_session_token`},
		{".aws/cli/cache/", "AWS session", ""},
		{".aws/sso/cache/", "AWS session", ""},
		{".boto", "cloud credentials", `(?m)^\s*(?:aws_secret_access_key|gs_secret_access_key|gs_oauth2_refresh_token)\s*=`},
		{".s3cfg", "S3 credentials", `(?m)^\s*secret_key\s*=\s*\S`},
		{".passwd-s3fs", "S3 credentials", ""},
		{"etc/passwd-s3fs", "S3 credentials", ""},
		{".mc/config.json", "S3 credentials", `"secretKey"\s*:\s*"[^"]{4}`},
		{".config/rclone/rclone.conf", "credentials of rclone", `(?m)^\s*(?:secret_access_key|pass|token|key)\s*=\s*\S`},
		{".config/gcloud/credentials.db", "Google credentials", ""},
		{".config/gcloud/access_tokens.db", "Google credentials", ""},
		{".config/gcloud/application_default_credentials.json", "Google credentials", ""},
		{".config/gcloud/legacy_credentials/", "Google credentials", ""},
		{".azure/accessTokens.json", "Azure credentials", ""},
		{".azure/msal_token_cache.json", "Azure credentials", ""},
		{".azure/msal_token_cache.bin", "Azure credentials", ""},
		{".azure/service_principal_entries.json", "Azure credentials", ""},
		{".docker/config.json", "credentials of a container registry", auth},
		{".dockercfg", "credentials of a container registry", auth},
		{"containers/auth.json", "credentials of a container registry", auth},
		{".kube/config", "Kubernetes credentials", `(?m)(?:client-key-data|token|password)\s*:\s*\S`},
		{"etc/kubernetes/admin.conf", "Kubernetes credentials", ""},
		{"etc/rancher/k3s/k3s.yaml", "Kubernetes credentials", ""},
		{".netrc", "passwords", `\bpassword\s+\S`},
		{".git-credentials", "passwords of git", ""},
		{".config/git/credentials", "passwords of git", ""},
		{".config/gh/hosts.yml", "GitHub token", `oauth_token\s*:\s*\S`},
		{".config/hub", "GitHub token", `oauth_token\s*:\s*\S`},
		{".npmrc", "npm token", `_(?:authToken|auth|password)\s*=\s*[^$\s]`},
		{".pypirc", "PyPI password", `(?m)^\s*password\s*[=:]\s*\S`},
		{".gem/credentials", "RubyGems key", ""},
		{".cargo/credentials", "crates.io token", ""},
		{".cargo/credentials.toml", "crates.io token", ""},
		{".m2/settings.xml", "Maven password", `<password>[^<$]`},
		{".vault-token", "Vault token", ""},
		{".terraform.d/credentials.tfrc.json", "Terraform token", ""},
		{".my.cnf", "MySQL password", `(?m)^\s*password\s*=\s*\S`},
		{".mylogin.cnf", "MySQL password", ""},
		{".pgpass", "PostgreSQL password", ""},
		{".smbcredentials", "password of a file server", `(?m)^\s*password\s*=\s*\S`},
		{".ssh/environment", "environment with secrets", `(?i)(?:secret|token|password)\w*=`},
		{".heroku/credentials", "Heroku key", ""},
		{"_netrc", "passwords", `\bpassword\s+\S`},
		{".yarnrc.yml", "npm token", `npmAuth(?:Token|Ident)\s*:\s*\S`},
		{".composer/auth.json", "PHP Composer token", `:\s*"[^"]{8}`},
		{".config/composer/auth.json", "PHP Composer token", `:\s*"[^"]{8}`},
		{".nuget/NuGet/NuGet.Config", "NuGet password", `(?i)"(?:ClearText)?Password"`},
		{".gradle/gradle.properties", "Gradle password", `(?im)^\s*\S*(?:password|token|secret)\s*=\s*\S`},
		{".sbt/.credentials", "Ivy password", `(?m)^\s*password\s*=\s*\S`},
		{".ivy2/.credentials", "Ivy password", `(?m)^\s*password\s*=\s*\S`},
		{".terraformrc", "Terraform token", `(?m)^\s*token\s*=\s*"[^"]`},
		{".terraform.d/credentials", "Terraform token", ""},
		{".terraform.d/credentials.tfrc", "Terraform token", ""},
		{".vault_pass", "Ansible Vault password", ""},
		{".vault_pass.txt", "Ansible Vault password", ""},
		{".databrickscfg", "Databricks token", `(?m)^\s*(?:password|token)\s*=\s*\S`},
		{".snowsql/config", "Snowflake password", `(?m)^\s*password\s*=\s*\S`},
		{".config/hcloud/cli.toml", "Hetzner Cloud token", `(?m)^\s*token\s*=\s*"[^"]`},
		{".config/doctl/config.yaml", "DigitalOcean token", `(?m)^\s*access-token:\s*\S`},
		{".config/helm/repositories.yaml", "Helm password", `(?m)^\s*password:\s*[^\s"]`},
		{".config/helm/registry/config.json", "credentials of a container registry", auth},
		{"etc/kubernetes/kubelet.conf", "Kubernetes credentials", `(?m)(?:client-key-data|token)\s*:\s*\S`},
		{"etc/kubernetes/super-admin.conf", "Kubernetes credentials", ""},
		{"etc/rancher/rke2/rke2.yaml", "Kubernetes credentials", ""},
		{"etc/rancher/rke2/config.yaml", "Kubernetes token", `(?m)^\s*token:\s*\S`},
		{"etc/rancher/k3s/config.yaml", "Kubernetes token", `(?m)^\s*token:\s*\S`},
		{"var/lib/rancher/k3s/server/token", "Kubernetes token", ""},
		{"var/lib/rancher/rke2/server/token", "Kubernetes token", ""},
		{"secrets/master.key", "key of Jenkins", ""},
		{"secrets/hudson.util.Secret", "key of Jenkins", ""},
		{"secrets/initialAdminPassword", "password of Jenkins", ""},
		{"config/master.key", "key of Rails", `^[0-9a-f]{32}`},
		{"config/credentials/production.key", "key of Rails", `^[0-9a-f]{32}`},
		{"Default/Login Data", "passwords of a browser", ""},
		{"logins.json", "passwords of a browser", `"encryptedPassword"\s*:`},
		{".bitcoin/wallet.dat", "wallet", ""},
		{".litecoin/wallet.dat", "wallet", ""},
		{".electrum/wallets/", "wallet", ""},
		{".ethereum/keystore/", "wallet", ""},
		{"etc/boto.cfg", "cloud credentials", `(?m)^\s*aws_secret_access_key\s*=`},
		{".config/gcloud/", "Google credentials", clouds},
		{".azure/", "Azure credentials", clouds},
	}
}

// beginCredentials looks for the files by name. One that is there, but has nothing of a secret that is known, is told as
// a Warning.
func beginCredentials(p *probe) visitor {
	list := credentials()
	patterns := make([]*regexp.Regexp, len(list))
	for i, c := range list {
		patterns[i] = regexp.MustCompile(c.secret)
	}
	return visitFunc(func(f *rootfs.File) scanner {
		i := slices.IndexFunc(list, func(c credential) bool { return c.matches(f.Name) })
		if i < 0 || !p.ours(f) {
			return nil
		}
		return func(c *chunk) bool {
			switch {
			case len(bytes.TrimSpace(c.Data)) == 0:
			case patterns[i].Match(c.Data):
				p.find(Error, f.Name, 0, "%s", list[i].what)
			case c.Last:
				p.find(Warning, f.Name, 0, "a file for %s, in which none are recognised", list[i].what)
			default:
				return true
			}
			return false
		}
	})
}

// matches does not allocate: it is asked of every file.
func (c credential) matches(name string) bool {
	if strings.HasSuffix(c.suffix, "/") {
		return strings.HasPrefix(name, c.suffix) || strings.Contains(name, c.suffix) && strings.Contains(name, "/"+c.suffix)
	}
	above, ok := strings.CutSuffix(name, c.suffix)
	return ok && (above == "" || strings.HasSuffix(above, "/"))
}
