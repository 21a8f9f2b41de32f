package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText is the longest text of an element, in bytes of the source: room for the signature of an RSA key of
// 16384 bits and for a file name all of whose characters are escaped.
const maxText = 4096

// text reads up to the next tag.
func (s *scanner) text() (string, error) {
	n := bytes.IndexByte(s.data[s.pos:], '<')
	if n < 0 {
		return "", io.ErrUnexpectedEOF
	}
	if n > maxText {
		return "", fmt.Errorf("is %d bytes long; at most %d are allowed", n, maxText)
	}
	raw := s.data[s.pos : s.pos+n]
	s.pos += n
	if isPlain(raw) {
		return string(raw), nil
	}
	return s.unescape(string(raw))
}

// isPlain tells if raw stands for itself, as nearly all text of manifests does.
func isPlain(raw []byte) bool {
	for _, c := range raw {
		if c < ' ' || c > '~' || c == '&' || c == '>' {
			return false
		}
	}
	return true
}

// unescape returns the text that raw stands for.
func (s *scanner) unescape(raw string) (string, error) {
	if strings.Contains(raw, "]]>") {
		return "", errors.New("has ]]> in its text")
	}
	var text strings.Builder
	for raw != "" {
		r, n, err := s.character(raw)
		if err != nil {
			return "", err
		}
		if err := checkCharacter(r); err != nil {
			return "", err
		}
		text.WriteRune(r)
		raw = raw[n:]
	}
	return text.String(), nil
}

// character returns the first character of raw and the length of its source.
func (s *scanner) character(raw string) (rune, int, error) {
	if raw[0] == '&' {
		return reference(raw)
	}
	r, n := utf8.DecodeRuneInString(raw)
	if r == utf8.RuneError && n == 1 {
		return 0, 0, fmt.Errorf("has the byte %#x, which is not UTF-8", raw[0])
	}
	if s.ascii && r >= utf8.RuneSelf {
		return 0, 0, fmt.Errorf("has %q, which is not ASCII as the declaration says", r)
	}
	return r, n, nil
}

// reference returns the character that the reference at the start of raw names.
func reference(raw string) (rune, int, error) {
	const longest = len("&#x0010FFFF;")
	end := strings.IndexByte(raw[:min(len(raw), longest)], ';')
	if end < 0 {
		return 0, 0, errors.New("has an & that begins no character reference")
	}
	switch name := raw[1:end]; name {
	case "amp":
		return '&', end + 1, nil
	case "lt":
		return '<', end + 1, nil
	case "gt":
		return '>', end + 1, nil
	case "quot":
		return '"', end + 1, nil
	case "apos":
		return '\'', end + 1, nil
	default:
		r, err := codePoint(name)
		return r, end + 1, err
	}
}

// codePoint reads #233 or #xE9.
func codePoint(name string) (rune, error) {
	digits, isNumber := strings.CutPrefix(name, "#")
	digits, isHex := strings.CutPrefix(digits, "x")
	base := 10
	if isHex {
		base = 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if !isNumber || err != nil {
		return 0, fmt.Errorf("has the unknown entity %q", "&"+name+";")
	}
	if n > unicode.MaxRune || !utf8.ValidRune(rune(n)) {
		return 0, fmt.Errorf("has a reference to %#x, which is no character", n)
	}
	return rune(n), nil
}

// checkCharacter refuses what XML does not know, and control characters: text of a manifest is shown to
// people and used in names.
func checkCharacter(r rune) error {
	if unicode.IsControl(r) {
		return fmt.Errorf("has the control character %q", r)
	}
	if r == 0xfffe || r == 0xffff {
		return fmt.Errorf("has %#x, which is no character", r)
	}
	return nil
}
