package bundle

import (
	"bytes"
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"amiforge/manifest"
)

// CopyOptions says how to copy a bundle.
type CopyOptions struct {
	From         int  // index of the first part to copy; the ones before it must be there when the manifest is written
	SkipManifest bool // copy the parts alone
	Replace      bool // another bundle of the same name, whose manifest is removed first, and what else is in the way

	Parts Store // where the parts are, if not beside the manifest

	// Handover is what is written in place of the manifest: one of the same parts. If another run of the same
	// command has written its own, that one stays, since keys are wrapped anew each time.
	Handover *Handover

	Begin    func(total int64) // called first, with the bytes of all parts as the manifest claims them
	Progress func(n int64)     // called with the bytes of parts that were sent, or found there; from several goroutines
}

// ErrDamaged is in the chain of the errors of Copy by which what was read of the source is not the bundle that its
// manifest claims, so that to copy again cannot help. A part that is missing is none of them: the disk may be mounted
// again, and a server that answers 404 may lag behind.
var ErrDamaged = errors.New("the source is damaged")

type damaged struct{ error }

func (e damaged) Is(target error) bool { return target == ErrDamaged }
func (e damaged) Unwrap() error        { return e.error }

// atSource marks an error of the source, if it is one that stays.
func atSource(err error) error {
	if errors.Is(err, ErrVerify) {
		return damaged{err}
	}
	return err
}

// CopyResult tells what Copy did.
type CopyResult struct{ Sent, Kept int } // parts

// Copy copies the bundle whose manifest is called name from one store to another, several parts at a time,
// the manifest last. A part that is there already with the right size and SHA-1 is not sent again, so that
// copying again finishes what was interrupted. Every part is checked against the manifest before it is sent;
// the signature is not. A different manifest of that name in dst is ErrExist unless Replace, and so is anything
// that stands under a part's name without being a part of an earlier bundle of this name. As after Create,
// surplus parts of such a one are removed.
func Copy(ctx context.Context, dst, src Store, name string, opts *CopyOptions) (CopyResult, error) {
	if opts == nil {
		opts = &CopyOptions{}
	}
	doc, m, err := readParsed(ctx, src, name)
	if err != nil {
		return CopyResult{}, err
	}
	if opts.Parts != nil {
		src = opts.Parts
	}
	return copyTo(ctx, dst, &original{name, doc, m, src}, opts)
}

// Copy is the function Copy for an opened bundle: what was opened and checked is what is copied, whatever has become
// of its manifest meanwhile. In dst the manifest is called name. The Parts of the options are not used.
func (b *Bundle) Copy(ctx context.Context, dst Store, name string, opts *CopyOptions) (CopyResult, error) {
	if opts == nil {
		opts = &CopyOptions{}
	}
	o := b.original(name)
	if err := o.checkName(); err != nil {
		return CopyResult{}, err
	}
	return copyTo(ctx, dst, o, opts)
}

// CheckCopy refuses what Copy refuses whatever the destination is.
func (b *Bundle) CheckCopy(name string, opts *CopyOptions) error {
	o := b.original(name)
	if err := o.checkName(); err != nil {
		return err
	}
	return o.check(opts)
}

func (b *Bundle) original(name string) *original {
	return &original{name, b.Document, b.Manifest, b.parts}
}

// An original is what is copied.
type original struct {
	name  string // that the manifest gets
	doc   []byte // the manifest
	m     *manifest.Manifest
	parts Store
}

