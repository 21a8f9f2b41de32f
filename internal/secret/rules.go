package secret

import "slices"

// A rule is a pattern of a secret. It begins with one of a few words; the rest is tried only where they are.
type rule struct {
	id, title string
	class     Class
	starts    []string            // at least four bytes each
	fold      bool                // the case of the words does not matter; they are in lower case
	inside    bool                // it may be a part of a longer word
	around    string              // besides letters, digits and _: bytes that do not stand behind it nor, = excepted and if it is not inside, before it
	expr      string              // from the start; the last group is the secret, or else all; shorter than Window
	loose     bool                // in data that is no text it may be chance
	quick     func(p []byte) bool // whether expr is worth to be tried: all that match pass
	entropy   float64             // the least of the secret, in bits a byte
	not       func(all, secret []byte) bool
	parse     func(p []byte) (Match, bool) // in place of expr
}

// rules returns all of them. That which has no other source is from what the issuer documents, or from the tokens that he
// issues, as kept in the patterns of gitleaks, trufflehog and GitHub's secret scanning.
func rules() []rule {
	return slices.Concat(keyRules(), awsRules(), cloudRules(), forgeRules(), serviceRules(), contextRules())
}

func keyRules() []rule {
	return []rule{
		{id: "private-key", title: "private key", class: Key, starts: []string{pemBegin}, inside: true, parse: parsePEMMatch},
		{ // age-encryption.org, 5.1
			id: "age-secret-key", title: "age secret key", class: Key, starts: []string{"AGE-SECRET-KEY-"},
			expr: `AGE-SECRET-KEY-(?:PQ-)?1([QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58})`, entropy: 3,
		},
	}
}

func parsePEMMatch(p []byte) (Match, bool) {
	key, ok := parsePEM(p[:min(len(p), pemWindow)])
	return Match{Rule: "private-key", Title: key.title, Class: Key, Length: key.length, Hash: Hash(key.body)}, ok
}

// awsRules: the prefixes are those of [IAM User Guide, Understanding unique ID prefixes].
func awsRules() []rule {
	key := append(each("A3T", upper+digits), "AKIA", "ABIA", "ACCA", "ASIA")
	return []rule{
		{
			id: "aws-access-key", title: "AWS access key ID", class: Key, starts: key,
			expr: `(?:A3T[A-Z0-9]|AKIA|ABIA|ACCA|ASIA)[A-Z0-9]{16}`, around: "+/=", entropy: 2.5,
		},
		{
			id: "aws-unique-id", title: "ID of an AWS user, role or policy", class: Hint, around: "+/=",
			starts: []string{"AGPA", "AIDA", "AROA", "AIPA", "ANPA", "ANVA"}, expr: `[A-Z]{4}[A-Z0-9]{16,17}`, entropy: 2.5,
		},
		{ // passwd-s3fs, a CSV file of the console, a command line
			id: "aws-secret-key", title: "AWS secret access key", class: Key, starts: []string{"AKIA", "ASIA"}, around: "+/=",
			expr: `A[KS]IA[A-Z0-9]{16}[:,;| \t"']{1,4}([A-Za-z0-9/+]{40})`, entropy: 4, not: isNotMixed,
		},
		{ // aws_secret_access_key, SecretAccessKey, AWS secret key, secretKey
			id: "aws-secret-key", title: "AWS secret access key", class: Key, starts: []string{"secret"}, fold: true, inside: true, around: "+/=",
			expr:    `(?i:secret)[A-Za-z0-9_. -]{0,30}["'\]]{0,2}[ \t]{0,4}(?:=>|:=|[=:,>|]|[ \t])[ \t]{0,4}\\?["']?([A-Za-z0-9/+]{40})`,
			entropy: 4, not: isNotMixed, loose: true, quick: hasRun(40, 60, isBase64),
		},
		{ // ec2-upload-bundle, the tools of old
			id: "aws-secret-key", title: "AWS secret access key", class: Key, starts: []string{" -s "}, inside: true, around: "+/=",
			expr: ` -s ["']?([A-Za-z0-9/+]{40})`, entropy: 4, not: isNotMixed, loose: true, quick: hasRun(40, 6, isBase64),
		},
		{
			id: "aws-mws", title: "Amazon MWS token", class: Token, starts: []string{"amzn.mws."},
			expr: `amzn\.mws\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})`, entropy: 2.5,
		},
	}
}

