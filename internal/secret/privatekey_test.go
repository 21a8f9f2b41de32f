package secret_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"amiforge/internal/oracle"
	"amiforge/internal/secret"
)

// A maker makes a file with a foreign tool, by a line of shell.
type maker struct {
	tool, name, script, want string
}

func makers() []maker {
	return []maker{
		{"ssh-keygen", "openssh", "ssh-keygen -q -t ed25519 -N '' -f k", "OpenSSH private key"},
		{"ssh-keygen", "openssh encrypted", "ssh-keygen -q -t ecdsa -N 12345 -f k", "OpenSSH private key"},
		{"ssh-keygen", "rsa", "ssh-keygen -q -t rsa -b 2048 -m PEM -N '' -f k", "RSA private key"},
		{"ssh-keygen", "rsa encrypted", "ssh-keygen -q -t rsa -b 2048 -m PEM -N 12345 -f k", "encrypted RSA private key"},
		{"ssh-keygen", "public", "ssh-keygen -q -t ed25519 -N '' -f x && mv x.pub k", ""},
		{"ssh-keygen", "host certificate", "ssh-keygen -q -t ed25519 -N '' -f x && ssh-keygen -q -s x -I id x.pub && mv x-cert.pub k", ""},
		{"openssl", "pkcs8", "openssl genpkey -algorithm ed25519 -out k", "private key"},
		{"openssl", "pkcs8 p256", "openssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-256 -out k", "private key"},
		{"openssl", "encrypted", "openssl genpkey -algorithm ed25519 -aes128 -pass pass:a -out k", "encrypted private key"},
		{"openssl", "ec", "openssl ecparam -genkey -name prime256v1 -out k", "EC private key"},
		{"openssl", "der", "openssl genpkey -algorithm ed25519 -outform DER -out k", "DER private key"},
		{"openssl", "der rsa", "openssl genrsa -traditional | openssl rsa -traditional -outform DER -out k", "DER private key"},
		{"openssl", "der ec", "openssl ecparam -genkey -name prime256v1 -noout | openssl ec -outform DER -out k", "DER private key"},
		{"openssl", "der encrypted", "openssl genpkey -algorithm ed25519 -out x && openssl pkcs8 -topk8 -in x -passout pass:a -outform DER -out k", "DER private key"},
		{"openssl", "public", "openssl genpkey -algorithm ed25519 -out x && openssl pkey -pubout -in x -out k", ""},
		{"openssl", "public der", "openssl genpkey -algorithm rsa -out x && openssl pkey -pubout -in x -outform DER -out k", ""},
		{"openssl", "certificate", "openssl req -x509 -newkey ed25519 -nodes -keyout /dev/null -subj /CN=a -out k", ""},
		{"openssl", "certificate der", "openssl req -x509 -newkey ed25519 -nodes -keyout /dev/null -subj /CN=a -outform DER -out k", ""},
		{"openssl", "certificate and key", "openssl req -x509 -newkey ed25519 -nodes -keyout x -subj /CN=a -text -out y && cat y x >k", "private key"},
		{"openssl", "request", "openssl req -new -newkey ed25519 -nodes -keyout /dev/null -subj /CN=a -out k", ""},
		{"openssl", "parameters", "openssl ecparam -name prime256v1 -out k", ""},
		{"openssl", "p12", "openssl req -x509 -newkey ed25519 -nodes -keyout x -subj /CN=a -out y && openssl pkcs12 -export -inkey x -in y -passout pass:a -out k", "PKCS #12 private key"},
		{"openssl", "p12 without a key", "openssl req -x509 -newkey ed25519 -nodes -keyout x -subj /CN=a -out y && openssl pkcs12 -export -nokeys -in y -passout pass:a -out k", ""},
		{"puttygen", "putty 2", "ssh-keygen -q -t rsa -m PEM -N '' -f x && puttygen x -O private --ppk-param version=2 -o k", "PuTTY private key"},
		{"puttygen", "ssh.com", "ssh-keygen -q -t rsa -m PEM -N '' -f x && puttygen x -O private-sshcom -o k", "SSH2 private key"},
		{"dropbearkey", "dropbear rsa", "dropbearkey -t rsa -f k", "Dropbear private key"},
		{"dropbearkey", "dropbear ecdsa", "dropbearkey -t ecdsa -f k", "Dropbear private key"},
		{"dropbearkey", "dropbear ed25519", "dropbearkey -t ed25519 -f k", "Dropbear private key"},
		{"ssh-keygen", "certificate on the wire", "ssh-keygen -q -t ecdsa -N '' -f x && ssh-keygen -q -s x -I id x.pub && cut -d' ' -f2 x-cert.pub | base64 -d >k", ""},
		{"ssh-keygen", "public on the wire", "ssh-keygen -q -t rsa -N '' -f x && cut -d' ' -f2 x.pub | base64 -d >k", ""},
		{"gpg", "gpg binary", gpg("ed25519", "gpg --batch --homedir h --export-secret-keys >k"), "OpenPGP private key"},
		{"gpg", "gpg armoured", gpg("ed25519", "gpg --batch --homedir h --armor --export-secret-keys >k"), "OpenPGP private key"},
		{"gpg", "gpg rsa", gpg("rsa2048", "gpg --batch --homedir h --export-secret-keys >k"), "OpenPGP private key"},
		{"gpg", "gpg dsa", gpg("dsa2048", "gpg --batch --homedir h --export-secret-keys >k"), "OpenPGP private key"},
		{"gpg", "gpg agent", gpg("ed25519", "cp h/private-keys-v1.d/*.key k"), "GnuPG private key"},
		{"gpg", "gpg keyring", gpg("rsa2048", "gpg --batch --homedir h --export >k"), ""},
		{"gpg", "gpg keyring, armoured", gpg("ed25519", "gpg --batch --homedir h --armor --export >k"), ""},
		{"gpg", "keybox", gpg("ed25519", "cp h/pubring.kbx k"), ""},
	}
}

