package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// A record is an image as it is stored. Its nonce changes with every writing, so that no two writers ever
// write the same bytes: one that finds its own has won, even where the store's answer got lost.
type record struct {
	Image
	Nonce string
}

// An UnreadableError says that a record's content is not what this package writes.
type UnreadableError struct {
	Key string // of the record in its registry
	Err error
}

// Error names the record and what is wrong with it.
func (e *UnreadableError) Error() string { return fmt.Sprintf("record %s: %v", e.Key, e.Err) }

// Unwrap returns what is wrong with the record.
func (e *UnreadableError) Unwrap() error { return e.Err }

func parseRecord(key string, text []byte) (record, error) {
	var r record
	if err := json.Unmarshal(text, &r); err != nil {
		return record{}, &UnreadableError{key, err}
	}
	if imageKey(r.ID) != key {
		return record{}, &UnreadableError{key, fmt.Errorf("it is of image %q", r.ID)}
	}
	if r.State == "" || r.Name == "" {
		return record{}, &UnreadableError{key, fmt.Errorf("it has no name or no state")}
	}
	return r, nil
}

// amend returns text, which holds before, changed so that it holds after, another of the same type. Only the fields
// that differ are touched: those that a later version of this package added survive, on every level.
func amend(text []byte, before, after any) ([]byte, error) {
	fields, err := fieldsOf(text)
	if err != nil {
		return nil, err
	}
	was, err := fieldsOfValue(before)
	if err != nil {
		return nil, err
	}
	becomes, err := fieldsOfValue(after)
	if err != nil {
		return nil, err
	}
	for name := range was {
		if _, kept := becomes[name]; !kept {
			delete(fields, name)
		}
	}
	for name, value := range becomes {
		if !bytes.Equal(value, was[name]) {
			fields[name] = amendList(fields[name], was[name], value)
		}
	}
	return encode(fields)
}

// amendList returns after, with the elements that before has too as they stand in text. What is no list is
// returned as it is.
func amendList(text, before, after json.RawMessage) json.RawMessage {
	var texts, was, becomes []json.RawMessage
	err := errors.Join(json.Unmarshal(text, &texts), json.Unmarshal(before, &was), json.Unmarshal(after, &becomes))
	if err != nil || len(texts) != len(was) {
		return after
	}
	for i, element := range becomes {
		same := func(e json.RawMessage) bool { return bytes.Equal(e, element) }
		if j := slices.IndexFunc(was, same); j >= 0 {
			becomes[i] = texts[j]
			texts, was = slices.Delete(texts, j, j+1), slices.Delete(was, j, j+1)
		}
	}
	amended, err := json.Marshal(becomes)
	if err != nil {
		return after
	}
	return amended
}

func fieldsOfValue(v any) (map[string]json.RawMessage, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return fieldsOf(text)
}

func fieldsOf(text []byte) (map[string]json.RawMessage, error) {
	fields := map[string]json.RawMessage{}
	return fields, json.Unmarshal(text, &fields)
}

// encode returns v as a line of JSON.
func encode(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	return append(text, '\n'), err
}
