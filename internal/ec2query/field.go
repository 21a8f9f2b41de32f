package ec2query

import (
	"fmt"
	"iter"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// A field is a struct's field with its two names.
type field struct {
	index  int
	form   string // its name in a request
	xml    string // its name in an answer
	always bool   // written even where it is zero
}

// fields yields the fields of the struct t.
func fields(t reflect.Type) iter.Seq[field] {
	return func(yield func(field) bool) {
		for i := range t.NumField() {
			if !yield(parseTag(i, t.Field(i).Tag.Get("ec2"))) {
				return
			}
		}
	}
}

func parseTag(index int, tag string) field {
	form, rest, _ := strings.Cut(tag, ",")
	name, option, _ := strings.Cut(rest, ",")
	if name == "" {
		name = strings.ToLower(form[:1]) + form[1:]
	}
	return field{index: index, form: form, xml: name, always: option == "always"}
}

// written reports whether the field's value v has a place in a message.
func (f field) written(v reflect.Value) bool { return f.always || !v.IsZero() }

func isTime(t reflect.Type) bool { return t == reflect.TypeFor[time.Time]() }

// isStruct reports whether t has fields of its own on the wire.
func isStruct(t reflect.Type) bool { return t.Kind() == reflect.Struct && !isTime(t) }

// target returns what a pointer points to, made anew, and any other value as it is.
func target(v reflect.Value) reflect.Value {
	if v.Kind() != reflect.Pointer {
		return v
	}
	v.Set(reflect.New(v.Type().Elem()))
	return v.Elem()
}

// formatScalar returns the text of a value, times in layout.
func formatScalar(v reflect.Value, layout string) string {
	switch {
	case isTime(v.Type()):
		return v.Interface().(time.Time).UTC().Format(layout)
	case v.Kind() == reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case v.Kind() == reflect.Int64:
		return strconv.FormatInt(v.Int(), 10)
	}
	return v.String()
}

// parseScalar sets v to what text says. An empty time is the zero one; milliseconds are all that EC2 has.
func parseScalar(v reflect.Value, text string) error {
	switch {
	case isTime(v.Type()):
		return parseTime(v, text)
	case v.Kind() == reflect.Bool:
		if text != "true" && text != "false" {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		v.SetBool(text == "true")
	case v.Kind() == reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is not a number", text)
		}
		v.SetInt(n)
	default:
		v.SetString(text)
	}
	return nil
}

func parseTime(v reflect.Value, text string) error {
	if text == "" {
		return nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return fmt.Errorf("%q is not a time such as 2027-01-31T00:00:00Z", text)
	}
	if t = t.UTC().Truncate(time.Millisecond); t.Year() < 1 || t.Year() > 9999 {
		return fmt.Errorf("%q is out of range", text)
	}
	v.Set(reflect.ValueOf(t))
	return nil
}