func copyTo(ctx context.Context, dst Store, o *original, opts *CopyOptions) (CopyResult, error) {
	if err := o.check(opts); err != nil {
		return CopyResult{}, err
	}
	unlock, err := lockBundle(dst, o.m.Image.Name)
	if err != nil {
		return CopyResult{}, err
	}
	defer unlock()
	// A renamed manifest may name parts that are those of the bundle that has the name by right.
	for _, name := range slices.Compact([]string{o.name, ManifestName(o.m.Image.Name)}) {
		if err := o.makeRoom(ctx, dst, name, opts); err != nil {
			return CopyResult{}, err
		}
	}
	if opts.Begin != nil {
		opts.Begin(o.m.Image.BundledSize)
	}
	c := &copier{dst: dst, src: o.parts, prefix: o.m.Image.Name, replace: opts.Replace, progress: opts.Progress}
	if err := c.run(ctx, o.m.Image, opts.From); err != nil || opts.SkipManifest {
		return c.result(), err
	}
	if err := c.checkSum(ctx, o.m, opts.From); err != nil {
		return c.result(), err
	}
	if err := o.putManifest(ctx, dst, opts); err != nil {
		return c.result(), err
	}
	return c.result(), finish(ctx, dst, o.name, o.m)
}

// checkName refuses a name that the manifest cannot have.
func (o *original) checkName() error {
	if err := o.m.CheckName(o.name); err != nil {
		return fmt.Errorf("%s: %w", o.name, err)
	}
	return nil
}

// check refuses what is not to be copied, or not like this.
func (o *original) check(opts *CopyOptions) error {
	if err := checkVisible(o.m); err != nil {
		return fmt.Errorf("%s: %w", o.name, err)
	}
	if n := len(o.m.Image.Parts); opts.From < 0 || opts.From > n {
		return fmt.Errorf("part %d: the bundle has parts 0 to %d", opts.From, n-1)
	}
	if opts.Handover != nil && !opts.Handover.hasParts(o.m) {
		return fmt.Errorf("%s: the manifest to write in its place is not one of the same parts", o.name)
	}
	return nil
}

// makeRoom is the function makeRoom, but the manifest that is to be written may be there.
func (o *original) makeRoom(ctx context.Context, dst Store, name string, opts *CopyOptions) error {
	switch there, err := o.written(ctx, dst, name, opts.Handover); {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case err != nil || there:
		return nil
	}
	return makeRoom(ctx, dst, name, opts.Replace)
}

// written tells whether the manifest that is to be written is the one that the store has under name.
func (o *original) written(ctx context.Context, dst Store, name string, h *Handover) (bool, error) {
	there, err := ReadManifest(ctx, dst, name)
	if err != nil {
		return false, err
	}
	if h != nil {
		return h.equals(there), nil
	}
	return bytes.Equal(there, o.doc), nil
}

// putManifest makes the parts a bundle. It looks for the manifest of another run once more: whoever has read that one
// already is to find it again.
func (o *original) putManifest(ctx context.Context, dst Store, opts *CopyOptions) error {
	doc := o.doc
	if h := opts.Handover; h != nil {
		doc = h.Document
		if there, err := o.written(ctx, dst, o.name, h); there || err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return dst.Put(ctx, o.name, bytes.NewReader(doc), int64(len(doc)), sha1.Sum(doc))
}

// checkVisible refuses parts with the name of a hidden file: no tool makes such, and in somebody's home
// directory .profile is more than a file.
func checkVisible(m *manifest.Manifest) error {
	for _, p := range m.Image.Parts {
		if strings.HasPrefix(p.Name, ".") {
			return invalidf("part %q has the name of a hidden file", p.Name)
		}
	}
	return nil
}

// readParsed reads and parses the manifest. Its signature is not looked at: a copy is as good as the source.
func readParsed(ctx context.Context, src Store, name string) ([]byte, *manifest.Manifest, error) {
	doc, err := ReadManifest(ctx, src, name)
	if err != nil {
		return nil, nil, err
	}
	m, err := parseNamed(doc, name)
	if err != nil {
		return nil, nil, err
	}
	return doc, m, nil
}

// parseNamed reads the manifest that is called name.
func parseNamed(doc []byte, name string) (*manifest.Manifest, error) {
	m, err := manifest.Parse(doc)
	if err == nil {
		err = m.CheckName(name)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return m, nil
}
