package audit

import (
	"bufio"
	"bytes"
	"io"
	"path"
	"strconv"
	"strings"

	"amiforge/internal/compressed"
	"amiforge/internal/secret"
)

// memberHeader is what a file in an archive begins with, in bytes. An archive is told by its first.
const memberHeader = 110

// isArchive knows cpio, in the form that an initramfs has: a mark, and hexadecimal numbers [Linux,
// driver-api/early-userspace/buffer-format.rst].
func isArchive(b []byte) bool {
	return len(b) >= memberHeader && (bytes.HasPrefix(b, []byte("070701")) || bytes.HasPrefix(b, []byte("070702"))) &&
		len(bytes.TrimLeft(b[:memberHeader], "0123456789abcdefABCDEF")) == 0
}

// archive looks into the files of a cpio archive, and of what comes behind it: another archive, or one that is compressed,
// of which most bytes are looked at. An initramfs may begin with one that has the microcode of processors only.
func (t *textScan) archive(r *bufio.Reader, most int64) {
	for t.found < maxPerFile {
		head, _ := r.Peek(memberHeader)
		switch {
		case isArchive(head):
			if !t.member(r) {
				return
			}
		case compressed.Is(head) && most > 0:
			z, err := decompress(r)
			if err != nil {
				return
			}
			defer z.Close()
			r, most = bufio.NewReader(t.limit(z, most)), 0
		case len(head) > 0 && head[0] == 0: // padding
			r.Discard(len(head) - len(bytes.TrimLeft(head, "\x00")))
		default:
			return
		}
	}
}

// member looks into a file of an archive. It returns false where the archive is damaged.
func (t *textScan) member(r *bufio.Reader) bool {
	const modeAt, sizeAt, nameSizeAt, maxName = 14, 54, 94, 4096
	header := make([]byte, memberHeader)
	if _, err := io.ReadFull(r, header); err != nil {
		return false
	}
	number := func(at int) int64 {
		n, _ := strconv.ParseUint(string(header[at:at+8]), 16, 32) // isArchive has seen that it is one
		return int64(n)
	}
	mode, size, nameSize := number(modeAt), number(sizeAt), number(nameSizeAt)
	if nameSize < 1 || nameSize > maxName {
		return false
	}
	name := make([]byte, nameSize+padding(memberHeader+nameSize))
	if _, err := io.ReadFull(r, name); err != nil {
		return false
	}
	const typeMask, regular = 0o170000, 0o100000
	content := io.LimitReader(r, size)
	if mode&typeMask == regular && size > 0 {
		t.content(string(name[:nameSize-1]), content)
	}
	_, err := io.Copy(io.Discard, content)
	r.Discard(int(padding(size)))
	return err == nil
}

// padding is what comes behind n bytes, up to whole words.
func padding(n int64) int64 { return -n & 3 }

// content looks into a file that an archive has under the name.
func (t *textScan) content(name string, r io.Reader) {
	head, _ := io.ReadAll(io.LimitReader(r, secret.Enough))
	where := " in " + name + " of an archive"
	kind := secret.PrivateKey(head)
	switch {
	case kind != "":
		t.find(Error, t.name, 0, "%s%s", kind, where)
		t.found++
		return
	case strings.HasPrefix(path.Base(name), "authorized_keys"):
		for range settings(head) {
			t.find(Error, t.name, 0, "a key lets its owner in,%s", where)
			t.found++
			return
		}
	}
	t.binary = isBinary(head)
	t.secrets().Scan(io.MultiReader(bytes.NewReader(head), r), func(m secret.Match) bool { return t.tell(m, m.Line, where) })
}