func cloudRules() []rule {
	return []rule{
		token("google-api-key", "Google API key", `AIza([0-9A-Za-z_-]{35})`, "AIza"),
		token("google-client-secret", "Google OAuth client secret", `GOCSPX-([0-9A-Za-z_-]{28})`, "GOCSPX-"),
		token("google-refresh-token", "Google refresh token", `1//0([0-9A-Za-z_-]{40,160})`, "1//0").loosely(),
		{
			id: "azure-account-key", title: "Azure storage account key", class: Token, starts: []string{"AccountKey="},
			expr: `AccountKey=([A-Za-z0-9+/]{86}==)`, entropy: 4,
		},
		{
			id: "azure-shared-key", title: "Azure shared access key", class: Token, starts: []string{"SharedAccessKey="},
			expr: `SharedAccessKey=([A-Za-z0-9+/]{43}=)`, entropy: 4,
		},
		{
			id: "azure-signature", title: "Azure shared access signature", class: Token, starts: []string{"sig="},
			expr: `sig=([A-Za-z0-9%]{43,80}%3[dD])`, entropy: 4,
		},
		token("alibaba-access-key", "Alibaba Cloud access key ID", `LTAI([A-Za-z0-9]{20})`, "LTAI"),
		token("digitalocean-token", "DigitalOcean token", `do[opr]_v1_([a-f0-9]{64})`, "doo_v1_", "dop_v1_", "dor_v1_"),
		token("databricks-token", "Databricks token", `dapi([a-f0-9]{32})`, "dapi"),
		token("heroku-key", "Heroku API key", `HRKU-AA([0-9A-Za-z_-]{58})`, "HRKU-AA"),
		token("flyio-token", "Fly.io token", `fm[12][ar]?_([A-Za-z0-9+/]{100,600})`, "fm1r_", "fm1a_", "fm2_"),
	}
}

