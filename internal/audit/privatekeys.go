package audit

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"amiforge/internal/rootfs"
	"amiforge/internal/secret"
)

// beginPrivateKeys looks for private keys by content, whatever the names of the files.
func beginPrivateKeys(p *probe) visitor {
	return visitFunc(func(f *rootfs.File) scanner {
		if !p.ours(f) || isTLSPlace(f.Name) || isHostKey(f.Name) {
			return nil
		}
		return func(c *chunk) bool {
			kind := secret.PrivateKey(head(c))
			switch {
			case kind == "":
			case isLibraryTest(f.Name):
				p.find(Warning, f.Name, 0, "%s, of a library's tests or examples", kind)
			default:
				p.find(Error, f.Name, 0, "%s", kind)
			}
			return false
		}
	})
}

// head returns as much of the first chunk as secret.PrivateKey wants.
func head(c *chunk) []byte { return c.Data[:min(len(c.Data), secret.Enough)] }

func isHostKey(name string) bool {
	return slices.ContainsFunc(hostKeys(), func(pattern string) bool {
		ok, _ := path.Match(pattern, name)
		return ok
	})
}

// isTLSPlace knows where distributions keep the keys of servers, and keytabs.
func isTLSPlace(name string) bool {
	for _, dir := range []string{"etc/ssl/", "etc/letsencrypt/", "etc/pki/", "etc/dehydrated/", "etc/acme/", "root/.acme.sh/"} {
		if strings.HasPrefix(name, dir) {
			return true
		}
	}
	return strings.HasSuffix(path.Base(name), ".keytab")
}

func beginTLSKeys(p *probe) visitor {
	return visitFunc(func(f *rootfs.File) scanner {
		if !isRegular(f) || !isTLSPlace(f.Name) {
			return nil
		}
		return func(c *chunk) bool {
			kind := secret.PrivateKey(head(c))
			switch {
			case isKeytab(c.Data):
				p.find(Error, f.Name, 0, "Kerberos keys")
			case kind != "" && isSelfMade(f.Name):
				p.find(Warning, f.Name, 0, "%s of the machine's own certificate", kind)
			case kind != "":
				p.find(Error, f.Name, 0, "%s", kind)
			}
			return false
		}
	})
}

// isKeytab knows a keytab that has a key: a version, and the length of an entry [MIT Kerberos, keytab file format].
func isKeytab(b []byte) bool {
	return len(b) > 16 && (bytes.HasPrefix(b, []byte("\x05\x02\x00\x00")) || bytes.HasPrefix(b, []byte("\x05\x01")))
}

// isSelfMade knows the keys that packages make when they are installed, which nobody trusts.
func isSelfMade(name string) bool {
	return strings.Contains(path.Base(name), "snakeoil") || name == "etc/pki/tls/private/localhost.key"
}
