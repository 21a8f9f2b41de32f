package bundle

import (
	"context"
	"errors"
	"io/fs"

	"amiforge/manifest"
)

// finish does what is left to do once the manifest called name is in: it makes sure that the bundle is the one
// that was written, and clears away what an earlier one left.
func finish(ctx context.Context, st Store, name string, m *manifest.Manifest) error {
	if err := confirm(ctx, st, m); err != nil {
		if errors.Is(err, ErrVerify) {
			err = errors.Join(err, st.Remove(ctx, name))
		}
		return err
	}
	return removeSurplus(ctx, st, m)
}

// confirm looks once more at the parts in a store without locks, where another process may have written the
// same bundle at the same time.
func confirm(ctx context.Context, st Store, m *manifest.Manifest) error {
	if _, locked := st.(*Dir); locked {
		return nil
	}
	errs := make([]error, len(m.Image.Parts))
	eachPart(m.Image.Parts, func(i int, p manifest.Part) {
		o, err := st.Stat(ctx, p.Name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			errs[i] = invalid{err}
		case err != nil:
			errs[i] = err
		case o.SHA1 != nil && *o.SHA1 != p.Digest:
			errs[i] = checkDigest(*o.SHA1, p.Digest)
		}
	})
	for i, err := range errs {
		if errors.Is(err, ErrVerify) {
			return invalidf("part %s was changed by another process that writes the same bundle; the manifest is removed again", m.Image.Parts[i].Name)
		}
	}
	return errors.Join(errs...)
}

// removeSurplus removes the parts of an earlier, longer bundle of the same name, unless another manifest in the
// store names them.
func removeSurplus(ctx context.Context, st Store, m *manifest.Manifest) error {
	names, err := strays(ctx, st, m)
	if err != nil || len(names) == 0 {
		return err
	}
	named, all, err := namedElsewhere(ctx, st, ManifestName(m.Image.Name))
	if err != nil || !all {
		return err
	}
	for _, name := range names {
		if named[name] {
			continue
		}
		if err := st.Remove(ctx, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