func forgeRules() []rule {
	return []rule{
		token("github-token", "GitHub token", `gh[pousr]_([A-Za-z0-9]{36,255})`, "ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
		token("github-token", "GitHub token", `github_pat_([A-Za-z0-9]{22}_[A-Za-z0-9]{59})`, "github_pat_"),
		{ // docs.gitlab.com, security/tokens
			id: "gitlab-token", title: "GitLab token", class: Token, around: "-", entropy: 3.2,
			starts: []string{"glpat-", "gloas-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glimt-", "glagent-", "glsoat-", "glffct-"},
			expr:   `gl(?:pat|oas|dt|rt|cbt|ptt|ft|imt|agent|soat|ffct)-([0-9A-Za-z_-]{20,300}(?:\.[0-9a-z]{2}\.[0-9a-z]{7,9})?)`,
		},
		token("npm-token", "npm token", `npm_([A-Za-z0-9]{36})`, "npm_"),
		token("pypi-token", "PyPI token", `pypi-(AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZw)[A-Za-z0-9_-]{50,1000})`, "pypi-AgE"),
		token("rubygems-key", "RubyGems API key", `rubygems_([a-f0-9]{48})`, "rubygems_"),
		token("docker-hub-token", "Docker Hub token", `dckr_[po]at_([A-Za-z0-9_-]{27,32})`, "dckr_pat_", "dckr_oat_"),
		token("atlassian-token", "Atlassian API token", `ATATT3xFfGF0([A-Za-z0-9_=-]{100,250})`, "ATATT3xFfGF0"),
	}
}

func serviceRules() []rule {
	return []rule{
		token("slack-token", "Slack token", `xox[abeoprs](?:\.xox[bp])?-([0-9]{1,13}-[0-9A-Za-z-]{10,200})`, each("xox", "abeoprs")...),
		token("slack-token", "Slack token", `xapp-([0-9]-[A-Z0-9]{6,20}-[0-9]{6,20}-[a-z0-9]{20,100})`, "xapp-"),
		{
			id: "slack-webhook", title: "Slack webhook", class: Token, starts: []string{"hooks.slack.com/"},
			expr: `hooks\.slack\.com/(?:services|workflows)/((?:T[A-Z0-9]{7,12}/)[AB][A-Z0-9]{7,12}/[A-Za-z0-9/]{16,60})`, entropy: 3.5,
		},
		token("stripe-key", "Stripe key", `[sr]k_live_([A-Za-z0-9]{20,250})`, "sk_live_", "rk_live_"),
		token("sendgrid-key", "SendGrid API key", `SG\.([A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43})`, each("SG.", upper+lower+digits+"_-")...),
		token("vault-token", "HashiCorp Vault token", `hv[bsr]\.([A-Za-z0-9_-]{24,300})`, "hvs.", "hvb.", "hvr.").loosely(),
		{
			id: "terraform-token", title: "HCP Terraform token", class: Token, starts: []string{".atlasv1."}, inside: true, around: "-",
			expr: `\.atlasv1\.([A-Za-z0-9_-]{60,70})`, entropy: 3.5,
		},
		token("anthropic-key", "Anthropic API key", `sk-ant-(?:api|admin|oat|ort)[0-9]{2}-([A-Za-z0-9_-]{80,120})`, "sk-ant-"),
		token("openai-key", "OpenAI API key", `sk-(?:proj|svcacct|admin)-([A-Za-z0-9_-]{40,250})`, "sk-proj-", "sk-svcacct-", "sk-admin-"),
		token("openai-key", "OpenAI API key", `T3BlbkFJ([A-Za-z0-9_-]{20,100})`, "T3BlbkFJ").within().loosely(),
		token("huggingface-token", "Hugging Face token", `hf_([A-Za-z0-9]{34})`, each("hf_", upper+lower+digits)...).mixed(),
		token("shopify-token", "Shopify token", `shp(?:at|ca|pa|ss)_([a-fA-F0-9]{32})`, "shpat_", "shpca_", "shppa_", "shpss_"),
		token("square-token", "Square token", `sq0(?:atp|csp)-([0-9A-Za-z_-]{22,43})`, "sq0atp-", "sq0csp-"),
		token("newrelic-key", "New Relic key", `NRAK-([A-Z0-9]{27})`, "NRAK-"),
		token("grafana-token", "Grafana token", `glsa_([A-Za-z0-9]{32}_[A-Fa-f0-9]{8})`, "glsa_"),
		token("sentry-token", "Sentry token", `sntry[su]_([A-Za-z0-9_=+/-]{60,300})`, "sntrys_", "sntryu_"),
		token("tailscale-key", "Tailscale key", `tskey-(?:auth|api|client|scim|webhook)-([A-Za-z0-9-]{20,80})`, "tskey-"),
		token("pulumi-token", "Pulumi token", `pul-([a-f0-9]{40})`, "pul-"),
		token("doppler-token", "Doppler token", `dp\.(?:pt|st|ct|sa)\.([A-Za-z0-9._-]{40,80})`, "dp.pt.", "dp.st.", "dp.ct.", "dp.sa."),
		token("postman-key", "Postman API key", `PMAK-([a-f0-9]{24}-[a-f0-9]{34})`, "PMAK-"),
		token("1password-token", "1Password service account token", `ops_(eyJ[A-Za-z0-9+/]{250,1000})`, "ops_eyJ"),
	}
}

// contextRules are of secrets that have no form of their own, and are known by what stands around them.
func contextRules() []rule {
	return []rule{
		{
			id: "twilio-token", title: "Twilio auth token", class: Token, starts: []string{"twilio"}, fold: true, inside: true,
			expr: `(?i:twilio)[A-Za-z0-9_. -]{0,30}["'\]]{0,2}[ \t]{0,4}(?:=>|[=:,>])[ \t]{0,4}["']?([0-9a-f]{32})`, entropy: 3, loose: true, quick: hasRun(32, 60, isAlphanumeric),
		},
		{ // RFC 3986, 3.2.1
			id: "url-password", title: "password in a URL", class: Token, starts: each("://", upper+lower+digits+":_-.~%!&+;="), inside: true,
			expr: `://([^\s:/?#@"'<>{}()\[\]|\\^$*` + "`" + `]{0,64}):([^\s:/?#@"'<>{}()\[\]|\\^$*` + "`" + `]{3,128})@[A-Za-z0-9.-]{1,253}`,
			not:  notPassword(), loose: true, quick: hasUserInfo,
		},
		{ // RFC 7519: the token of a session, a service account of Kubernetes
			id: "jwt", title: "JSON web token", class: Hint, starts: each("eyJ", "hjklqrt0234"), around: ".-",
			expr: `eyJ[A-Za-z0-9_-]{10,500}\.eyJ[A-Za-z0-9_-]{10,900}\.([A-Za-z0-9_-]{20,600})`, entropy: 3.5,
		},
	}
}

// token is the rule of a token that is known by how it begins.
func token(id, title, expr string, starts ...string) rule {
	return rule{id: id, title: title, class: Token, starts: starts, expr: expr, around: "-", entropy: 3}
}

// within lets what matches be a part of a longer word.
func (r rule) within() rule {
	r.inside = true
	return r
}

// loosely is for a token that can be of any length and begins with little: in a program, whose texts stand one behind the
// other without a gap, it may be chance.
func (r rule) loosely() rule {
	r.loose = true
	return r
}

// mixed wants of the secret that it has letters of both cases, and digits.
func (r rule) mixed() rule {
	r.not, r.entropy = isNotMixed, 3.8
	return r
}

const (
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lower  = "abcdefghijklmnopqrstuvwxyz"
	digits = "0123456789"
)

// each returns word with each of the bytes behind it.
func each(word, bytes string) []string {
	var list []string
	for _, c := range []byte(bytes) {
		list = append(list, word+string(c))
	}
	return list
}
