package volume

import (
	"slices"
	"strings"

	"amiforge/internal/tree"
)

// A SystemWatch tells of a stream of files whether it is the root of a system.
type SystemWatch struct {
	tree.Source

	// Is tells, once the stream has ended, whether there is anything in it that a system has.
	Is bool
}

// WatchSystem looks at the files of src as they pass.
func WatchSystem(src tree.Source) *SystemWatch { return &SystemWatch{Source: src} }

// Next returns the next file.
func (w *SystemWatch) Next() (*tree.Item, error) {
	item, err := w.Source.Next()
	if err == nil && !w.Is {
		top, _, _ := strings.Cut(item.Name, "/")
		w.Is = slices.Contains([]string{"etc", "usr", "bin"}, top)
	}
	return item, err
}
