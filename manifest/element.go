package manifest

import (
	"errors"
	"fmt"
	"slices"
)

// A field is an element that another one may hold.
type field struct {
	name string
	rule rule
	attr string // the attribute that it may have

	// read takes the element whose opening tag it is given, up to and with its closing tag.
	read func(t tag) error
}

type rule int

const (
	required rule = iota // exactly once
	optional             // at most once
	repeated             // any number of times
)

// fields reads the elements inside t, and its closing tag: only those of known, in any order.
func (d *decoder) fields(t tag, known []field) error {
	counts := make([]int, len(known))
	for !t.empty {
		child, err := d.child()
		if err != nil {
			return err
		}
		if child.closing {
			if err := closes(child, t); err != nil {
				return err
			}
			break
		}
		if err := d.field(child, known, counts); err != nil {
			return err
		}
	}
	return complete(known, counts)
}

// child reads a tag. If it is malformed, the error names it.
func (d *decoder) child() (tag, error) {
	t, err := d.tag()
	if err != nil && len(t.name) > 0 && !t.closing {
		err = within(printable(t.name), err)
	}
	return t, err
}

// complete checks that no required element is missing.
func complete(known []field, counts []int) error {
	for i, f := range known {
		if f.rule == required && counts[i] == 0 {
			return faultf(f.name, "is missing")
		}
	}
	return nil
}

// field reads the element t, which must be one of known, and counts it.
func (d *decoder) field(t tag, known []field, counts []int) error {
	if d.m.Version == "" && string(t.name) != "version" {
		return faultf(printable(t.name), "stands where version should be")
	}
	i := slices.IndexFunc(known, func(f field) bool { return f.name == string(t.name) })
	if i < 0 {
		return faultf(printable(t.name), "is an unknown element in version %s", d.m.Version)
	}
	f, n := known[i], counts[i]
	counts[i]++
	err := f.check(t, n)
	if err == nil {
		err = f.read(t)
	}
	if err != nil && f.rule == repeated {
		return within(fmt.Sprintf("%s[%d]", f.name, n), err)
	}
	return within(f.name, err)
}

// check looks at the opening tag of an element that was seen n times before.
func (f field) check(t tag, n int) error {
	if f.rule != repeated && n > 0 {
		return errors.New("is there twice")
	}
	if t.key != nil && string(t.key) != f.attr {
		return fmt.Errorf("has the unknown attribute %.60q", t.key)
	}
	return nil
}

// printable makes an unknown name fit for an error.
func printable(name []byte) string {
	quoted := fmt.Sprintf("%.60q", name)
	return quoted[1 : len(quoted)-1]
}

// closes checks that end is the closing tag of t.
func closes(end, t tag) error {
	if !end.closing || string(end.name) != string(t.name) {
		return fmt.Errorf("has %.60q where its closing tag should be", end.name)
	}
	return nil
}

// value reads an element that holds text only, and stores what parse makes of it in dst.
func value[T any](d *decoder, dst *T, parse func(string) (T, error)) func(tag) error {
	return func(t tag) error {
		text, err := d.content(t)
		if err != nil {
			return err
		}
		*dst, err = parse(text)
		return err
	}
}

// values is like value for a repeated element.
func values[T any](d *decoder, dst *[]T, parse func(string) (T, error)) func(tag) error {
	return func(t tag) error {
		var v T
		if err := value(d, &v, parse)(t); err != nil {
			return err
		}
		*dst = append(*dst, v)
		return nil
	}
}

// content reads the text of t, and its closing tag.
func (d *decoder) content(t tag) (string, error) {
	if t.empty {
		return "", nil
	}
	text, err := d.text()
	if err != nil {
		return "", err
	}
	end, err := d.tag()
	if err != nil {
		return "", err
	}
	return text, closes(end, t)
}

// marked wraps read for an element whose attribute, where present, must have the value want.
func marked(want string, read func(tag) error) func(tag) error {
	return func(t tag) error {
		if t.key != nil && string(t.value) != want {
			return faultf("@"+string(t.key), "is %.60q; want %s", t.value, want)
		}
		return read(t)
	}
}
