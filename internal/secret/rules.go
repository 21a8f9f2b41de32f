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
	expr      string              // from the start; the last group that has something is the secret, or else all; shorter than Window
	loose     bool                // in data that is no text it may be chance
	quick     func(p []byte) bool // whether expr is worth to be tried: all that match pass
	entropy   float64             // the least of the secret, in bits a byte
	not       func(all, secret []byte) bool
	parse     func(p []byte) (Match, bool) // in place of expr
}

// rules returns all of them. That which has no other source is from what the issuer documents, or from the tokens that he
// issues, as kept in the patterns of gitleaks, trufflehog and GitHub's secret scanning.
func rules() []rule {
	return slices.Concat(keyRules(), awsRules(), cloudRules(), forgeRules(), serviceRules(), modelRules(), contextRules())
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
			id: "aws-bedrock-key", title: "Amazon Bedrock API key", class: Key, starts: []string{"ABSK"}, around: "+/",
			expr: `ABSK([A-Za-z0-9+/]{109,269}={0,2})`, entropy: 4,
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
		token("google-access-token", "Google access token", `ya29\.([0-9A-Za-z_-]{60,1000})`, "ya29.").hinting(),
		token("azure-client-secret", "Azure client secret", `[78]Q~([A-Za-z0-9_~.-]{31,34})`, slices.Concat(each("7Q~", url+"~."), each("8Q~", url+"~."))...).within().loosely(),
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
		token("tencent-secret-id", "Tencent Cloud secret ID", `AKID([A-Za-z0-9]{32})`, "AKID").mixed(),
		token("yandex-key", "Yandex Cloud API key", `AQVN([A-Za-z0-9_-]{35,38})`, "AQVN").mixed(),
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
		token("gitlab-token", "GitLab token", `GR1348941([0-9A-Za-z_-]{20})`, "GR1348941"),
		token("npm-token", "npm token", `npm_([A-Za-z0-9]{36})`, "npm_"),
		token("pypi-token", "PyPI token", `pypi-(AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZw)[A-Za-z0-9_-]{50,1000})`, "pypi-AgE"),
		token("rubygems-key", "RubyGems API key", `rubygems_([a-f0-9]{48})`, "rubygems_"),
		token("docker-hub-token", "Docker Hub token", `dckr_[po]at_([A-Za-z0-9_-]{27,32})`, "dckr_pat_", "dckr_oat_"),
		token("atlassian-token", "Atlassian API token", `AT(?:ATT3xFfGF0|CTT3xFfGN0)([A-Za-z0-9_=-]{100,250})`, "ATATT3xFfGF0", "ATCTT3xFfGN0"),
		token("bitbucket-password", "Bitbucket app password", `ATBB([A-Za-z0-9]{32})`, "ATBB").mixed(),
		token("crates-token", "crates.io token", `cio([A-Za-z0-9]{32})`, each("cio", word)...).mixed().loosely(),
		token("nuget-key", "NuGet API key", `oy2([a-z0-9]{43})`, each("oy2", lower+digits)...).loosely(),
		token("clojars-token", "Clojars token", `CLOJARS_([a-z0-9]{60})`, "CLOJARS_"),
		token("artifactory-key", "Artifactory API key", `(?:AKCp([A-Za-z0-9]{69})|cmVmdGtu([A-Za-z0-9]{56}))`, "AKCp", "cmVmdGtu").mixed(),
		token("sonar-token", "SonarQube token", `sq[upa]_([a-f0-9]{40})`, "squ_", "sqp_", "sqa_"),
		token("circleci-token", "CircleCI token", `CCI(?:PAT|PRJ)_([A-Za-z0-9]{22}_[a-f0-9]{40})`, "CCIPAT_", "CCIPRJ_"),
		token("buildkite-token", "Buildkite token", `bkua_([a-f0-9]{40})`, "bkua_"),
	}
}

