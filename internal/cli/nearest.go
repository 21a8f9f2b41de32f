package cli

import (
	"strings"

	"github.com/spf13/pflag"
)

// nearest returns the one flag that name was most likely meant to be: one that begins with it, or one that is
// at most two typing mistakes away. Where two are equally near, neither is named.
func nearest(name string, f *pflag.FlagSet) (flag string, ok bool) {
	best, ties := 3, 0
	f.VisitAll(func(candidate *pflag.Flag) {
		d := mistakes(name, candidate.Name)
		switch {
		case candidate.Hidden || d > best:
		case d == best:
			ties++
		default:
			flag, best, ties = candidate.Name, d, 0
		}
	})
	return flag, flag != "" && ties == 0
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
