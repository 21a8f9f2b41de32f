package bundle

import (
	"context"
	"slices"
	"strings"

	"amiforge/manifest"
)

// strays returns the names in the store that look like parts of the manifest's bundle but are not among them.
func strays(ctx context.Context, st Store, m *manifest.Manifest) ([]string, error) {
	named := make(map[string]bool, len(m.Image.Parts))
	for _, p := range m.Image.Parts {
		named[p.Name] = true
	}
	var names []string
	for o, err := range st.List(ctx) {
		if err != nil {
			return nil, err
		}
		if isPartOf(o.Name, m.Image.Name) && !named[o.Name] {
			names = append(names, o.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// isPartOf tells whether name is that of a part of a bundle with the given prefix: its digits decide.
func isPartOf(name, prefix string) bool {
	digits, ok := strings.CutPrefix(name, prefix+".part.")
	return ok && digits != "" && strings.Trim(digits, "0123456789") == ""
}
