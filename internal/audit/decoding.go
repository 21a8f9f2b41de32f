package audit

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"regexp"
)

const (
	// mostDecoded is how many times its own length a compressed file is searched, as logs shrink to a twentieth at best,
	// and leastDecoded what is searched of a short one: an image full of bombs is not to take for ever.
	mostDecoded  = 100
	leastDecoded = 1 << 20
)

// A decoding is a way that text is read through.
type decoding struct {
	where string // for messages
	open  func(r io.Reader) (io.Reader, error)
}

// decodingOf returns that of a file that begins with b.
func decodingOf(name string, b []byte) (decoding, bool) {
	switch {
	case bytes.HasPrefix(b, []byte("\x1f\x8b\x08")):
		return decoding{" in what is compressed", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }}, true
	case bytes.HasPrefix(b, []byte("\x78")) && isGitObject(name):
		return decoding{" in an object of git", func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) }}, true
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		return decoding{" in UTF-16", func(r io.Reader) (io.Reader, error) { return &wideText{bufio.NewReader(r), 0}, nil }}, true
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		return decoding{" in UTF-16", func(r io.Reader) (io.Reader, error) { return &wideText{bufio.NewReader(r), 1}, nil }}, true
	}
	return decoding{}, false
}

// isGitObject knows what git keeps of each version of each file until it packs them.
func isGitObject(name string) bool {
	return regexp.MustCompile(`(?:^|/)objects/[0-9a-f]{2}/[0-9a-f]{38,62}$`).MatchString(name)
}

// wideText reads text of two bytes for each letter, of which byte low is that of ASCII. What is not ASCII becomes a blank.
type wideText struct {
	r   *bufio.Reader
	low int
}

func (u *wideText) Read(p []byte) (n int, err error) {
	var pair [2]byte
	for n < len(p) {
		if _, err := io.ReadFull(u.r, pair[:]); err != nil {
			return n, io.EOF
		}
		if p[n] = pair[u.low]; pair[1-u.low] != 0 {
			p[n] = ' '
		}
		n++
	}
	return n, nil
}
