package ec2query

import (
	"net/url"
	"strings"
)

// A node is a parameter, or what the parameters have in common before a dot.
type node struct {
	text     string
	set      bool // text was given
	children map[string]*node
}

// parseForm reads name=value pairs. It is not url.ParseQuery, which takes at most 10,000 of them and repeated ones.
func parseForm(body []byte) (*node, error) {
	if len(body) > MaxRequestSize {
		return nil, refuse("RequestEntityTooLarge", "The request has more than 4194304 bytes")
	}
	root := &node{}
	count := 0
	for pair := range strings.SplitSeq(string(body), "&") {
		if count++; count > maxParameters {
			return nil, malformed("it has more than 65536 parameters")
		}
		if err := root.parsePair(pair); err != nil {
			return nil, err
		}
	}
	return root, nil
}

func (n *node) parsePair(pair string) error {
	if pair == "" {
		return nil
	}
	name, value, _ := strings.Cut(pair, "=")
	name, err := url.QueryUnescape(name)
	if err != nil {
		return malformed(err.Error())
	}
	if value, err = url.QueryUnescape(value); err != nil {
		return malformed(err.Error())
	}
	return n.insert(name, value)
}

func (n *node) insert(name, value string) error {
	if strings.Count(name, ".") >= maxDepth {
		return unknown(name)
	}
	at := n
	for part := range strings.SplitSeq(name, ".") {
		if part == "" {
			return unknown(name)
		}
		at = at.child(part)
	}
	if at.set {
		return malformed("parameter " + name + " is given twice")
	}
	at.text, at.set = value, true
	return nil
}

// child returns the child of that name, made where there was none.
func (n *node) child(name string) *node {
	if n.children == nil {
		n.children = map[string]*node{}
	}
	if n.children[name] == nil {
		n.children[name] = &node{}
	}
	return n.children[name]
}

// take returns the text of a parameter and removes it; one that is not given is empty.
func (n *node) take(name string) (string, error) {
	at := n.children[name]
	if at == nil {
		return "", nil
	}
	delete(n.children, name)
	if len(at.children) > 0 {
		return "", unknown(at.below(name))
	}
	return at.text, nil
}

func refuse(code, message string) *Error {
	return &Error{Code: code, Message: message, Status: 400}
}

func malformed(what string) *Error {
	return refuse("MalformedQueryString", "The query string is malformed: "+what)
}

func unknown(name string) *Error {
	return refuse("UnknownParameter", "The parameter "+name+" is not recognized")
}

func badValue(name string, err error) *Error {
	return refuse("InvalidParameterValue", "Value for parameter "+name+" is invalid: "+err.Error())
}
