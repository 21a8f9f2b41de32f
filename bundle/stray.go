package bundle

import (
	"context"
	"errors"
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

// namedElsewhere returns the names of all parts that manifests in the store name, the one called but not looked
// at. One that cannot be understood may name anything: then all is false.
func namedElsewhere(ctx context.Context, st Store, but string) (named map[string]bool, all bool, err error) {
	named = map[string]bool{}
	for o, err := range st.List(ctx) {
		if err != nil {
			return nil, false, err
		}
		if o.Name == but || !strings.HasSuffix(o.Name, ManifestName("")) {
			continue
		}
		_, m, err := readParsed(ctx, st, o.Name)
		if isManifestError(err) {
			return nil, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		for _, p := range m.Image.Parts {
			named[p.Name] = true
		}
	}
	return named, true, nil
}

func isManifestError(err error) bool {
	_, ok := errors.AsType[*manifest.Error](err)
	return ok || errors.Is(err, ErrVerify)
}

// isPartOf tells whether name is that of a part of a bundle with the given prefix: its digits decide.
func isPartOf(name, prefix string) bool {
	digits, ok := strings.CutPrefix(name, prefix+".part.")
	return ok && digits != "" && strings.Trim(digits, "0123456789") == ""
}

// isPartName tells whether name is that of a part of any bundle.
func isPartName(name string) bool {
	i := strings.LastIndex(name, ".part.")
	return i > 0 && name[0] != '.' && isPartOf(name, name[:i])
}
