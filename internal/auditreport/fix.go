package auditreport

import (
	"fmt"
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
