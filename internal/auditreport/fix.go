package auditreport

import (
	"fmt"
	"maps"
	"path"
	"strings"

	"amiforge/internal/clean"
)

// A Fix says what was done to an image of which a report's image is a cleaned copy.
type Fix struct {
	Source  string         `json:"source"` // what was copied
	Changes []clean.Change `json:"changes"`
	Notes   []string       `json:"notes,omitempty"`
}

// Summary counts the changes.
func (f *Fix) Summary() string {
	counts := map[clean.Action]int{}
	for _, c := range f.Changes {
		counts[c.Action] += 1 + c.Files
	}
	var list []string
	for _, action := range []clean.Action{clean.Removed, clean.Emptied, clean.Locked} {
		if n := counts[action]; n > 0 {
			list = append(list, fmt.Sprintf("%s %s", count(n, "file"), action))
		}
	}
	if len(list) == 0 {
		return fmt.Sprintf("%s: nothing was changed but the free space", f.Source)
	}
	return fmt.Sprintf("%s: %s", f.Source, strings.Join(list, ", "))
}

// Lines returns the changes for people, a line for each. Unless all is wanted, many temporary files of one directory are
// one line.
func (f *Fix) Lines(all bool) (lines []string) {
	many := crowds(f.Changes)
	if all {
		clear(many)
	}
	for _, c := range f.Changes {
		place := crowd{c.Rule, path.Dir(c.Path), c.Action}
		line := fmt.Sprintf("%s %s", c.Action, printable(c.Path))
		switch n := many[place]; {
		case n > 0:
			line = fmt.Sprintf("%s %d files in %s", c.Action, n, printable(place.dir))
			many[place] = -1
		case n < 0:
			continue
		case c.Files == 1:
			line += " and a file in it"
		case c.Files > 1:
			line += fmt.Sprintf(" and %d files in it", c.Files)
		}
		lines = append(lines, fmt.Sprintf("%s (%s)", line, c.Rule))
	}
	return lines
}

// A crowd is files of a directory to which the same was done for the same reason.
type crowd struct {
	rule, dir string
	action    clean.Action
}

// crowds counts the temporary files and packages in each directory that are too many to be listed.
func crowds(changes []clean.Change) map[crowd]int {
	const many = 10
	counts := map[crowd]int{}
	for _, c := range changes {
		if c.Rule == "LEFTOVERS" {
			counts[crowd{c.Rule, path.Dir(c.Path), c.Action}] += 1 + c.Files
		}
	}
	maps.DeleteFunc(counts, func(_ crowd, n int) bool { return n <= many })
	return counts
}
