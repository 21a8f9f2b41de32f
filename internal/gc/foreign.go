package gc

import (
	"fmt"
	"slices"

	"amiforge/internal/store"
)

// isForeign reports whether a location is where another registry is, or in its store: its images may need what lies
// there.
func (c *Collector) isForeign(location string) bool {
	below := func(loc store.Location) bool { return lies(location, loc) }
	return slices.ContainsFunc(c.met, below) || slices.ContainsFunc(c.Foreign, below)
}

// withoutForeign returns the findings without those that are foreign, but with the places that make them so.
func (w *walk) withoutForeign() []Finding {
	findings := slices.DeleteFunc(w.findings, func(f Finding) bool {
		return f.Kind != Image && f.Kind != Copy && w.isForeign(f.Target)
	})
	for _, loc := range w.met {
		findings = append(findings, foreign(loc, fmt.Sprintf("the bundles below belong to the registry %s", loc)))
	}
	for _, loc := range w.Foreign {
		if w.meets(loc) && !slices.Contains(w.met, loc) {
			findings = append(findings, foreign(loc, "it is the store of another registry, as the regions file says"))
		}
	}
	return findings
}

func foreign(loc store.Location, why string) Finding {
	return Finding{Kind: Foreign, Target: loc.String(), Action: Keep, Why: why}
}

// meets reports whether a location lies in one of the trees, or one of them in it.
func (c *Collector) meets(loc store.Location) bool {
	return slices.ContainsFunc(c.Trees, func(t *store.Tree) bool {
		return lies(folderKey(loc), t.Location()) || lies(folderKey(t.Location()), loc)
	})
}
