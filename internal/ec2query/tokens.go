package ec2query

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
)

// tokens is an XML decoder without what nobody who means well sends: a DTD, entities and processing instructions.
type tokens struct{ *xml.Decoder }

func newTokens(data []byte) tokens { return tokens{xml.NewDecoder(bytes.NewReader(data))} }

// Token returns the next token that is not a comment.
func (t tokens) Token() (xml.Token, error) {
	for {
		token, err := t.Decoder.Token()
		switch token := token.(type) {
		case xml.Directive:
			return nil, errors.New("a document type is not allowed")
		case xml.ProcInst:
			if token.Target != "xml" {
				return nil, fmt.Errorf("the processing instruction %s is not allowed", token.Target)
			}
		case xml.Comment:
		default:
			return token, err
		}
	}
}
