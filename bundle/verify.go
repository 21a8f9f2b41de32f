package bundle

import (
	"cmp"
	"context"
	"crypto/sha1"
	"errors"
	"io"
	"io/fs"
	"slices"

	"golang.org/x/sync/errgroup"

	"amiforge/manifest"
)

// partWorkers is how many parts are hashed, looked at or removed at a time.
const partWorkers = 4

// Verify checks every part against the manifest, and if the bundle was opened with a key, everything inside
// down to the digest of the tar stream. It reports all bad and missing parts; all such errors are ErrVerify.
// (The signature is Open's business.) Progress is called with the bytes of the parts as they are read, from
// several goroutines; with a key, with those of the image.
func (b *Bundle) Verify(ctx context.Context, progress func(n int64)) error {
	if b.key == nil {
		return b.verifyParts(ctx, progress)
	}
	err := b.Extract(ctx, discard{}, progress)
	return b.withOtherParts(ctx, err)
}

// withOtherParts adds to err, with which reading stopped, what is wrong with the parts that it did not reach.
func (b *Bundle) withOtherParts(ctx context.Context, err error) error {
	if bad, ok := errors.AsType[*PartError](err); ok {
		_, others := b.hashParts(ctx, b.index(bad.Name), nil)
		return cmp.Or(others, err)
	}
	if errors.Is(err, ErrVerify) {
		_, others := b.hashParts(ctx, 0, nil)
		return errors.Join(err, others)
	}
	return err
}

// discard is the Target of a dry run.
type discard struct{}

func (discard) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
func (discard) Zero(int64, int64) error                { return nil }

// Strays returns the names in the bundle's store that look like parts of it but that its manifest does not
// name.
func (b *Bundle) Strays(ctx context.Context) ([]string, error) {
	return strays(ctx, b.parts, b.Manifest)
}

func (b *Bundle) index(name string) int {
	for i, p := range b.Manifest.Image.Parts {
		if p.Name == name {
			return i
		}
	}
	return 0
}

func (b *Bundle) verifyParts(ctx context.Context, progress func(n int64)) error {
	sizes, err := b.hashParts(ctx, 0, progress)
	if err != nil {
		return err
	}
	return checkTotal(sizes, b.Manifest.Image.BundledSize)
}

// hashParts hashes the parts from the given index on, several at a time, and joins what is wrong. It returns
// their sizes.
func (b *Bundle) hashParts(ctx context.Context, from int, progress func(n int64)) ([]int64, error) {
	parts := b.Manifest.Image.Parts[from:]
	sizes, errs := make([]int64, len(parts)), make([]error, len(parts))
	eachPart(parts, func(i int, p manifest.Part) {
		var err error
		if sizes[i], err = hashPart(ctx, b.parts, p, progress); err != nil {
			errs[i] = &PartError{p.Name, err}
		}
	})
	return sizes, cmp.Or(context.Cause(ctx), errors.Join(errs...))
}

// eachPart calls do for every part, several at a time, and returns when all are done.
func eachPart(parts []manifest.Part, do func(i int, p manifest.Part)) {
	var g errgroup.Group
	g.SetLimit(partWorkers)
	for i, p := range parts {
		g.Go(func() error { do(i, p); return nil })
	}
	g.Wait() // no error: do keeps its own
}

func checkTotal(sizes []int64, bundled int64) error {
	var sum int64
	for _, n := range sizes {
		sum += n
	}
	if sum != bundled {
		return invalidf("the parts are %d bytes together, manifest says bundled_size %d", sum, bundled)
	}
	return nil
}

// hashPart reads a part and compares its digest.
func hashPart(ctx context.Context, st Store, p manifest.Part, progress func(n int64)) (int64, error) {
	body, size, err := st.Open(ctx, p.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, invalid{err}
	}
	if err != nil {
		return 0, err
	}
	defer body.Close()
	h := sha1.New()
	if _, err := io.Copy(h, &progressReader{body, progress}); err != nil {
		return 0, err
	}
	return size, checkDigest(digestOf(h), p.Digest)
}

// maxMissing is how many missing parts CheckParts names.
const maxMissing = 20

// CheckParts tells whether every part that the manifest names is in the store and whether they are
// bundled_size bytes together. It reads none of them. Missing ones are reported, the first of many, as ErrVerify.
func CheckParts(ctx context.Context, st Store, m *manifest.Manifest) error {
	parts := m.Image.Parts
	sizes, errs := make([]int64, len(parts)), make([]error, len(parts))
	eachPart(parts, func(i int, p manifest.Part) {
		o, err := st.Stat(ctx, p.Name)
		if errors.Is(err, fs.ErrNotExist) {
			err = invalid{err}
		}
		if err != nil {
			errs[i] = &PartError{p.Name, err}
		}
		sizes[i] = o.Size
	})
	if err := joinFirst(errs, maxMissing); err != nil {
		return err
	}
	return checkTotal(sizes, m.Image.BundledSize)
}

// CheckParts is the function CheckParts for the bundle's own parts, and tells whether they may be read, too.
func (b *Bundle) CheckParts(ctx context.Context) error {
	if err := CheckParts(ctx, b.parts, b.Manifest); err != nil {
		return err
	}
	if _, ok := b.parts.(*Dir); !ok {
		return nil // to look at an object of a bucket takes the permission to read it
	}
	for _, p := range b.Manifest.Image.Parts {
		body, _, err := b.parts.Open(ctx, p.Name)
		if err != nil {
			return &PartError{p.Name, err}
		}
		body.Close()
	}
	return nil
}

// joinFirst joins the first n errors and counts the others.
func joinFirst(errs []error, n int) error {
	errs = slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	if more := len(errs) - n; more > 0 {
		errs = append(errs[:n:n], invalidf("and %d more", more))
	}
	return errors.Join(errs...)
}