// contextRules are of secrets that have no form of their own, and are known by what stands around them.
func contextRules() []rule {
	return []rule{
		{
			id: "twilio-token", title: "Twilio auth token", class: Token, starts: []string{"twilio"}, fold: true, inside: true,
			expr: `(?i:twilio)[A-Za-z0-9_. -]{0,30}["'\]]{0,2}[ \t]{0,4}(?:=>|[=:,>])[ \t]{0,4}["']?([0-9a-f]{32})`, entropy: 3, loose: true, quick: hasRun(32, 60, isAlphanumeric),
		},
		{
			id: "mailgun-key", title: "Mailgun API key", class: Token, starts: []string{"mailgun"}, fold: true, inside: true, around: "-",
			expr: `(?i:mailgun)[A-Za-z0-9_. -]{0,30}["'\]]{0,2}[ \t]{0,4}(?:=>|[=:,>])[ \t]{0,4}["']?(?:key-)?([0-9a-f]{32}(?:-[0-9a-f]{8}-[0-9a-f]{8})?)`, entropy: 3, loose: true,
		},
		{ // RFC 7617, RFC 6750
			id: "authorization", title: "credentials of an HTTP request", class: Hint, starts: []string{"authorization"}, fold: true, inside: true, around: "-.",
			expr: `(?i:authorization)["']?[ \t]{0,4}[:=][ \t]{0,4}["']?(?i:basic|bearer|token) ([A-Za-z0-9+/._~-]{12,1000}={0,2})`, entropy: 3, not: isOneCase, loose: true,
		},
		{ // crypt(5), and GRUB's
			id: "password-hash", title: "hash of a password", class: Hint, starts: hashStarts(), inside: true,
			expr: `(?:\$(?:[156]|apr1)\$(?:rounds=\d{1,9}\$)?[^$\s:"']{1,16}\$([./0-9A-Za-z]{22,86})|\$(?:y|gy|7)\$[./0-9A-Za-z]{1,30}\$[./0-9A-Za-z]{1,86}\$([./0-9A-Za-z]{43})|` +
				`\$2[aby]\$\d\d\$([./0-9A-Za-z]{53})|grub\.pbkdf2\.sha512\.\d{1,9}\.[0-9A-F]{64,256}\.([0-9A-F]{64,256}))`,
			around: "./$", entropy: 3, loose: true,
		},
		{ // RFC 3986, 3.2.1
			id: "url-password", title: "password in a URL", class: Token, starts: each("://", url+":.~%!&+;="), inside: true,
			expr: `://([^\s:/?#@"'<>{}()\[\]|\\^$*` + "`" + `]{0,64}):([^\s:/?#@"'<>{}()\[\]|\\^$*` + "`" + `]{3,128})@[A-Za-z0-9.-]{1,253}`,
			not:  notPassword(), loose: true, quick: hasUserInfo,
		},
		{
			id: "url-token", title: "token in a URL", class: Token, starts: each("://", digits+"abcdef"), inside: true,
			expr: `://([0-9a-f]{40})(?::x-oauth-basic)?@[A-Za-z0-9.-]{1,253}`, entropy: 3, loose: true, quick: hasUserInfo,
		},
		{ // JDBC, ADO.NET
			id: "connection-password", title: "password of a database", class: Token, starts: []string{"jdbc:", "server=", "data source="}, fold: true,
			expr: `(?i:jdbc:[^\s"'<>]{1,300}[?&;]|(?:server|data source)=[^"'<>\n]{1,300};[ \t]{0,4})(?i:password|pwd)=([^&;\s"'<>$%{}]{4,128})`,
			not:  notPassword(), loose: true,
		},
		{ // RFC 7519: the token of a session, a service account of Kubernetes
			id: "jwt", title: "JSON web token", class: Hint, starts: each("eyJ", "hjklqrt0234"), around: ".-",
			expr: `eyJ[A-Za-z0-9_-]{10,500}\.eyJ[A-Za-z0-9_-]{10,900}\.([A-Za-z0-9_-]{20,600})`, entropy: 3.5,
		},
	}
}

// hashStarts are what a hash of crypt(5) begins with: its method, and a first letter of its salt.
func hashStarts() []string {
	list := []string{"$gy$", "$2a$", "$2b$", "$2y$", "$apr1$", "grub.pbkdf2."}
	for _, method := range []string{"$1$", "$5$", "$6$", "$7$", "$y$"} {
		list = append(list, each(method, word+"./")...)
	}
	return list
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

// hinting is for a token that goes out of date soon.
func (r rule) hinting() rule {
	r.class = Hint
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

// bothCases wants of the secret that it has letters of both cases.
func (r rule) bothCases() rule {
	r.not, r.entropy = isOneCase, 3.8
	return r
}

const (
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lower  = "abcdefghijklmnopqrstuvwxyz"
	digits = "0123456789"
	word   = upper + lower + digits
	url    = word + "_-"
)

// each returns word with each of the bytes behind it.
func each(word, bytes string) []string {
	var list []string
	for _, c := range []byte(bytes) {
		list = append(list, word+string(c))
	}
	return list
}
