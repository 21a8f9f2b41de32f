package audit

import (
	"bufio"
	"bytes"

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
}

// chunk looks for all in text, and in other files for what cannot be there by chance.
func (t *textScan) chunk(c *chunk) bool {
	if c.Offset == 0 && c.New == 0 {
		if e, ok := decodingOf(t.name, c.Data); ok {
			t.decoded(e)
			return false
		}
	}
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

// decoded looks into what a file has in an encoding. One that is damaged is looked at as far as it can be read.
func (t *textScan) decoded(e decoding) {
	file, err := t.file.Open()
	if err != nil {
		t.unreadable(t.name, err)
		return
	}
	defer file.Close()
	t.decoders <- struct{}{}
	defer func() { <-t.decoders }()
	r, err := e.open(file)
	if err != nil {
		return
	}
	defer r.Close()
	most := min(maxScanned, leastDecoded+mostDecoded*t.file.Info.Size())
	text := bufio.NewReader(&limited{r: r, n: most, ctx: t.ctx})
	if head, _ := text.Peek(memberHeader); isArchive(head) {
		t.archive(text, most)
		return
	}
	t.secrets().Scan(text, func(m secret.Match) bool { return t.tell(m, m.Line, e.where) })
}
