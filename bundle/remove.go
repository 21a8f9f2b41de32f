package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"golang.org/x/sync/errgroup"

	"amiforge/manifest"
)

// Remove deletes exactly the objects that the manifest called name names, several at a time, and the manifest
// last, so that removing again finishes what was interrupted. Parts that are missing are passed over, and those
// that another manifest beside it (*.manifest.xml) names stay: they are its bundle's too. The report of an audit
// that lies beside the manifest (see ReportName) goes with it. A manifest that names
// anything not called like a part, as all tools call them, is refused: whoever wrote it may be after a file of
// yours. So is one beside which there is a manifest that cannot be understood, since that may name any part.
func Remove(ctx context.Context, st Store, name string) error {
	doc, err := ReadManifest(ctx, st, name)
	if err != nil {
		return err
	}
	return RemoveDocument(ctx, st, name, doc)
}

// RemoveDocument is Remove for a manifest that was read, and found to be the one that is meant: its parts go whatever
// has become of the manifest meanwhile.
func RemoveDocument(ctx context.Context, st Store, name string, doc []byte) error {
	m, err := parseNamed(doc, name)
	if err != nil {
		return err
	}
	parts, err := ownParts(ctx, st, name, m)
	if err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(partWorkers)
	for _, p := range parts {
		g.Go(func() error {
			if err := st.Remove(gctx, p.Name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return &PartError{p.Name, err}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := RemoveReport(ctx, st, name); err != nil {
		return err
	}
	return st.Remove(ctx, name)
}

// ownParts returns the parts that no manifest in the store names but the one called name.
func ownParts(ctx context.Context, st Store, name string, m *manifest.Manifest) ([]manifest.Part, error) {
	for _, p := range m.Image.Parts {
		if !isPartName(p.Name) {
			return nil, invalidf("%s: %q is not called like a part (NAME.part.00): nothing is deleted", name, p.Name)
		}
	}
	named, all, err := namedElsewhere(ctx, st, name)
	if err != nil {
		return nil, err
	}
	if !all {
		return nil, invalidf("%s: a manifest beside it cannot be understood and may name its parts: nothing is deleted", name)
	}
	return slices.DeleteFunc(slices.Clone(m.Image.Parts), func(p manifest.Part) bool { return named[p.Name] }), nil
}

// RemoveCopy deletes from dst what Copy puts there of the bundle, and nothing else: the manifest, which dst has under
// name, first, and the parts. What is missing is passed over. It goes on for a while where ctx has ended, since it
// tidies up behind a Copy that was not to be.
func (b *Bundle) RemoveCopy(ctx context.Context, dst Store, name string) error {
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	if err := dst.Remove(last, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is left behind: %w", name, err) // and with it the parts: it must not name what is gone
	}
	return removeParts(ctx, dst, b.Manifest.Image.Parts)
}
