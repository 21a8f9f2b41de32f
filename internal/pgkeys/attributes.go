package pgkeys

import (
	"strings"
	"unicode/utf8"
)

// Attributes are what Select finds values by.
type Attributes struct {
	Owner, Region, Name, Location, State string
}

// An attribute is a column and its value.
type attribute struct{ column, value string }

// list returns the attributes in the order of the statements' parameters.
func (a Attributes) list() []attribute {
	return []attribute{
		{"owner", a.Owner},
		{"region", a.Region},
		{"name", a.Name},
		{"location", a.Location},
		{"state", a.State},
	}
}

// columns returns the value's attributes as they are stored, all of them or none: a value with one that cannot
// be stored is as one that cannot be read.
func (k *Keys) columns(key string, value []byte) []any {
	a, ok := k.attributes(key, value)
	args := make([]any, 0, 5)
	for _, attribute := range a.list() {
		args = append(args, attribute.value)
		ok = ok && storable(attribute.value)
	}
	if !ok {
		clear(args) // NULL
	}
	return args
}

// storable reports whether s can be in a column and in its index, whose entries hold 2,700 bytes.
func storable(s string) bool {
	return len(s) <= maxKey && utf8.ValidString(s) && !strings.ContainsRune(s, 0)
}
