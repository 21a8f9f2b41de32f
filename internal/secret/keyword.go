package secret

import "bytes"

// What is in each file with a key that its first bytes do not tell of, but for pemBegin.
const (
	ageWord       = "AGE-SECRET-KEY-"
	wireGuardWord = "PrivateKey"
	gnuPGWord     = "\nKey: ("
	jwkWord       = `"kty"`
)

// A keyWord is a word and a byte of it that is rare in other files, for which they are searched: at few places more has
// to be compared.
type keyWord struct {
	text string
	at   int // where in it the rare byte is
}

func keyWords() [3][]keyWord { // of one rare byte each
	return [3][]keyWord{
		{{ageWord, 11}, {wireGuardWord, 7}, {gnuPGWord, 1}}, // K
		{{pemBegin, 6}}, // B
		{{jwkWord, 1}},  // k
	}
}

// hasKeyWord tells whether one of the words is in p.
func hasKeyWord(p []byte) bool {
	for _, words := range keyWords() {
		rare := words[0].text[words[0].at]
		for at := 0; ; at++ {
			i := bytes.IndexByte(p[at:], rare)
			if i < 0 {
				break
			}
			at += i
			for _, w := range words {
				if at >= w.at && hasPrefix(p[at-w.at:], w.text) {
					return true
				}
			}
		}
	}
	return false
}

func hasPrefix(p []byte, s string) bool { return len(p) >= len(s) && string(p[:len(s)]) == s }
