package cli

import (
	"strings"

	"github.com/spf13/pflag"
)

// nearestFlag returns the one flag that name was most likely meant to be.
func nearestFlag(name string, f *pflag.FlagSet) (flag string, ok bool) {
	var names []string
	f.VisitAll(func(candidate *pflag.Flag) {
		if !candidate.Hidden {
			names = append(names, candidate.Name)
		}
	})
	return Nearest(name, names)
}

// Nearest returns the one of names that name was most likely meant to be: one that begins with it, or one that is at
// most two typing mistakes away. Where two are equally near, neither is named.
func Nearest(name string, names []string) (near string, ok bool) {
	best, ties := 3, 0
	for _, candidate := range names {
		d := mistakes(name, candidate)
		switch {
		case d > best:
		case d == best:
			ties++
		default:
			near, best, ties = candidate, d, 0
		}
	}
	return near, near != "" && ties == 0
}

// mistakes counts the typing mistakes between what was typed and what was meant. Leaving out the end of a
// long name counts as one, and short names forgive less.
func mistakes(typed, meant string) int {
	if len(typed) >= 3 && strings.HasPrefix(meant, typed) {
		return 1
	}
	if d := distance(typed, meant); d <= len(meant)/3 {
		return d
	}
	return len(meant) + len(typed)
}

// distance is the number of bytes to insert, delete or replace to make b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
