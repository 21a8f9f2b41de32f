package audit

import (
	"bytes"
	"compress/gzip"
	"strings"

	"amiforge/internal/rootfs"
	"amiforge/internal/secret"
)

const (
	// maxScanned is how much of a file, or of what is compressed in it, is searched for secrets.
	maxScanned = 256 << 20

	// maxCompressed is the limit for a compressed file that is looked into: it is held in memory.
	maxCompressed = 8 << 20
)

// beginSecretText looks into all files that are not the distribution's.
func beginSecretText(p *probe) visitor {
	return visitFunc(func(f *rootfs.File) scanner {
		if !p.ours(f) || isHistory(f.Name) {
			return nil
		}
		t := &textScan{probe: p, name: f.Name}
		if strings.HasSuffix(f.Name, ".gz") && f.Info.Size() <= maxCompressed {
			return t.compressed
		}
		return t.chunk
	})
}

// A textScan is one file.
type textScan struct {
	*probe
	name   string
	binary bool
	gz     []byte
	found  int
}

// chunk looks for all in text, and in other files for what cannot be there by chance.
func (t *textScan) chunk(c *chunk) bool {
	if c.Offset == 0 {
		t.binary = isBinary(c.Data)
	}
	for _, m := range t.newSecrets(c) {
		m.Offset += c.Offset
		if !t.tell(m, c.Line+m.Line-1, "") {
			return false
		}
	}
	return c.Offset < maxScanned
}

// tell returns false when it has told enough of the file.
func (t *textScan) tell(m secret.Match, line int, where string) bool {
	chance := t.binary && m.Loose || m.Class == secret.Hint && isLibrary(t.name)
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

// isBinary tells whether a file that begins with b is no text.
func isBinary(b []byte) bool { return bytes.IndexByte(b[:min(len(b), 8192)], 0) >= 0 }

// compressed collects a file of gzip, and looks into it when it is all there. One that is damaged is looked at as far as
// it can be read.
func (t *textScan) compressed(c *chunk) bool {
	t.gz = append(t.gz, c.Data[c.New:]...)
	if !c.Last || len(t.gz) > maxCompressed {
		return len(t.gz) <= maxCompressed
	}
	z, err := gzip.NewReader(bytes.NewReader(t.gz))
	if err != nil {
		return false
	}
	text := &limited{r: z, n: maxScanned, ctx: t.ctx}
	t.secrets().Scan(text, func(m secret.Match) bool { return t.tell(m, m.Line, " in what is compressed") })
	return false
}
