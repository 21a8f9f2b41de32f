package secret

import (
	"bytes"
	"encoding/binary"
	"io"
	"regexp"
	"slices"
)

// Window is how many bytes from its beginning, and one before that, are looked at to recognise a secret.
const Window = 2048

// A Class says what somebody who finds a secret can do with it.
type Class int

// The classes, the gravest last.
const (
	Hint  Class = iota + 1 // it goes out of date soon, or only names who has a secret
	Token                  // a token or password of some service
	Key                    // a private key, or one of a cloud account
)

// A Match is a place that has a secret. What the secret is, is not in it.
type Match struct {
	Rule   string // aws-access-key
	Title  string // AWS access key ID
	Class  Class
	Offset int64 // of the secret, or of the word that tells of it
	Length int   // up to the end of the secret, as far as it was looked at
	Line   int   // that Offset is in, from 1 on
	Hash   string
	Loose  bool // it has little of its own to be known by: in data that is no text it may be chance
}

// A Scanner finds secrets. It may be used by several goroutines.
//
// It goes over the bytes once, looking for the words that the patterns begin with by four bytes at a time, and tries a
// pattern only where one of its words is.
type Scanner struct {
	rules  []compiled
	seen   [1 << 16 / 64]uint64 // hashes of the first four bytes of words
	starts map[uint32][]start   // by these four bytes
}

type compiled struct {
	rule
	expr *regexp.Regexp
}

// A start is a word that a rule's pattern begins with.
type start struct {
	word []byte // in lower case if the rule has fold
	rule int
}

// NewScanner returns a Scanner for all that this package knows.
func NewScanner() *Scanner {
	s := &Scanner{starts: map[uint32][]start{}}
	for i, r := range rules() {
		s.rules = append(s.rules, compiled{r, regexp.MustCompile(`\A(?:` + r.expr + `)`)})
		for _, word := range r.starts {
			gram := fold(binary.LittleEndian.Uint32([]byte(word)))
			s.starts[gram] = append(s.starts[gram], start{[]byte(word), i})
			s.seen[hash(gram)/64] |= 1 << (hash(gram) % 64)
		}
	}
	return s
}

// fold makes letters small, and other bytes whatever: it is done to both sides.
func fold(gram uint32) uint32 { return gram | 0x20202020 }

func hash(gram uint32) uint32 { return gram * 0x9e3779b1 >> 16 }

// Find returns the secrets that begin in p[from:to]. It sees all of p: for the same matches whatever the pieces that a
// file is read in, p has the byte before from and Window bytes behind to, unless the file has not. Offset and Line are
// from the beginning of p.
func (s *Scanner) Find(p []byte, from, to int) []Match {
	var list []Match
	line, counted := 1, 0
	for i := s.next(p, from, to); i < to; i = s.next(p, i+1, to) {
		for _, st := range s.starts[fold(binary.LittleEndian.Uint32(p[i:]))] {
			if m, ok := s.try(st, p, i); ok {
				line, counted = line+bytes.Count(p[counted:i], []byte{'\n'}), i
				m.Offset, m.Line = int64(i), line
				list = append(list, m)
			}
		}
	}
	return list
}

// next returns the first place in p[i:to] that a word may begin at, or to.
func (s *Scanner) next(p []byte, i, to int) int {
	for ; i+8 <= len(p) && i < to; i += 4 {
		grams := binary.LittleEndian.Uint64(p[i:]) | 0x2020202020202020 // folded; four of them are looked at, at once
		if s.has(uint32(grams))|s.has(uint32(grams>>8))|s.has(uint32(grams>>16))|s.has(uint32(grams>>24)) == 0 {
			continue
		}
		for j := range min(4, to-i) {
			if s.has(uint32(grams>>(8*j))) != 0 {
				return i + j
			}
		}
	}
	for ; i+4 <= len(p) && i < to; i++ {
		if s.has(fold(binary.LittleEndian.Uint32(p[i:]))) != 0 {
			return i
		}
	}
	return to
}

// has returns 0 if no word begins with gram, and else most probably 1.
func (s *Scanner) has(gram uint32) uint64 {
	h := hash(gram)
	return s.seen[h/64] >> (h % 64) & 1
}

// try tells whether the rule of st matches at p[i].
func (s *Scanner) try(st start, p []byte, i int) (Match, bool) {
	r := &s.rules[st.rule]
	if !r.begins(st.word, p[i:]) || !r.inside && i > 0 && p[i-1] != '=' && r.isPart(p[i-1]) {
		return Match{}, false
	}
	if r.parse != nil {
		m, ok := r.parse(p[i:min(len(p), i+Window)])
		return m, ok && !isPublic(m.Hash)
	}
	window := p[i:min(len(p), i+Window-1)]
	if r.quick != nil && !r.quick(window) {
		return Match{}, false
	}
	loc := r.expr.FindSubmatchIndex(window)
	if loc == nil || i+loc[1] < len(p) && r.isPart(p[i+loc[1]]) {
		return Match{}, false
	}
	secret := lastGroup(window, loc)
	if isPlaceholder(secret) || entropy(secret) < r.entropy || r.not != nil && r.not(window[:loc[1]], secret) {
		return Match{}, false
	}
	m := Match{Rule: r.id, Title: r.title, Class: r.class, Length: loc[1], Hash: Hash(secret), Loose: r.loose}
	return m, !isPublic(m.Hash)
}

// lastGroup returns what the last group has that has matched, or what all has.
func lastGroup(p []byte, loc []int) []byte {
	i := len(loc) - 2
	for loc[i] < 0 {
		i -= 2
	}
	return p[loc[i]:loc[i+1]]
}

// begins tells whether p begins with word.
func (r *compiled) begins(word, p []byte) bool {
	if r.fold {
		return len(p) >= len(word) && bytes.EqualFold(p[:len(word)], word)
	}
	return bytes.HasPrefix(p, word)
}

// isPart tells whether c, before or behind what matches, says that it is only a piece of something else.
func (r *compiled) isPart(c byte) bool {
	return isAlphanumeric(c) || c == '_' || bytes.IndexByte([]byte(r.around), c) >= 0
}

// scanChunk is how much Scan reads at a time, in bytes.
const scanChunk = 256 << 10

// Scan calls found for each secret in r, in the order of their offsets, until it returns false. It takes memory for a
// chunk of 256 KiB and two Windows.
func (s *Scanner) Scan(r io.Reader, found func(Match) bool) error {
	buf := make([]byte, scanChunk+2*Window)
	offset, line, kept, from := int64(0), 1, 0, 0
	for {
		n, err := io.ReadFull(r, buf[kept:])
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return err
		}
		p, to := buf[:kept+n], kept+n
		if err == nil {
			to -= Window
		}
		for _, m := range s.Find(p, from, to) {
			m.Offset, m.Line = m.Offset+offset, m.Line+line-1
			if !found(m) {
				return nil
			}
		}
		if err != nil {
			return nil
		}
		gone := to - 1 // the byte before what comes next stays
		line, offset = line+bytes.Count(p[:gone], []byte{'\n'}), offset+int64(gone)
		kept, from = copy(buf, p[gone:]), 1
	}
}

// Rules returns the names of the rules and their titles, by name.
func Rules() [][2]string {
	var list [][2]string
	for _, r := range rules() {
		list = append(list, [2]string{r.id, r.title})
	}
	slices.SortFunc(list, func(a, b [2]string) int { return bytes.Compare([]byte(a[0]), []byte(b[0])) })
	return slices.Compact(list)
}
