package audit

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"path"
	"strings"

	"amiforge/internal/rootfs"
	"amiforge/internal/secret"
)

// maxScanned is how much of a file, or of what is compressed in it, is searched for secrets.
const maxScanned = 256 << 20

// beginSecretText looks into all files that are not the distribution's.
func beginSecretText(p *probe) visitor {
	decoders := make(chan struct{}, maxDecoders)
	return visitFunc(func(f *rootfs.File) scanner {
		if !p.ours(f) || isHistory(f.Name) {
			return nil
		}
		return (&textScan{probe: p, decoders: decoders, file: f, name: f.Name}).chunk
	})
}

// A textScan is one file.
type textScan struct {
	*probe
	decoders chan struct{} // has one for each file that is decoded
	file     *rootfs.File
	name     string
	binary   bool
	found    int

	inflated int64 // bytes of what was compressed in base64
}

// chunk looks for all in text, and in other files for what cannot be there by chance.
func (t *textScan) chunk(c *chunk) bool {
	if c.Offset == 0 && c.New == 0 {
		if e, ok := decodingOf(t.name, c.Data); ok && t.decoded(e) {
			return false
		}
	}
	if c.Offset == 0 {
		if c.Last && t.isUnchanged(t.name, c.Data) {
			return false
		}
		t.binary = isBinary(c.Data)
	}
	for _, m := range t.newSecrets(c) {
		m.Offset += c.Offset
		if !t.tell(m, c.Line+m.Line-1, "") {
			return false
		}
	}
	return (t.binary || t.encoded(c)) && c.Offset < maxScanned
}

// encoded looks into what of a text is in base64: user data of cloud-init, secrets of Kubernetes. It returns false when
// enough has been told.
func (t *textScan) encoded(c *chunk) bool {
	from := 0
	if c.Offset > 0 {
		from = c.New
	}
	for at, p := range secret.Encoded(c.Data, from, len(c.Data)) {
		if inside, err := gzip.NewReader(bytes.NewReader(p)); err == nil {
			p, _ = io.ReadAll(t.limit(inside, min(leastDecoded, t.mayDecode()-t.inflated)))
			t.inflated += int64(len(p))
		}
		matches := t.secrets().Find(p, 0, len(p))
		if kind := secret.PrivateKey(p); kind != "" && len(matches) == 0 && !bytes.Contains(c.Data[max(0, at-64):at], []byte("-----")) {
			matches = append(matches, secret.Match{Title: kind, Class: secret.Key, Hash: secret.Hash(p)})
		}
		binary := isBinary(p)
		for _, m := range matches {
			if !(binary && m.Loose) && !t.tell(m, c.line(at), " in base64") {
				return false
			}
		}
	}
	return true
}

// tell returns false when it has told enough of the file.
func (t *textScan) tell(m secret.Match, line int, where string) bool {
	chance := t.binary && m.Loose || m.Class == secret.Hint && t.isOfOthers() || m.Rule == "password-hash" && isPasswordFile(t.name)
	if chance || where == "" && isToldAsKey(m) {
		return true
	}
	t.match(severityOf(m, t.name), t.name, line, m, "%s", where)
	t.found++
	return t.found < maxPerFile
}

// isToldAsKey tells whether m is where SSH-USERKEY and TLS-KEY find it.
func isToldAsKey(m secret.Match) bool {
	return m.Offset < secret.Enough-secret.Window && (m.Rule == "private-key" || m.Rule == "age-secret-key")
}

func severityOf(m secret.Match, name string) Severity {
	if m.Class == secret.Hint || isLibraryTest(name) {
		return Warning
	}
	return Error
}

// isOfOthers tells whether the file is of a library or of a package.
func (t *textScan) isOfOthers() bool {
	return isLibrary(t.name) || !strings.HasPrefix(t.name, "etc/") && t.packagedFiles().has(t.name)
}

// isPasswordFile tells whether the hashes in a file are for PW-HASH or ENV-FILE.
func isPasswordFile(name string) bool {
	dir, base := path.Split(name)
	return strings.TrimPrefix(base, ".") == "htpasswd" || base == "opasswd" || strings.HasPrefix(dir, "etc/tcb/") ||
		(dir == "etc/" || dir == "var/backups/") && (strings.HasPrefix(strings.TrimPrefix(base, "g"), "shadow") || strings.HasPrefix(base, "passwd"))
}

// isBinary tells whether a file that begins with b is no text.
func isBinary(b []byte) bool { return bytes.IndexByte(b[:min(len(b), 8192)], 0) >= 0 }

// mayDecode is how much is looked at of what is compressed in the file, in bytes.
func (t *textScan) mayDecode() int64 {
	return min(maxScanned, leastDecoded+mostDecoded*t.file.Info.Size())
}

// decoded looks into what a file has in an encoding. One that is damaged is looked at as far as it can be read. It returns
// false where the file only begins as if it had the encoding.
func (t *textScan) decoded(e decoding) bool {
	file, err := t.file.Open()
	if err != nil {
		t.unreadable(t.name, err)
		return true
	}
	defer file.Close()
	t.decoders <- struct{}{}
	defer func() { <-t.decoders }()
	r, err := e.open(file)
	if err != nil {
		return false
	}
	defer r.Close()
	text := bufio.NewReader(t.limit(r, t.mayDecode()))
	switch head, _ := text.Peek(memberHeader); {
	case len(head) == 0:
		return false
	case isArchive(head):
		t.archive(text, t.mayDecode())
		return true
	}
	t.secrets().Scan(text, func(m secret.Match) bool { return t.tell(m, m.Line, e.where) })
	return true
}
