package secret_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"amiforge/internal/secret"

	"github.com/google/go-cmp/cmp"
)

const (
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lower  = "abcdefghijklmnopqrstuvwxyz"
	digits = "0123456789"
	word   = upper + lower + digits
	url    = word + "-_"
	hexa   = digits + "abcdef"
)

// random returns n characters of an alphabet, always the same ones: no secret stands in this source.
func random(alphabet string, n int) string {
	r := rand.New(rand.NewPCG(uint64(n), uint64(len(alphabet))))
	p := make([]byte, n)
	for i := range p {
		p[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(p)
}

// A plant is a text with a secret in it.
type plant struct{ rule, text, secret string }

func plants() []plant {
	key, uuid := random(upper+"234567", 16), random(hexa, 8)+strings.Repeat("-"+random(hexa, 4), 3)+"-"+random(hexa, 12)
	secretKey := "a1B" + random(word+"/+", 37)
	jwt := "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0."
	list := []plant{
		{"private-key", "-----BEGIN " + "PRIVATE KEY-----\n" + ed25519 + "\n-----END PRIVATE KEY-----", ed25519},
		{"private-key", `"private_key": "-----BEGIN ` + `PRIVATE KEY-----\n` + ed25519 + `\n-----END PRIVATE KEY-----\n"`, ed25519},
		{"age-secret-key", "AGE-SECRET-KEY-1", random("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58)},
		{"aws-access-key", "aws_access_key_id=", "AKIA" + key},
		{"aws-access-key", "id ", "A3TX" + key},
		{"aws-access-key", "\x00\x01", "ASIA" + key},
		{"aws-unique-id", `"aws:userid": "`, "AROA" + key},
		{"aws-secret-key", "aws_secret_access_key = ", secretKey},
		{"aws-secret-key", "AWS_SECRET_ACCESS_KEY=", secretKey},
		{"aws-secret-key", `"SecretAccessKey": "`, secretKey},
		{"aws-secret-key", "<SecretAccessKey>", secretKey},
		{"aws-secret-key", `secret_key: '`, secretKey},
		{"aws-secret-key", `['secret'] => "`, secretKey},
		{"aws-secret-key", "ec2-upload-bundle -a x -s ", secretKey},
		{"aws-mws", "amzn.mws.", uuid},
		{"google-api-key", "AI" + "za", random(url, 35)},
		{"google-client-secret", "GOCSPX-", random(url, 28)},
		{"google-refresh-token", `"1//0`, random(url, 80)},
		{"azure-account-key", "AccountName=a;AccountKey=", random(word+"+/", 86) + "=="},
		{"azure-shared-key", "SharedAccessKey=", random(word+"+/", 43) + "="},
		{"azure-signature", "?sv=2020&sig=", random(word, 43) + "%3D"},
		{"alibaba-access-key", "LTAI", random(word, 20)},
		{"digitalocean-token", "dop_v1_", random(hexa, 64)},
		{"databricks-token", "dapi", random(hexa, 32)},
		{"heroku-key", "HRKU-AA", random(url, 58)},
		{"flyio-token", "FlyV1 fm2_", random(word+"+/", 300)},
		{"aws-bedrock-key", "ABSK", random(word+"+/", 130)},
		{"google-access-token", "ya29.", random(url, 120)},
		{"azure-client-secret", "abc8Q~", random(word, 34)},
		{"tencent-secret-id", "AKID", random(word, 32)},
		{"yandex-key", "AQVN", random(word, 36)},
		{"gitlab-token", "GR1348941", random(word, 20)},
		{"bitbucket-password", "ATBB", random(word, 32)},
		{"crates-token", "cio", random(word, 32)},
		{"nuget-key", "oy2", random(lower+digits, 43)},
		{"clojars-token", "CLOJARS_", random(lower+digits, 60)},
		{"artifactory-key", "AKCp", random(word, 69)},
		{"artifactory-key", "cmVmdGtu", random(word, 56)},
		{"sonar-token", "squ_", random(hexa, 40)},
		{"circleci-token", "CCIPAT_", random(word, 22) + "_" + random(hexa, 40)},
		{"buildkite-token", "bkua_", random(hexa, 40)},
		{"telegram-token", "https://api.telegram.org/bot123456789:AA", random(word, 33)},
		{"discord-webhook", "https://discord.com/api/webhooks/123456789012345678/", random(url, 68)},
		{"stripe-webhook-secret", "whsec_", random(word, 32)},
		{"grafana-token", "glc_", random(word, 120)},
		{"linear-key", "lin_api_", random(word, 40)},
		{"notion-token", "ntn_", random(word, 46)},
		{"notion-token", "secret_", random(word, 43)},
		{"airtable-token", "pat", random(word, 14) + "." + random(hexa, 64)},
		{"figma-token", "figd_", random(word, 40)},
		{"okta-token", "SSWS ", "00" + random(word, 40)},
		{"paypal-token", "access_token$production$", random(lower+digits, 16) + "$" + random(hexa, 32)},
		{"plaid-token", "access-production-", uuid},
		{"lob-key", "live_", random(hexa, 35)},
		{"planetscale-token", "pscale_tkn_", random(word, 43)},
		{"supabase-key", "sbp_", random(hexa, 40)},
		{"supabase-key", "sb_secret_", random(word, 31)},
		{"neon-key", "napi_", random(lower+digits, 64)},
		{"contentful-token", "CFPAT-", random(word, 43)},
		{"typeform-token", "tfp_", random(word, 44) + "_" + random(word, 14)},
		{"brevo-key", "xkeysib-", random(hexa, 64) + "-" + random(word, 16)},
		{"dynatrace-token", "dt0c01.", random(upper+"234567", 24) + "." + random(upper+"234567", 64)},
		{"openshift-token", "sha256~", random(word, 43)},
		{"groq-key", "gsk_", random(word, 52)},
		{"openrouter-key", "sk-or-v1-", random(hexa, 64)},
		{"perplexity-key", "pplx-", random(word, 48)},
		{"replicate-token", "r8_", random(word, 37)},
		{"xai-key", "xai-", random(word, 80)},
		{"mailgun-key", "MAILGUN_API_KEY=key-", random(hexa, 32)},
		{"mailgun-key", "mailgun_key: ", random(hexa, 32) + "-" + random(hexa, 8) + "-" + random(hexa, 8)},
		{"authorization", "Authorization: Basic ", random(word, 24) + "=="},
		{"authorization", `"authorization": "Bearer `, random(url, 64)},
		{"password-hash", "rootpw --iscrypted $6$", "saltsalt$" + random(word+"./", 86)},
		{"password-hash", "passwd: $y$j9T$saltsalt$", random(word+"./", 43)},
		{"password-hash", "$2b$12$", random(word+"./", 53)},
		{"password-hash", "bob:$apr1$saltsalt$", random(word+"./", 22)},
		{"password-hash", "password_pbkdf2 root grub.pbkdf2.sha512.10000." + random(upper[:6]+digits, 64) + ".", random(upper[:6]+digits, 128)},
		{"huggingface-token", "hf_", random(upper+lower, 34)},
		{"github-token", "ghp_", random(word, 36)},
		{"github-token", "ghs_", random(word, 36)},
		{"github-token", "github_pat_", random(word, 22) + "_" + random(word, 59)},
		{"gitlab-token", "glpat-", random(url, 20)},
		{"gitlab-token", "glrt-", random(url, 20)},
		{"gitlab-token", "glpat-", random(url, 27) + ".0f." + random(lower, 8)},
		{"npm-token", "//registry.npmjs.org/:_authToken=npm_", random(word, 36)},
		{"pypi-token", "pypi-", "AgEIcHlwaS5vcmc" + random(url, 120)},
		{"rubygems-key", "rubygems_", random(hexa, 48)},
		{"docker-hub-token", "dckr_pat_", random(url, 27)},
		{"atlassian-token", "ATATT3xFfGF0", random(url, 170)},
		{"slack-token", "xoxb-", "1234567890-" + random(word, 30)},
		{"slack-token", "xapp-", "1-A0" + random(upper, 9) + "-0987654321-" + random(hexa, 64)},
		{"slack-webhook", "https://hooks.slack.com/services/", "T" + random(upper, 8) + "/B" + random(upper, 8) + "/" + random(word, 24)},
		{"stripe-key", "sk_live_", random(word, 24)},
		{"sendgrid-key", "SG.", random(url, 22) + "." + random(url, 43)},
		{"vault-token", "hvs.", random(url, 95)},
		{"terraform-token", "abcdefgh123456.atlasv1.", random(url, 67)},
		{"anthropic-key", "sk-ant-api03-", random(url, 95)},
		{"openai-key", "sk-proj-", random(url, 120)},
		{"openai-key", "sk-abcT3BlbkFJ", random(url, 20)},
		{"huggingface-token", "hf_", random(word, 34)},
		{"shopify-token", "shpat_", random(hexa, 32)},
		{"square-token", "sq0csp-", random(url, 43)},
		{"newrelic-key", "NRAK-", random(upper+digits, 27)},
		{"grafana-token", "glsa_", random(word, 32) + "_" + random(hexa, 8)},
		{"sentry-token", "sntrys_", random(word, 90)},
		{"tailscale-key", "tskey-auth-", random(word, 17) + "-" + random(word, 32)},
		{"pulumi-token", "pul-", random(hexa, 40)},
		{"doppler-token", "dp.pt.", random(word, 43)},
		{"postman-key", "PMAK-", random(hexa, 24) + "-" + random(hexa, 34)},
		{"1password-token", "ops_", "eyJ" + random(word, 400)},
		{"twilio-token", "TWILIO_AUTH_TOKEN=", random(hexa, 32)},
		{"url-password", "postgres://web:", "hunter2@db.internal"},
		{"url-password", "redis://:", "s3cr3tpw@cache:6379"},
		{"url-password", "https://x:", random(word, 20) + "@10.0.0.1/"},
		{"url-token", "https://", random(hexa, 40) + "@github.com/a/b"},
		{"connection-password", "jdbc:mysql://db.corp.tld/x?user=bob&password=", "hunter2x"},
		{"connection-password", "Server=db;Database=x;User Id=sa;Password=", "hunter2x"},
		{"jwt", jwt, random(url, 43)},
	}
	return list
}

func TestScanner(t *testing.T) {
	s := secret.NewScanner()
	known := map[string]bool{}
	for _, p := range plants() {
		text := p.text
		if !strings.Contains(text, p.secret) {
			text += p.secret
		}
		known[p.rule] = true
		for _, around := range []string{"%s", "first\nsecond %s\nthird", "\"%s\"", "(%s)", "\x00\xff\n%s\x00\x00"} {
			t.Run(p.rule, func(t *testing.T) {
				in := fmt.Appendf(nil, around, text)
				if !has(s.Find(in, 0, len(in)), p.rule) {
					t.Errorf("not found in %q", in)
				}
			})
		}
	}
	for _, r := range secret.Rules() {
		if !known[r[0]] {
			t.Errorf("rule %s has no test", r[0])
		}
	}
}

func has(matches []secret.Match, rule string) bool {
	for _, m := range matches {
		if m.Rule == rule {
			return true
		}
	}
	return false
}

// innocents are texts that have no secret in them.
func innocents() []string {
	return []string{
		"AKIAIOSFODNN7EXAMPLE",
		"AKIAI44QH8DHBEXAMPLE",
		"aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		"aws_secret_access_key = je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
		"AKIAXXXXXXXXXXXXXXXX", "AKIAAAAAAAAAAAAAAAAA", "AKIA0123456789ABCDEF", "xAKIA" + random(upper, 16), "AKIA" + random(upper, 17),
		"AKIA" + strings.ToLower(random(upper, 16)), "TAKIA" + random(upper, 16), "AKIA" + random(upper, 16) + "/abc",
		"secret: " + random(hexa, 40),                                    // SHA-1
		"secret = " + strings.Repeat("/usr/lib/x1A", 4)[:40],             // a path
		"secretAccessKey = someVeryLongNameOfAFunctionInThisLanguage",    // no digits
		"secretAccessKey = SOME_VERY_LONG_NAME_OF_A_CONSTANT_1234567890", // not its alphabet
		"secret " + random(word, 41), "secret " + random(word, 64), "secretary of " + random(lower, 40),
		"rsync -s " + random(lower, 40), "install -s /usr/lib/x86_64-linux-gnu/libfoo1A",
		"ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "ghp_" + random(word, 35), "ghp_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "nghp_" + random(word, 36),
		"glpat-XXXXXXXXXXXXXXXXXXXX", "glpat-your-token-goes-in-here", "xoxb-1-", "xoxb-your-bot-token", "xoxb-123456789012-123456789012-xxxxxxxxxxxxxxxx",
		"sk_live_xxxxxxxxxxxxxxxxxxxxxxxx", "sk_test_" + random(word, 24), "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
		"SG." + random(url, 22) + ".", "MSG." + random(url, 22) + "." + random(url, 43), "npm_config_registry_of_some_very_long_name_it_is",
		"hf_transfer_of_something_quite_long_it_is", "hf_" + random(lower, 34), "1//0",
		"http://user:password@host/", "http://user:pass@proxy.local:3128", "https://USERNAME:PASSWORD@github.com/", "ftp://anonymous:guest@ftp.debian.org",
		"https://${USER}:${PASS}@host.tld/", "https://<user>:<password>@host.tld/", "https://%s:%s@host.tld", "https://foo:bar@site.tld", "http://name:secret@proxy.tld",
		"http://web:hunter2@example.com/", "http://web:hunter2@www.example.org/", "http://web:xxx@site.tld/", "http://web:***@site.tld/", "http://site.tld:8080/a@b",
		"ssh://git@site.tld:22/a", "http://[::1]:8080/", "http://site.tld/a:b@c", "mongodb://my_user:my_password@db.tld", "amqp://guest:guest@localhost",
		"DefaultEndpointsProtocol=http;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
		"-----BEGIN " + "RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----", "-----BEGIN CERTIFICATE-----\n" + strings.Repeat(ed25519+"\n", 9),
		"AGE-SECRET-KEY-1" + strings.Repeat("Q", 58), "twilio " + random(hexa, 32), "TWILIO_ACCOUNT_SID=AC" + random(hexa, 32),
		"eyJhbGciOiJIUzI1NiJ9", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0", "",
		"$6$saltsalt$", "$1$2", "costs $5$ or $10$", "$2b$12$" + random(word, 52), "$6$rounds=5000$saltsalt$...", "grub.pbkdf2.sha512.10000.X",
		"jdbc:mysql://db.corp.tld/x?user=bob&password=password", "jdbc:x://y?password=${PASSWORD}", "Server=db;Integrated Security=true", "Server=db;Password=<password>",
		"https://" + random(hexa, 39) + "@github.com/", "https://" + random(hexa, 40) + "/a@b",
		"Authorization: Basic <credentials>", "Authorization: Bearer $TOKEN", "Authorization: Bearer your_token_goes_here", "authorization: required",
		"secret_" + random(lower+"_", 43), "live_" + random(hexa, 36), "pattern" + random(word, 14), "mailgun " + random(hexa, 32), ":AA" + random(word, 34),
		"AIza", "AKI", "://", "secret", "\x00\x00\x00\x00",
	}
}

func TestScannerInnocent(t *testing.T) {
	s := secret.NewScanner()
	for _, text := range innocents() {
		for _, in := range []string{text, "a " + text + " b", text + "\n"} {
			if got := s.Find([]byte(in), 0, len(in)); len(got) > 0 {
				t.Errorf("%q: found %+v", in, got)
			}
		}
	}
}

// all is a text with everything in it.
func all() []byte {
	var b bytes.Buffer
	for i, p := range plants() {
		fmt.Fprintf(&b, "%s\n%s %s\n", strings.Repeat("filler ", i), p.text, p.secret)
	}
	for _, text := range innocents() {
		b.WriteString(text + "\n")
	}
	return b.Bytes()
}

func TestNothingSecretInMatches(t *testing.T) {
	p := all()
	told := fmt.Sprintf("%+v", secret.NewScanner().Find(p, 0, len(p)))
	for _, plant := range plants() {
		if strings.Contains(told, plant.secret) {
			t.Errorf("%s: the match tells the secret", plant.rule)
		}
	}
}

// TestScanPieces holds what is found in pieces against what is found in the whole, around the ends of chunks.
func TestScanPieces(t *testing.T) {
	s, secrets := secret.NewScanner(), all()
	for _, before := range []int{0, 1, 256<<10 - 100, 256<<10 + 2*secret.Window - 1, 512 << 10, 600_001} {
		p := append(bytes.Repeat([]byte("a line\n"), before/7+1)[:before], secrets...)
		p = append(p, bytes.Repeat([]byte(".\n"), 200_000)...)
		want := s.Find(p, 0, len(p))
		for _, r := range []io.Reader{bytes.NewReader(p), iotest.HalfReader(bytes.NewReader(p)), iotest.DataErrReader(bytes.NewReader(p))} {
			if diff := cmp.Diff(want, scanAll(t, s, r)); diff != "" {
				t.Errorf("%d bytes before: %s", before, diff)
			}
		}
	}
}

func scanAll(t *testing.T, s *secret.Scanner, r io.Reader) []secret.Match {
	t.Helper()
	var got []secret.Match
	err := s.Scan(r, func(m secret.Match) bool {
		got = append(got, m)
		return true
	})
	if err != nil {
		t.Error(err)
	}
	return got
}

func TestScanStops(t *testing.T) {
	s, n := secret.NewScanner(), 0
	err := s.Scan(bytes.NewReader(all()), func(secret.Match) bool {
		n++
		return n < 3
	})
	if err != nil || n != 3 {
		t.Errorf("%d calls, %v", n, err)
	}
	broken := iotest.ErrReader(io.ErrClosedPipe)
	if err := s.Scan(broken, nil); err != io.ErrClosedPipe {
		t.Error(err)
	}
}

// FuzzScanner holds the scanner, over pieces, against the patterns tried at every byte.
func FuzzScanner(f *testing.F) {
	s := secret.NewScanner()
	for _, p := range plants() {
		f.Add([]byte(p.text+p.secret), uint16(7))
	}
	f.Add(all(), uint16(100))
	f.Fuzz(func(t *testing.T, p []byte, step uint16) {
		want := s.Naive(p)
		if diff := cmp.Diff(want, s.Find(p, 0, len(p))); diff != "" {
			t.Errorf("whole: %s", diff)
		}
		if diff := cmp.Diff(want, pieces(s, p, int(step)+1)); diff != "" {
			t.Errorf("pieces of %d: %s", int(step)+1, diff)
		}
	})
}

// pieces finds as a reader of pieces of step bytes does, with the byte before each and a Window behind.
func pieces(s *secret.Scanner, p []byte, step int) []secret.Match {
	var got []secret.Match
	for from := 0; from < len(p); from += step {
		base := max(from-1, 0)
		to := min(from+step, len(p))
		piece := p[base:min(to+secret.Window, len(p))]
		for _, m := range s.Find(piece, from-base, to-base) {
			m.Offset, m.Line = m.Offset+int64(base), m.Line+bytes.Count(p[:base], []byte{'\n'})
			got = append(got, m)
		}
	}
	return got
}

func BenchmarkFind(b *testing.B) {
	s, p := secret.NewScanner(), all()
	random := make([]byte, 1<<20)
	for i := range random {
		random[i] = byte(rand.Uint32())
	}
	for _, bm := range []struct {
		name string
		p    []byte
	}{
		{"prose", bytes.Repeat([]byte("the quick brown fox jumps over the lazy dog, and takes a secret with it.\n"), 1<<14)},
		{"random", random},
		{"zeroes", make([]byte, 1<<20)},
		{"secrets", bytes.Repeat(p, 100)},
		{"secretsecret", bytes.Repeat([]byte("secret"), 1<<16)},
		{"urls", bytes.Repeat([]byte("://a:bcdef@h"), 1<<16)},
		{"jwts", bytes.Repeat([]byte(" eyJ0"+strings.Repeat("a", 400)+".eyJ0"+strings.Repeat("b", 800)), 1<<9)},
		{"pems", bytes.Repeat([]byte("-----BEGIN "+"PRIVATE KEY-----\na: b\n"), 1<<14)},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.SetBytes(int64(len(bm.p)))
			b.ReportAllocs()
			for b.Loop() {
				s.Find(bm.p, 0, len(bm.p))
			}
		})
	}
}

// A secret that may be guessed is not told by its hash.
func TestHash(t *testing.T) {
	for text, want := range map[string]string{"": "", "Sommer2024!": "", "123456789012345": "", "AKIAIOSFODNN7EXAMPLE": "1a5d44a2dca1"} {
		if got := secret.Hash([]byte(text)); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
