package ec2query

import (
	"net/url"
	"reflect"
	"strconv"
	"time"
)

// EncodeRequest returns the form that asks for action with the struct that in points to.
func EncodeRequest(action string, in any) []byte {
	values := url.Values{"Action": {action}, "Version": {Version}}
	encodeForm(values, "", reflect.ValueOf(in).Elem())
	return []byte(values.Encode())
}

func encodeForm(values url.Values, prefix string, v reflect.Value) {
	for f := range fields(v.Type()) {
		if fv := v.Field(f.index); f.written(fv) {
			encodeParameter(values, prefix+f.form, fv)
		}
	}
}

func encodeParameter(values url.Values, name string, v reflect.Value) {
	v = reflect.Indirect(v)
	switch {
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			encodeParameter(values, name+"."+strconv.Itoa(i+1), v.Index(i))
		}
	case isStruct(v.Type()):
		encodeForm(values, name+".", v)
	default:
		values.Set(name, formatScalar(v, time.RFC3339Nano))
	}
}

// A Request is a request that was read and whose parameters wait for the action's struct.
type Request struct {
	Action  string
	Version string
	form    *node
}

// DecodeRequest reads the form of a request. Errors are of type *Error, to be answered as they are.
func DecodeRequest(body []byte) (*Request, error) {
	form, err := parseForm(body)
	if err != nil {
		return nil, err
	}
	r := &Request{form: form}
	if r.Action, err = form.take("Action"); err != nil {
		return nil, err
	}
	if r.Version, err = form.take("Version"); err != nil {
		return nil, err
	}
	if r.Action == "" {
		return nil, refuse("MissingAction", "The request must contain the parameter Action")
	}
	return r, nil
}

// Decode sets the struct that in points to from the request's parameters. Errors are of type *Error.
func (r *Request) Decode(in any) error {
	return r.form.decodeStruct("", reflect.ValueOf(in).Elem())
}
