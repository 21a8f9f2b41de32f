package gc

import (
	"cmp"
	"context"
	"crypto/aes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"amiforge/bundle"
)

func isPart(name string) bool {
	_, ok := bundle.SplitPartName(name)
	return ok
}

// halfUploads judges the parts in a folder that no manifest names.
func (c *Collector) halfUploads(ctx context.Context, x *index, f *folder) []Finding {
	if x.kept[folderKey(f.loc)] || f.awaited(x) {
		return nil
	}
	names := f.unnamed()
	if len(names) == 0 {
		return nil
	}
	why := c.keepParts(ctx, x, f)
	var findings []Finding
	for _, name := range slices.Sorted(maps.Keys(names)) {
		finding, latest := f.halfUpload(name, names[name])
		if !c.old(latest) {
			continue
		}
		finding.Age = c.age(latest)
		if why != "" {
			finding.Action, finding.Why = Keep, why
		}
		findings = append(findings, finding)
	}
	return findings
}

// awaited reports whether an image has its manifest in the folder and it is not there. The parts may be those of the
// image: while it lives, somebody may put the manifest back, and a copy will.
func (f *folder) awaited(x *index) bool {
	for _, m := range x.inside[folderKey(f.loc)] {
		if _, there := f.objects[strings.TrimPrefix(m.Location, folderKey(f.loc))]; !there {
			return true
		}
	}
	return false
}

// unnamed returns the parts in the folder by the name of their bundle, of which there is no manifest and no part that
// any manifest names.
func (f *folder) unnamed() map[string][]string {
	names, known := map[string][]string{}, map[string]bool{}
	for object := range f.objects {
		name, ok := bundle.SplitPartName(object)
		if !ok {
			continue
		}
		names[name] = append(names[name], object)
		_, there := f.objects[bundle.ManifestName(name)]
		known[name] = known[name] || there || f.named[object] > 0
	}
	maps.DeleteFunc(names, func(name string, _ []string) bool { return known[name] })
	return names
}

// keepParts says why parts without a manifest are kept, "" if nobody needs them.
func (c *Collector) keepParts(ctx context.Context, x *index, f *folder) string {
	if doubt := x.doubt(); doubt != "" {
		return doubt
	}
	for _, d := range f.manifests {
		if d.Manifest == nil {
			return d.name + " cannot be read and may name them"
		}
	}
	switch {
	case c.isRemote():
		return "nobody knows whose they are: the registry hides the images of other accounts"
	case c.By.Account == "":
		return ""
	}
	if m, ok := c.dead(ctx, f.base()); ok && m.Owner == c.By.Account && folderOf(spelled(m.Location)) == folderKey(f.loc) {
		return ""
	}
	return "nobody knows whose they are: without --account they are deleted"
}

// halfUpload returns the finding of the parts of one bundle, to be deleted, and when the latest of them came. Parts that
// cannot be those of a bundle by their sizes are kept: others call files so, too.
func (f *folder) halfUpload(name string, parts []string) (Finding, time.Time) {
	finding := Finding{Kind: HalfUpload, Target: f.loc.Object(name + ".part.*"), Action: Delete, at: f.place, name: name}
	slices.Sort(parts)
	var latest time.Time
	for _, part := range parts {
		latest = later(latest, f.objects[part].Modified)
		finding.take(f.objects[part])
	}
	finding.Why = fmt.Sprintf("there is no %s", bundle.ManifestName(name))
	if part, ok := f.unlikely(parts); ok {
		finding.Action, finding.Why = Keep, fmt.Sprintf("%s has no size that a part of a bundle has", part)
	}
	return finding, latest
}

// unlikely returns a part of a size that no tool gives it. They are cut from what AES-CBC makes, all as large as each
// other but for the last one, which is no larger.
func (f *folder) unlikely(parts []string) (name string, found bool) {
	parts = slices.SortedFunc(slices.Values(parts), byNumber)
	first := f.objects[parts[0]].Size
	for i, part := range parts {
		size := f.objects[part].Size
		if size%aes.BlockSize != 0 || size > first || size < first && i < len(parts)-1 {
			return part, true
		}
	}
	return "", false
}

// byNumber orders parts of one bundle as they are in it: tools write two digits, and more after the hundredth.
func byNumber(a, b string) int {
	return cmp.Or(cmp.Compare(len(number(a)), len(number(b))), cmp.Compare(number(a), number(b)))
}

func number(part string) string {
	return strings.TrimLeft(part[strings.LastIndexByte(part, '.')+1:], "0")
}
