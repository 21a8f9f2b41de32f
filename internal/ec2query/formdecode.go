package ec2query

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
)

// decodeStruct sets the fields of v. A parameter that no field has is refused: it would be forgotten in silence.
func (n *node) decodeStruct(prefix string, v reflect.Value) error {
	known := map[string]bool{}
	for f := range fields(v.Type()) {
		known[f.form] = true
		at := n.children[f.form]
		if at == nil {
			continue
		}
		if err := at.decode(prefix+f.form, v.Field(f.index)); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(n.children)) {
		if !known[name] {
			return unknown(prefix + n.children[name].below(name))
		}
	}
	return nil
}

// below returns the name of the first parameter at or below n, which itself is called name.
func (n *node) below(name string) string {
	for len(n.children) > 0 && !n.set {
		first := slices.Min(slices.Collect(maps.Keys(n.children)))
		n, name = n.children[first], name+"."+first
	}
	return name
}

func (n *node) decode(name string, v reflect.Value) error {
	v = target(v)
	scalar := v.Kind() != reflect.Slice && !isStruct(v.Type())
	switch {
	case scalar != n.set || scalar && len(n.children) > 0:
		return unknown(n.below(name))
	case scalar:
		if err := parseScalar(v, n.text); err != nil {
			return badValue(name, err)
		}
		return nil
	case v.Kind() == reflect.Slice:
		return n.decodeList(name, v)
	}
	return n.decodeMember(name, v)
}

// decodeMember reads a structure, which must say something: there is no other way to write that it is there.
func (n *node) decodeMember(name string, v reflect.Value) error {
	if err := n.decodeStruct(name+".", v); err != nil {
		return err
	}
	if v.IsZero() {
		return refuse("InvalidParameterValue", "Value for parameter "+name+" is invalid: it is empty")
	}
	return nil
}

// decodeList reads name.1 to name.N. A gap is refused, so that a list is never longer than what was sent.
func (n *node) decodeList(name string, v reflect.Value) error {
	count := len(n.children)
	v.Set(reflect.MakeSlice(v.Type(), count, count))
	for i := range count {
		number := strconv.Itoa(i + 1)
		at := n.children[number]
		if at == nil {
			return refuse("InvalidParameterValue", "The list "+name+" is not counted from 1: it lacks "+name+"."+number)
		}
		if err := at.decode(name+"."+number, v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}
