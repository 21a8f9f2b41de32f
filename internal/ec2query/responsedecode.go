package ec2query

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// DecodeResponse sets the struct that out points to from the answer to action, and returns the request's ID.
func DecodeResponse(action string, data []byte, out any) (requestID string, err error) {
	d := &decoder{tokens: newTokens(data)}
	if err := d.document(action+"Response", reflect.ValueOf(out).Elem()); err != nil {
		return "", fmt.Errorf("decode the answer to %s: %w", action, err)
	}
	return d.requestID, nil
}

type decoder struct {
	tokens
	requestID string
	items     int // of all lists so far
}

func (d *decoder) document(root string, v reflect.Value) error {
	start, err := d.next()
	if err != nil {
		return truncated(err)
	}
	if start == nil || start.Name.Local != root {
		return fmt.Errorf("the document is not a %s", root)
	}
	if err := d.fields(v, true); err != nil {
		return truncated(err)
	}
	if _, err := d.next(); err != io.EOF {
		return errors.New("there is more after the document")
	}
	return nil
}

// truncated names the end of a document that was still open.
func truncated(err error) error {
	syntax, ok := errors.AsType[*xml.SyntaxError](err)
	if err == io.EOF || ok && syntax.Msg == "unexpected EOF" {
		return io.ErrUnexpectedEOF
	}
	return err
}

// next returns the next element's start, or nil at the end of the one around it.
func (d *decoder) next() (*xml.StartElement, error) {
	for {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			return &token, nil
		case xml.EndElement:
			return nil, nil
		case xml.CharData:
			if strings.TrimSpace(string(token)) != "" {
				return nil, fmt.Errorf("text between elements: %.40q", token)
			}
		}
	}
}

// fields reads the children of an element into v. Those that v does not have are skipped: EC2 adds some each year.
func (d *decoder) fields(v reflect.Value, root bool) error {
	seen := map[string]bool{}
	for {
		start, err := d.next()
		if start == nil || err != nil {
			return err
		}
		name := start.Name.Local
		into := fieldNamed(v, name)
		if root && name == "requestId" {
			into = reflect.ValueOf(&d.requestID).Elem()
		}
		if !into.IsValid() {
			err = d.skip()
		} else if seen[name] {
			err = errors.New("given twice")
		} else {
			seen[name] = true
			err = d.content(into)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
}

// skip reads to the end of the element. It is not the xml.Decoder's, which would let a directive pass.
func (d *decoder) skip() error {
	for depth := 1; depth > 0; {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
	}
	return nil
}

func fieldNamed(v reflect.Value, name string) reflect.Value {
	for f := range fields(v.Type()) {
		if f.xml == name {
			return v.Field(f.index)
		}
	}
	return reflect.Value{}
}

func (d *decoder) content(v reflect.Value) error {
	v = target(v)
	switch {
	case v.Kind() == reflect.Slice:
		return d.list(v)
	case isStruct(v.Type()):
		return d.fields(v, false)
	}
	text, err := d.text()
	if err != nil {
		return err
	}
	return parseScalar(v, text)
}

func (d *decoder) list(v reflect.Value) error {
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	for {
		start, err := d.next()
		if start == nil || err != nil {
			return err
		}
		if start.Name.Local != "item" {
			return fmt.Errorf("a list has a %s", start.Name.Local)
		}
		if d.items++; d.items > maxItems {
			return fmt.Errorf("lists have more than %d items", maxItems)
		}
		v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
		if err := d.content(v.Index(v.Len() - 1)); err != nil {
			return fmt.Errorf("item %d: %w", v.Len(), err)
		}
	}
}

func (d *decoder) text() (string, error) {
	var b strings.Builder
	for {
		token, err := d.Token()
		if err != nil {
			return "", err
		}
		switch token := token.(type) {
		case xml.CharData:
			b.Write(token)
		case xml.EndElement:
			return b.String(), nil
		default:
			return "", errors.New("an element where text is expected")
		}
	}
}
