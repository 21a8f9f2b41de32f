package audit

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"io"
	"regexp"

	"amiforge/internal/compressed"
)

const (
	// mostDecoded is how many times its own length a compressed file is searched, as logs shrink to a twentieth at best,
	// and leastDecoded what is searched of a short one: an image full of bombs is not to take for ever.
	mostDecoded  = 100
	leastDecoded = 1 << 20
)

const (
	// decoderMemory is what decompressing a file may take, in bytes: xz -9 wants as much, zstd --ultra more. maxDecoders is
	// how many there may be at once.
	decoderMemory = 64 << 20
	maxDecoders   = 2
)

// A decoding is a way that text is read through.
type decoding struct {
	where string // for messages
	open  func(r io.Reader) (io.ReadCloser, error)
}

// decodingOf returns that of a file that begins with b.
func decodingOf(name string, b []byte) (decoding, bool) {
	switch {
	case compressed.Is(b):
		return decoding{" in what is compressed", decompress}, true
	case isArchive(b):
		return decoding{"", func(r io.Reader) (io.ReadCloser, error) { return io.NopCloser(r), nil }}, true
	case bytes.HasPrefix(b, []byte("\x78")) && isGitObject(name):
		return decoding{" in an object of git", zlib.NewReader}, true
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		return decoding{" in UTF-16", openWide(0)}, true
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		return decoding{" in UTF-16", openWide(1)}, true
	}
	return decoding{}, false
}

func decompress(r io.Reader) (io.ReadCloser, error) { return compressed.NewReader(r, decoderMemory) }

func openWide(low int) func(r io.Reader) (io.ReadCloser, error) {
	return func(r io.Reader) (io.ReadCloser, error) { return io.NopCloser(&wideText{bufio.NewReader(r), low}), nil }
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
