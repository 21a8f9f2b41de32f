package ec2query

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"
)

const (
	namespace = "http://ec2.amazonaws.com/doc/2016-11-15/"
	xmlTime   = "2006-01-02T15:04:05.000Z" // as EC2 writes times
)

// EncodeResponse returns the answer to action, with what the struct that out points to has. Text that XML cannot
// carry is an error.
func EncodeResponse(action, requestID string, out any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	fmt.Fprintf(&b, "<%sResponse xmlns=%q><requestId>", action, namespace)
	if err := writeText(&b, requestID); err != nil {
		return nil, fmt.Errorf("encode %s: requestId: %w", action, err)
	}
	b.WriteString("</requestId>")
	if err := encodeFields(&b, reflect.ValueOf(out).Elem()); err != nil {
		return nil, fmt.Errorf("encode %s: %w", action, err)
	}
	fmt.Fprintf(&b, "</%sResponse>\n", action)
	return b.Bytes(), nil
}

func encodeFields(b *bytes.Buffer, v reflect.Value) error {
	for f := range fields(v.Type()) {
		if fv := v.Field(f.index); f.written(fv) {
			if err := encodeElement(b, f.xml, fv); err != nil {
				return err
			}
		}
	}
	return nil
}

func encodeElement(b *bytes.Buffer, name string, v reflect.Value) error {
	b.WriteString("<" + name + ">")
	if err := encodeContent(b, reflect.Indirect(v)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	b.WriteString("</" + name + ">")
	return nil
}

func encodeContent(b *bytes.Buffer, v reflect.Value) error {
	switch {
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			if err := encodeElement(b, "item", v.Index(i)); err != nil {
				return err
			}
		}
		return nil
	case isStruct(v.Type()):
		return encodeFields(b, v)
	}
	return writeText(b, formatScalar(v, xmlTime))
}

// writeText refuses what xml.EscapeText would replace.
func writeText(b *bytes.Buffer, text string) error {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, notInXML) {
		return fmt.Errorf("%q cannot be written in XML", text)
	}
	return xml.EscapeText(b, []byte(text))
}

// notInXML reports whether XML 1.0 (section 2.2) lacks the character.
func notInXML(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff
}