// gpg returns what makes a key and then runs a command. The agent that gpg starts ends with it: behind both, since one that
// has only just ended is in the way of the next.
func gpg(algorithm, command string) string {
	return "trap 'gpgconf --homedir h --kill all' EXIT; mkdir -m 700 h && " +
		"gpg --batch -q --homedir h --passphrase '' --quick-gen-key a@example.com " + algorithm + " && " + command
}

func TestPrivateKeyOfTools(t *testing.T) {
	for _, m := range makers() {
		t.Run(m.name, func(t *testing.T) {
			if got := secret.PrivateKey(m.make(t)); got != m.want {
				t.Errorf("got %q, want %q", got, m.want)
			}
		})
	}
}

func (m maker) make(t *testing.T) []byte {
	t.Helper()
	oracle.Look(t, m.tool)
	dir, err := os.MkdirTemp("", "key") // short: an agent's socket is in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	cmd := exec.Command("sh", "-ec", "exec 2>err; "+m.script)
	cmd.Dir = dir
	if _, err := cmd.Output(); err != nil {
		stderr, _ := os.ReadFile(filepath.Join(dir, "err"))
		t.Fatalf("%s: %v\n%s", m.script, err, stderr)
	}
	p, err := os.ReadFile(filepath.Join(dir, "k"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// ed25519 is the inside of a key that was made for this test.
const ed25519 = "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF"

func TestPrivateKey(t *testing.T) {
	begin, end := "-----BEGIN "+"PRIVATE KEY-----", "-----END PRIVATE KEY-----"
	tests := []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"pem", begin + "\n" + ed25519 + "\n" + end + "\n", "private key"},
		{"carriage returns", begin + "\r\n" + ed25519 + "\r\n" + end + "\r\n", "private key"},
		{"service account", `{"private_key": "` + begin + `\n` + ed25519 + `\n` + end + `\n"}`, "private key"},
		{"yaml", "key: |\n    " + begin + "\n    " + ed25519 + "\n    " + end, "private key"},
		{"cut off", begin + "\n" + ed25519, "private key"},
		{"behind a megabyte", strings.Repeat("a line\n", 150_000) + begin + "\n" + ed25519 + "\n" + end, "private key"},
		{"behind an empty one", begin + "\n" + end + "\n" + begin + "\n" + ed25519, "private key"},
		{"manual", "the file begins with " + begin + " and ends with " + end, ""},
		{"program", begin + "\x00" + end + "\x00malloc\x00", ""},
		{"dots", begin + "\nMC4CAQAwBQYDK2VwBCIE...\n" + end, ""},
		{"made up", begin + "\n" + strings.Repeat("M", 64) + "\n" + end, ""},
		{"no sequence", begin + "\n" + strings.Repeat("abcdefgh", 8) + "\n" + end, ""},
		{"public", strings.ReplaceAll(begin+"\n"+ed25519, "PRIVATE", "PUBLIC"), ""},
		{"prose of base64 only", begin + "\nThis is what a file with a key begins with\n", ""},
		{"ssh 1", "SSH PRIVATE KEY FILE FORMAT 1.1\n\x00\x00", "SSH 1 private key"},
		{"ssh 1 spoken of", "SSH PRIVATE KEY FILE FORMAT 1.1\n", ""},
		{"putty", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPrivate-Lines: 1\n", "PuTTY private key"},
		{"putty spoken of", "PuTTY-User-Key-File- is the first", ""},
		{"dropbear, cut off", "\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x40xyz", ""},
		{"endless dropbear", "\x00\x00\x00\x07ssh-rsa" + strings.Repeat("\x00\x00\x00\x01x", 99), ""},
		{"age", "# created: x\nAGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX\n", "age secret key"},
		{"age recipient", "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj", ""},
		{"wireguard", "[Interface]\nPrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=\n", "WireGuard private key"},
		{"wireguard's public", "[Peer]\nPublicKey = xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=\n", ""},
		{"wireguard in a manual", "PrivateKey = <key>\nPrivateKey = (hidden)\n", ""},
		{"dnssec", "Private-key-format: v1.3\nAlgorithm: 15 (ED25519)\nPrivateKey: ODIyNjAzODQ2MjgwODAxMjI2NDUxOTAyMDQxNDIyNjI=\n", "DNSSEC private key"},
		{"certbot's account", `{"kty": "RSA", "n": "x", "d": "X4cTteJY_gn4FYPsXB8rdXix5vwsg1FLN5E3EaG6RJoVH-HLLKD9"}`, "private JSON web key"},
		{"public JSON web key", `{"kty": "RSA", "n": "X4cTteJY_gn4FYPsXB8rdXix5vwsg1FLN5E3EaG6RJoVH-HLLKD9"}`, ""},
		{"on a card", "(20:shadowed-private-key(3:rsa", ""},
		{"tor", "== ed25519v1-secret: type0 ==\x00\x00\x00" + strings.Repeat("\x55", 64), "Tor onion service key"},
		{"latin text", "\x95\x95\x94 \x04 \xc5\xc5\xc5 \x94\x30\x04\x30", ""},
		{"endless DER", "\x30\x84\xff\xff\xff\xff\x02\x01\x00", ""},
		{"text of digits", strings.Repeat("0000000\n", 250), ""},
		{"endless store", "\xfe\xed\xfe\xed\x00\x00\x00\x02\xff\xff\xff\xff\x00\x00\x00\x02\xff\xff", ""},
		{"zeroes", strings.Repeat("\x00", 1<<16), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := secret.PrivateKey([]byte(tt.in)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestPrivateKeyPlaces has keys that a word inside tells of, around a file's ends and rare bytes.
func TestPrivateKeyPlaces(t *testing.T) {
	keys := map[string]string{
		"private key":           "-----BEGIN " + "PRIVATE KEY-----\n" + ed25519,
		"age secret key":        "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX",
		"WireGuard private key": "PrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=",
		"private JSON web key":  `{"kty":"OKP","d":"X4cTteJY_gn4FYPsXB8rdXix5vwsg1FLN5E3EaG6RJoVH"}`,
		"GnuPG private key":     "Key: (private-key (ecc (curve Ed25519)))",
	}
	for want, key := range keys {
		for _, before := range []string{"Comment: x\n", "BEGIN K KEY kty k: B\n", "KKKKBBBBkkkk: \n"} {
			for _, after := range []string{"", "\nK", "\nB", "\nk"} {
				if want == "GnuPG private key" && before != "Comment: x\n" {
					continue
				}
				if got := secret.PrivateKey([]byte(before + key + after)); got != want {
					t.Errorf("%q: got %q, want %q", before+key+after, got, want)
				}
				if got := secret.PrivateKey([]byte(before + key[:8] + after)); got != "" {
					t.Errorf("%q: got %q", before+key[:8]+after, got)
				}
			}
		}
	}
}

func TestPrivateKeyOfJava(t *testing.T) {
	for name, want := range map[string]string{
		"key.jks": "Java key store with a private key", "key.jceks": "Java key store with a private key", "key.p12": "PKCS #12 private key",
		"certificate.jks": "", "certificate.jceks": "", "certificate.p12": "",
	} {
		t.Run(name, func(t *testing.T) {
			p, err := os.ReadFile(filepath.Join("testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			if got := secret.PrivateKey(p); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func FuzzPrivateKey(f *testing.F) {
	f.Add([]byte("-----BEGIN " + "PRIVATE KEY-----\n" + ed25519))
	f.Add([]byte("\xfe\xed\xfe\xed\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x02\x00\x01a12345678\x00\x05X.509\x00\x00\x00\x00"))
	f.Add([]byte("\x95\x01\x00\x04\x60\x00\x00\x00\x01\x04\x00\x80\x00\x00\x00"))
	f.Add([]byte("\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"))
	f.Fuzz(func(t *testing.T, p []byte) {
		kind := secret.PrivateKey(p)
		if kind != "" && len(p) < 32 {
			t.Errorf("%d bytes are taken for a %s", len(p), kind)
		}
	})
}
