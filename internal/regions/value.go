package regions

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A value is a piece of a JSON document that knows the line that it stands on, for the error messages.
type value struct {
	line    int
	kind    string   // object, array, string or, for all that neither file has: number, boolean, null
	text    string   // of a string
	members []member // of an object, in the order of the document
	items   []value  // of an array
}

// A member is a key of an object and its value.
type member struct {
	name string
	line int // of the key
	value
}

// parseValue reads a document of one JSON value. A key that an object has twice is an error, since readers
// do not agree on which of the two counts.
func parseValue(data []byte) (value, error) {
	if !utf8.Valid(data) {
		return value{}, errors.New("not UTF-8")
	}
	var whole json.RawMessage
	if err := json.Unmarshal(data, &whole); err != nil {
		return value{}, syntaxError(data, err)
	}
	p := parser{data: data, dec: json.NewDecoder(bytes.NewReader(data)), line: 1}
	p.dec.UseNumber() // a float64 would refuse 1e999, which is of no use here, but well-formed
	return p.value()
}

func syntaxError(data []byte, err error) error {
	e, ok := errors.AsType[*json.SyntaxError](err)
	if !ok {
		return err
	}
	before := data[:min(e.Offset, int64(len(data)))]
	return fmt.Errorf("line %d: %w", 1+bytes.Count(before, []byte("\n")), err)
}

// A parser makes values of a document that is known to be well-formed.
type parser struct {
	data []byte
	dec  *json.Decoder
	line int   // of the last token
	read int64 // the bytes up to its end
}

func (p *parser) token() (json.Token, error) {
	t, err := p.dec.Token()
	end := p.dec.InputOffset()
	p.line += bytes.Count(p.data[p.read:end], []byte("\n"))
	p.read = end
	return t, err
}

func (p *parser) value() (value, error) {
	t, err := p.token()
	if err != nil {
		return value{}, err
	}
	v := value{line: p.line}
	switch t := t.(type) {
	case string:
		v.kind, v.text = "string", t
	case json.Number:
		v.kind = "number"
	case bool:
		v.kind = "boolean"
	case nil:
		v.kind = "null"
	case json.Delim:
		return v, p.contents(t, &v)
	}
	return v, nil
}

// contents reads what follows the opening bracket of v, and the closing one.
func (p *parser) contents(opening json.Delim, v *value) error {
	more := p.items
	v.kind = "array"
	if opening == '{' {
		more = p.members
		v.kind = "object"
	}
	if err := more(v); err != nil {
		return err
	}
	_, err := p.token()
	return err
}

func (p *parser) items(v *value) error {
	for p.dec.More() {
		item, err := p.value()
		if err != nil {
			return err
		}
		v.items = append(v.items, item)
	}
	return nil
}

func (p *parser) members(v *value) error {
	lines := map[string]int{}
	for p.dec.More() {
		t, err := p.token()
		if err != nil {
			return err
		}
		m := member{name: t.(string), line: p.line} // all else is not well-formed
		if first, ok := lines[m.name]; ok {
			return fmt.Errorf("line %d: key %q is repeated, it is on line %d already", m.line, m.name, first)
		}
		lines[m.name] = m.line
		if m.value, err = p.value(); err != nil {
			return err
		}
		v.members = append(v.members, m)
	}
	return nil
}

// want returns an error unless v is of the kind.
func (v value) want(kind string) error {
	if v.kind != kind {
		return fmt.Errorf("%s found where %s belongs", v.kind, kind)
	}
	return nil
}

// word returns the text of a string that says something.
func (v value) word() (string, error) {
	if err := v.want("string"); err != nil {
		return "", err
	}
	if v.text == "" {
		return "", errors.New("empty: leave the key out")
	}
	if strings.ContainsFunc(v.text, unicode.IsControl) {
		return "", fmt.Errorf("%q has a control character", v.text)
	}
	return v.text, nil
}
