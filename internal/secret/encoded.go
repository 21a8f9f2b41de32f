package secret

import (
	"bytes"
	"encoding/base64"
	"iter"
)

// leastEncoded is how long base64 has to be that Encoded finds: what is shorter are words and paths.
const leastEncoded = 64

// Encoded goes over what stands in base64 in p, from where it begins in p[from:to] on: in one line, or in lines of one
// length as MIME has them, indented or not. It is decoded as far as it is base64.
func Encoded(p []byte, from, to int) iter.Seq2[int, []byte] {
	return func(yield func(at int, decoded []byte) bool) {
		for i := from; i < to; {
			n := base64Length(p[i:])
			if n < leastEncoded || i > 0 && isBase64(p[i-1]) {
				i += n + 1
				continue
			}
			text, end := base64Lines(p, i, n)
			decoded := make([]byte, base64.RawStdEncoding.DecodedLen(len(text)))
			n, _ = base64.RawStdEncoding.Decode(decoded, text)
			if !yield(i, decoded[:n]) {
				return
			}
			i = end
		}
	}
}

// base64Lines returns the base64 that begins with n characters at p[i], and where it ends. A line that is not full is the
// last one.
func base64Lines(p []byte, i, n int) (text []byte, end int) {
	for line := n; ; {
		text, i = append(text, p[i:i+n]...), i+n
		rest := bytes.TrimLeft(p[i:], "\r\n \t")
		if n < line || line%4 != 0 || len(rest) == len(p)-i || bytes.IndexByte(p[i:len(p)-len(rest)], '\n') < 0 {
			return text, i
		}
		if n = base64Length(rest); n == 0 || n > line {
			return text, i
		}
		i = len(p) - len(rest)
	}
}

func base64Length(p []byte) int {
	n := 0
	for n < len(p) && isBase64(p[n]) {
		n++
	}
	return n
}
