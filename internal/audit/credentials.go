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
		{".mcli/config.json", "S3 credentials", `"secretKey"\s*:\s*"[^"]{4}`},
		{".rclone.conf", "credentials of rclone", `(?m)^\s*(?:secret_access_key|pass|token|key)\s*=\s*\S`},
		{".b2_account_info", "Backblaze credentials", ""},
		{".config/b2/account_info", "Backblaze credentials", ""},
		{".oci/config", "Oracle Cloud credentials", `(?m)^\s*(?:pass_phrase|key_file|security_token_file)\s*=\s*\S`},
		{".aliyun/config.json", "Alibaba Cloud credentials", `"access_key_secret"\s*:\s*"[^"]{4}`},
		{".bluemix/config.json", "IBM Cloud credentials", `"IAM(?:Refresh)?Token"\s*:\s*"[^"]{4}`},
		{".fly/config.yml", "Fly.io token", `(?m)^\s*access_token\s*:\s*\S`},
		{".edgerc", "Akamai credentials", `(?m)^\s*client_secret\s*=\s*\S`},
		{"clouds.yaml", "OpenStack password", `(?m)^\s*(?:password|application_credential_secret)\s*:\s*\S`},
		{"secure.yaml", "OpenStack password", `(?m)^\s*(?:password|application_credential_secret)\s*:\s*\S`},
		{".authinfo", "passwords", `\bpassword\s+\S`},
		{"etc/netrc", "passwords", `\bpassword\s+\S`},
		{"pypoetry/auth.toml", "PyPI password", `(?m)^\s*(?:password|\S+)\s*=\s*"[^"]{4}`},
		{".local/share/gem/credentials", "RubyGems key", ""},
		{".bundle/config", "password of Bundler", `(?m)^BUNDLE_[A-Z0-9_]*(?:__|TOKEN|KEY)[A-Z0-9_]*:\s*"?\S+:\S`},
		{".m2/settings-security.xml", "Maven password", `<master>[^<]`},
		{".pg_service.conf", "PostgreSQL password", `(?m)^\s*password\s*=\s*\S`},
		{".dbt/profiles.yml", "password of a database", `(?m)^\s*(?:password|pass|token|private_key_passphrase)\s*:\s*["']?[^\s"'{]`},
		{".davfs2/secrets", "password of a file server", `(?m)^\s*[^#\s]\S*\s+\S+\s+\S`},
		{"etc/davfs2/secrets", "password of a file server", `(?m)^\s*[^#\s]\S*\s+\S+\s+\S`},
		{".cifs", "password of a file server", `(?m)^\s*password\s*=\s*\S`},
		{".config/filezilla/sitemanager.xml", "passwords of file servers", `<Pass[^>]*>[^<]`},
		{".config/filezilla/recentservers.xml", "passwords of file servers", `<Pass[^>]*>[^<]`},
		{".ncftp/bookmarks", "passwords of file servers", `\*encoded\*`},
		{".subversion/auth/svn.simple/", "passwords of Subversion", `(?m)^password$`},
		{".circleci/cli.yml", "CircleCI token", `(?m)^\s*token\s*:\s*\S`},
		{".travis/config.yml", "Travis CI token", `(?m)^\s*access_token\s*:\s*\S`},
		{".config/ngrok/ngrok.yml", "ngrok token", `(?m)^\s*authtoken\s*:\s*\S`},
		{".ngrok2/ngrok.yml", "ngrok token", `(?m)^\s*authtoken\s*:\s*\S`},
		{".kaggle/kaggle.json", "Kaggle key", `"key"\s*:\s*"[^"]{8}`},
		{"huggingface/token", "Hugging Face token", ""},
		{"huggingface/stored_tokens", "Hugging Face token", ""},
		{".claude/.credentials.json", "Anthropic credentials", ""},
		{".codex/auth.json", "OpenAI credentials", ""},
		{".gemini/oauth_creds.json", "Google credentials", ""},
		{".config/op/config", "1Password credentials", `"accountKey"`},
		{".ansible/vault_pass", "Ansible Vault password", ""},
		{".erlang.cookie", "cookie of Erlang, which lets in", ""},
		{".vnc/passwd", "VNC password", ""},
		{".config/tigervnc/passwd", "VNC password", ""},
		{".google_authenticator", "secret of a second factor", ""},
		{"etc/users.oath", "secrets of a second factor", `(?m)^[^#\s]`},
		{".jupyter/jupyter_server_config.json", "password of Jupyter", `"(?:hashed_)?password"\s*:\s*"[^"]`},
		{".jupyter/jupyter_notebook_config.json", "password of Jupyter", `"(?:hashed_)?password"\s*:\s*"[^"]`},
		{".password-store/", "passwords of pass", ""},
		{".local/share/keyrings/", "passwords of GNOME", ""},
		{".local/share/kwalletd/", "passwords of KDE", ""},
		{".purple/accounts.xml", "passwords of Pidgin", `<password>[^<]`},
		{".config/borg/keys/", "key of Borg", ""},
		{"var/lib/kubelet/config.json", "credentials of a container registry", auth},
		{"etc/docker/config.json", "credentials of a container registry", auth},
		{"containers/0/auth.json", "credentials of a container registry", auth},
		{"etc/gitlab/gitlab-secrets.json", "keys of GitLab", ""},
		{"var/lib/amazon/ssm/Vault/Store/RegistrationKey", "registration of the SSM agent", ""},
		{"var/lib/tailscale/tailscaled.state", "keys of Tailscale", `(?i)key`},
		{"var/lib/samba/private/secrets.tdb", "passwords of Samba", ""},
		{"var/lib/samba/private/passdb.tdb", "passwords of Samba", ""},
		{"var/lib/krb5kdc/principal", "keys of all users of Kerberos", ""},
		{"var/kerberos/krb5kdc/principal", "keys of all users of Kerberos", ""},
		{"etc/krb5kdc/stash", "key of a Kerberos database", ""},
		{"etc/munge/munge.key", "key of MUNGE", ""},
		{"etc/corosync/authkey", "key of Corosync", ""},
		{"etc/wireguard/privatekey", "WireGuard private key", ""},
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
			case len(bytes.TrimSpace(c.Data)) == 0, c.Last && c.Offset == 0 && p.isUnchanged(f.Name, c.Data):
			case patterns[i].Match(c.Data):
				severity := Error
				if isLibraryTest(f.Name) {
					severity = Warning
				}
				p.find(severity, f.Name, 0, "%s", list[i].what)
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
