package pgkeys

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"

	"amiforge/internal/store"
)

// A Selection says which values to yield.
type Selection struct {
	Equal     Attributes // those with these attributes; an empty one matches every value
	ButStates []string   // but not those in one of these states
}

// List yields the keys that begin with prefix, sorted, with their versions and values, and stops at the first error.
func (k *Keys) List(ctx context.Context, prefix string) iter.Seq2[store.Entry, error] {
	return k.Select(ctx, prefix, Selection{})
}

// Select is List of what is selected, and of what has no attributes because it could not be read. Memory holds one
// value at a time.
func (k *Keys) Select(ctx context.Context, prefix string, selection Selection) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		if strings.ContainsRune(prefix, 0) || !utf8.ValidString(prefix) {
			return // no key begins so
		}
		s := &scan{keys: k, prefix: prefix, selection: selection, yield: yield}
		err := k.retry(ctx, &s.budget, "list", prefix, s.run)
		if err != nil && !errors.Is(err, errUnmade) {
			yield(store.Entry{}, err)
		}
	}
}

// A scan yields what is selected, and when a connection breaks goes on after the last key that it had.
type scan struct {
	keys      *Keys
	prefix    string
	selection Selection
	yield     func(store.Entry, error) bool
	budget    budget
	last      string // key; "" is before all
}

func (s *scan) run(ctx context.Context) error {
	if err := s.keys.checkSchema(ctx); err != nil {
		return err
	}
	sql, args := s.query()
	ctx, stop := context.WithCancel(ctx)
	rows, err := s.keys.pool.Query(ctx, sql, args...)
	if err != nil {
		stop()
		return err
	}
	defer rows.Close()
	defer stop() // before that, which would read all that is left
	for rows.Next() {
		var entry store.Entry
		var number int64
		if err := rows.Scan(&entry.Key, &number, &entry.Value); err != nil {
			return err
		}
		entry.Version = formatVersion(number)
		s.last, s.budget = entry.Key, budget{}
		if !s.yield(entry, nil) {
			return nil
		}
	}
	return rows.Err()
}

// query returns the statement for what is still to be yielded.
func (s *scan) query() (sql string, args []any) {
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	var where []string
	if s.last == "" {
		where = append(where, "key >= "+arg(s.prefix))
	} else {
		where = append(where, "key > "+arg(s.last))
	}
	if end, ok := successor(s.prefix); ok {
		where = append(where, "key < "+arg(end))
	}
	var selected []string
	for _, a := range s.selection.Equal.list() {
		if a.value != "" {
			selected = append(selected, a.column+" = "+arg(a.value))
		}
	}
	if len(s.selection.ButStates) > 0 {
		selected = append(selected, "state <> ALL ("+arg(s.selection.ButStates)+")")
	}
	if len(selected) > 0 {
		where = append(where, "(owner IS NULL OR "+strings.Join(selected, " AND ")+")")
	}
	return "SELECT key, version, value FROM amiforge.records WHERE " + strings.Join(where, " AND ") + " ORDER BY key", args
}

// successor returns the first string after all that begin with prefix, in the order of their bytes, which is
// that of their runes. Nothing is after those that begin with nothing.
func successor(prefix string) (string, bool) {
	for prefix != "" {
		r, size := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-size]
		switch {
		case r == 0xd7ff:
			return prefix + "\ue000", true // the surrogates between are no runes
		case r < utf8.MaxRune:
			return prefix + string(r+1), true
		}
	}
	return "", false
}
