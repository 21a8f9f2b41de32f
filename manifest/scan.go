package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// A scanner reads the little of XML that manifests are written in: a declaration, tags with at most one
// attribute, text with character references. All else is refused by construction: document types,
// comments, CDATA, processing instructions, entities, namespaces. What it takes, every XML parser reads
// alike, so nobody is shown another manifest than the one that was signed.
type scanner struct {
	data  []byte
	pos   int
	ascii bool // the declaration says that no byte is above 0x7f
}

// A tag is what stands between < and >. Its slices are of the scanner's data.
type tag struct {
	start      int // offset of the <
	name       []byte
	key, value []byte // the attribute; key is nil if there is none
	closing    bool   // </name>
	empty      bool   // <name/>
}

var declaration = regexp.MustCompile(`^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:'1\.0'|"1\.0")` +
	`(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:'([\w.-]+)'|"([\w.-]+)"))?[ \t\r\n]*\?>`)

// declaration reads the XML declaration, if there is one, and the encoding that it names.
func (s *scanner) declaration() error {
	if err := refuseOtherFormats(s.data); err != nil {
		return err
	}
	if !bytes.HasPrefix(s.data, []byte("<?xml")) {
		return nil
	}
	found := declaration.FindSubmatch(s.data)
	if found == nil {
		return errors.New("XML declaration is malformed or not that of XML 1.0")
	}
	s.pos = len(found[0])
	switch encoding := strings.ToUpper(string(found[1]) + string(found[2])); encoding {
	case "", "UTF-8":
	case "ASCII", "US-ASCII":
		s.ascii = true
	default:
		return fmt.Errorf("encoding is %.60q; want ASCII or UTF-8", encoding)
	}
	return nil
}

func refuseOtherFormats(data []byte) error {
	switch {
	case len(data) == 0:
		return fmt.Errorf("no content: %w", io.ErrUnexpectedEOF)
	case IsEncrypted(data):
		return errors.New("manifest is encrypted")
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return errors.New("encoding is UTF-16; want ASCII or UTF-8")
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return errors.New("begins with a byte order mark")
	}
	return nil
}

// tag reads the next tag. Only white space may stand before it.
func (s *scanner) tag() (tag, error) {
	s.space()
	t := tag{start: s.pos}
	if s.pos == len(s.data) {
		return t, io.ErrUnexpectedEOF
	}
	if !s.skip('<') {
		return t, fmt.Errorf("has text %.20q where only elements may be", s.data[s.pos:])
	}
	if err := s.refuseMarkup(); err != nil {
		return t, err
	}
	t.closing = s.skip('/')
	t.name = s.word()
	if len(t.name) == 0 {
		return t, errors.New("has a < that begins no tag")
	}
	if s.space() && !t.closing {
		if err := s.attribute(&t); err != nil {
			return t, err
		}
	}
	t.empty = !t.closing && s.skip('/')
	return t, s.endOf(t)
}

func (s *scanner) endOf(t tag) error {
	switch {
	case s.pos == len(s.data):
		return io.ErrUnexpectedEOF
	case s.skip('>'):
		return nil
	case t.key != nil:
		// No element of the format knows two attributes, so the second is a stranger or a duplicate.
		return fmt.Errorf("tag %.60q has more than one attribute", t.name)
	}
	return fmt.Errorf("tag %.60q is malformed", t.name)
}

// refuseMarkup names what begins after a < if it is neither a tag nor allowed.
func (s *scanner) refuseMarkup() error {
	rest := s.data[s.pos:]
	switch {
	case bytes.HasPrefix(rest, []byte("!--")):
		return errors.New("has a comment")
	case bytes.HasPrefix(rest, []byte("![")):
		return errors.New("has a CDATA section")
	case bytes.HasPrefix(rest, []byte("!")):
		return errors.New("has a document type declaration")
	case bytes.HasPrefix(rest, []byte("?")):
		return errors.New("has a processing instruction")
	}
	return nil
}

// attribute reads the attribute of t, if it has one, and the white space after it.
func (s *scanner) attribute(t *tag) error {
	key := s.word()
	if len(key) == 0 {
		return nil
	}
	s.space()
	if !s.skip('=') {
		return fmt.Errorf("attribute %.60q has no value", key)
	}
	s.space()
	value, ok := s.quoted()
	if !ok || bytes.ContainsAny(value, "<&") {
		return fmt.Errorf("value of attribute %.60q is malformed", key)
	}
	t.key, t.value = key, value
	s.space()
	return nil
}

// quoted reads a string in single or double quotes.
func (s *scanner) quoted() (value []byte, ok bool) {
	if s.pos == len(s.data) {
		return nil, false
	}
	quote := s.data[s.pos]
	if quote != '\'' && quote != '"' {
		return nil, false
	}
	s.pos++
	n := bytes.IndexByte(s.data[s.pos:], quote)
	if n < 0 {
		return nil, false
	}
	value = s.data[s.pos : s.pos+n]
	s.pos += n + 1
	return value, true
}

// word reads up to what cannot be in a name. Whether it is one of ours is the caller's business.
func (s *scanner) word() []byte {
	start := s.pos
	for s.pos < len(s.data) && !isDelimiter(s.data[s.pos]) {
		s.pos++
	}
	return s.data[start:s.pos]
}

func isDelimiter(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', '<', '>', '/', '=', '\'', '"', '&':
		return true
	}
	return false
}

func (s *scanner) skip(c byte) bool {
	if s.pos == len(s.data) || s.data[s.pos] != c {
		return false
	}
	s.pos++
	return true
}

// space skips white space and tells if there was any.
func (s *scanner) space() bool {
	start := s.pos
	for s.pos < len(s.data) && isSpace(s.data[s.pos]) {
		s.pos++
	}
	return s.pos > start
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
