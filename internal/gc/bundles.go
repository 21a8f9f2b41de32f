package gc

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"amiforge/internal/registry"
	"amiforge/internal/store"
)

// judge returns what is to be said of a folder. One that may be a living image's own under another name is left alone.
func (c *Collector) judge(ctx context.Context, x *index, f *folder) []Finding {
	if x.mayBeOwn(f.place) {
		return nil
	}
	var findings []Finding
	for _, d := range f.manifests {
		users := x.living[f.loc.Object(d.name)]
		switch {
		case d.vanished():
		case d.Manifest == nil:
			findings = append(findings, c.unreadable(f, d)...)
		case len(users) == 0:
			findings = append(findings, c.bundle(ctx, x, f, d)...)
		}
		for _, m := range users {
			findings = append(findings, c.damaged(f, d, m)...)
		}
	}
	return append(findings, c.halfUploads(ctx, x, f)...)
}

func (c *Collector) unreadable(f *folder, d document) []Finding {
	if c.By.Account != "" { // whose it is it cannot tell
		return nil
	}
	o := f.objects[d.name]
	return []Finding{{
		Kind: Unreadable, Target: f.loc.Object(d.name), Why: d.err.Error(), Action: Keep,
		Age: c.age(o.Modified), Bytes: o.Size, Objects: 1,
	}}
}

// bundle judges a bundle that no living image has.
func (c *Collector) bundle(ctx context.Context, x *index, f *folder, d document) []Finding {
	if c.By.Account != "" && d.Image.User != c.By.Account {
		return nil
	}
	ended := c.ended(ctx, x, f, d)
	if slices.ContainsFunc(ended, c.keeps) {
		return nil
	}
	finding, latest := f.bundle(d)
	for _, m := range ended {
		latest = later(latest, m.DeregistrationTime.Time)
	}
	if !c.old(latest) {
		return nil
	}
	finding.Age, finding.Why = c.age(latest), "no image names it"
	if i := slices.IndexFunc(ended, d.isOf); i >= 0 {
		finding.Why = fmt.Sprintf("its image %s is %s", ended[i].ID, ended[i].State)
	}
	if why := c.needed(ctx, x, f, d, ended); why != "" {
		finding.Action, finding.Why = Keep, why
	}
	return []Finding{finding}
}

// bundle returns the finding of a bundle, to be deleted, and when the latest of its objects came. Parts that other
// manifests name too are not its own.
func (f *folder) bundle(d document) (Finding, time.Time) {
	o := f.objects[d.name]
	finding := Finding{
		Kind: Bundle, Target: f.loc.Object(d.name), Action: Delete, Bytes: o.Size, Objects: 1,
		at: f.place, name: d.Image.Name, digest: d.digest, manifest: d.name,
	}
	latest := o.Modified
	for _, p := range d.Image.Parts {
		if part, ok := f.objects[p.Name]; ok && f.named[p.Name] == 1 {
			latest = later(latest, part.Modified)
			finding.take(part)
		}
	}
	return finding, latest
}

func (f *Finding) take(o store.Found) {
	f.parts = append(f.parts, o.Name)
	f.Bytes += o.Size
	f.Objects++
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// ended returns the dead images that had the manifest.
func (c *Collector) ended(ctx context.Context, x *index, f *folder, d document) []registry.Image {
	location := f.loc.Object(d.name)
	if ended := x.ended[location]; len(ended) > 0 {
		return ended
	}
	if m, ok := c.dead(ctx, f.base()); ok && spelled(m.Location) == location {
		return []registry.Image{m}
	}
	return nil
}

// isOf reports whether the manifest is the one that was registered as an image, as far as the registry knows.
func (d document) isOf(m registry.Image) bool {
	return m.ManifestDigest == "" || m.ManifestDigest == d.digest
}

// needed says why a bundle is kept that no image names, "" if nobody needs it.
func (c *Collector) needed(ctx context.Context, x *index, f *folder, d document, ended []registry.Image) string {
	if doubt := x.doubt(); doubt != "" {
		return doubt
	}
	if err := d.checkParts(); err != nil {
		return err.Error()
	}
	return c.namedOtherwise(ctx, x, f, d, ended)
}

// damaged tells what is wrong with the bundle of an image whose manifest is there.
func (c *Collector) damaged(f *folder, d document, m registry.Image) []Finding {
	if !c.concerns(m) || m.State == registry.Pending || d.vanished() || d.Manifest == nil {
		return nil
	}
	finding := Finding{Target: m.ID, Action: Keep, Age: c.age(m.CreationDate.Time)}
	if m.ManifestDigest != "" && m.ManifestDigest != d.digest {
		finding.Kind = Changed
		finding.Why = m.Location + " is another manifest than the one that was registered"
		return []Finding{finding}
	}
	missing := slices.DeleteFunc(d.partNames(), func(name string) bool { return f.has(name) })
	if len(missing) == 0 {
		return nil
	}
	finding.Kind = Incomplete
	finding.Why = fmt.Sprintf("of %s %d parts of %d are missing, %s first", m.Location, len(missing), len(d.Image.Parts), missing[0])
	return []Finding{finding}
}

func (d document) partNames() []string {
	names := make([]string, len(d.Image.Parts))
	for i, p := range d.Image.Parts {
		names[i] = p.Name
	}
	return names
}

// has reports whether a part is there, as far as the folder tells: of those that are not called like parts it does
// not.
func (f *folder) has(name string) bool {
	_, there := f.objects[name]
	return there || !isPart(name)
}

// sameThing reports whether two findings are about the same content.
func (f Finding) sameThing(g Finding) bool {
	return cmp.Or(cmp.Compare(f.Kind, g.Kind), cmp.Compare(f.Target, g.Target), cmp.Compare(f.Action, g.Action),
		cmp.Compare(f.digest, g.digest)) == 0
}
