package bundle

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"time"

	"amiforge/manifest"
)

// ErrExist says that the store holds a bundle of that name already. It is an fs.ErrExist.
var ErrExist = fmt.Errorf("a bundle of that name is there: %w", fs.ErrExist)

// CreateOptions says what bundle to make.
type CreateOptions struct {
	Name    string // of the image, and the prefix of its parts; "image" if empty
	User    string // the owner's account, 12 digits
	Type    string // machine, kernel or ramdisk; "machine" if empty
	Machine manifest.Machine
	Bundler manifest.Bundler

	Ancestry []string // IDs of the AMIs that the image was made from, the latest one last

	Key *rsa.PrivateKey // the owner's: signs the manifest
	EC2 *rsa.PublicKey  // the service's, may open the bundle too; the owner's again if nil

	PartSize int64 // bytes, DefaultPartSize if 0
	Level    int   // of deflate, DefaultLevel if 0
	Workers  int   // that compress, one a processor if 0
	Replace  bool  // a bundle of that name: its manifest is removed first

	Rand     io.Reader     // for the content key; crypto/rand if nil
	Progress func(n int64) // called with the bytes of data read since the last call, never twice at a time
}

func (o *CreateOptions) withDefaults() (CreateOptions, error) {
	var c CreateOptions
	if o != nil {
		c = *o
	}
	if c.Key == nil {
		return c, errors.New("create: a private key is needed to sign the manifest")
	}
	if c.Name == "" {
		c.Name = "image"
	}
	if c.Type == "" {
		c.Type = "machine"
	}
	if c.EC2 == nil {
		c.EC2 = &c.Key.PublicKey
	}
	if c.PartSize == 0 {
		c.PartSize = DefaultPartSize
	}
	if c.Level == 0 {
		c.Level = DefaultLevel
	}
	if c.Workers == 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	return c, c.checkRanges()
}

// Check refuses options with which Create could not make a bundle, as Create itself does before any work.
func (o *CreateOptions) Check() error {
	_, err := o.withDefaults()
	return err
}

func (o *CreateOptions) checkRanges() error {
	for _, name := range []string{PartName(o.Name, 999999), ManifestName(o.Name)} {
		if err := manifest.CheckPartName(name); err != nil {
			return fmt.Errorf("name %q: %w", o.Name, err)
		}
	}
	if user, err := manifest.ParseUser(o.User); err != nil || user != o.User {
		return fmt.Errorf("user %q is not an account ID of 12 digits", o.User)
	}
	if err := manifest.CheckArchitecture(o.Machine.Architecture); err != nil {
		return err
	}
	if o.PartSize < MinPartSize || o.PartSize > MaxPartSize {
		return fmt.Errorf("part size is %d bytes; want %d to %d MiB", o.PartSize, MinPartSize>>20, MaxPartSize>>20)
	}
	if o.Level < 1 || o.Level > 9 {
		return fmt.Errorf("compression level %d is not between 1 and 9", o.Level)
	}
	if o.Workers < 1 || o.Workers > 1024 {
		return fmt.Errorf("%d workers are not between 1 and 1024", o.Workers)
	}
	return o.rehearse()
}

// rehearse signs a manifest of one part, so that a text that no manifest may hold is found before the work.
func (o *CreateOptions) rehearse() error {
	m := o.manifest(1)
	m.Image.Digest, m.Image.BundledSize = manifest.Digest{1}, 1
	m.Image.Parts = []manifest.Part{{Name: PartName(o.Name, 0), Digest: manifest.Digest{1}}}
	if err := m.Wrap(manifest.ContentKey{}, &o.Key.PublicKey, o.EC2); err != nil {
		return err
	}
	_, err := m.Sign(o.Key)
	return err
}

// manifest returns what is known of it before the work.
func (o *CreateOptions) manifest(size int64) *manifest.Manifest {
	return &manifest.Manifest{
		Version: manifest.Version, Bundler: o.Bundler, Machine: o.Machine,
		Image: manifest.Image{Name: o.Name, User: o.User, Type: o.Type, Size: size, Ancestry: o.Ancestry},
	}
}

// ManifestName returns the name of the manifest of the bundle with the given name.
func ManifestName(name string) string { return name + ".manifest.xml" }

// Create bundles the image into the store in one pass: the parts as they are made, several at a time, and
// the manifest last. It returns the manifest. Only a manifest counts as an existing bundle (ErrExist unless
// Replace): parts without one are leftovers, overwritten, and surplus ones removed once the manifest is in.
// After an error the store holds no manifest, and the parts that were put are removed again; where only what
// comes after the manifest went wrong, a last look or the removal of surplus parts, the bundle is in place, and its
// manifest is returned beside the error.
// With Replace the old bundle is gone then, too.
//
// One writer at a time: in a directory a lock sees to that; in a bucket, where there are none, the last one to
// finish finds that the parts are not all its own, and takes the manifest away again (ErrVerify).
//
// Where ctx ends while the data of NewImage is waited for, that one Read is left behind: Create does not wait.
//
// Memory is bounded by construction: parts take at most 64 MiB and the part being filled, compression two
// blocks of 2 MiB a worker and a few, whatever the image's size.
func Create(ctx context.Context, st Store, im *Image, opts *CreateOptions) (*manifest.Manifest, error) {
	o, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := im.checkMap(); err != nil {
		return nil, err
	}
	unlock, err := lockBundle(st, o.Name)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := makeRoom(ctx, st, ManifestName(o.Name), o.Replace); err != nil {
		return nil, err
	}
	m := o.manifest(im.size)
	key, err := manifest.NewContentKey(o.Rand)
	if err != nil {
		return nil, err
	}
	if err := m.Wrap(key, &o.Key.PublicKey, o.EC2); err != nil {
		return nil, err
	}
	parts := newPartWriter(ctx, st, o.Name, o.PartSize)
	m.Image.Digest, err = encode(ctx, parts, im, key, &o)
	m.Image.Parts, m.Image.BundledSize = parts.result()
	if err == nil {
		err = putManifest(ctx, st, m, o.Key)
	}
	if err != nil {
		return nil, errors.Join(err, removeParts(ctx, st, m.Image.Parts))
	}
	err = finish(ctx, st, ManifestName(o.Name), m)
	if errors.Is(err, ErrVerify) { // the manifest is gone again
		return nil, err
	}
	return m, err
}

// makeRoom refuses to overwrite a bundle, or begins to by removing its manifest.
func makeRoom(ctx context.Context, st Store, name string, replace bool) error {
	switch _, err := st.Stat(ctx, name); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !replace:
		return fmt.Errorf("%s: %s: %w", st, name, ErrExist)
	}
	return st.Remove(ctx, name)
}

// encode drives the image through tar, gzip and AES into the parts. It returns the digest of the tar stream.
func encode(ctx context.Context, parts *partWriter, im *Image, key manifest.ContentKey, o *CreateOptions) (manifest.Digest, error) {
	cbc := newCBCWriter(parts, key)
	gz := newGzipWriter(cbc, o.Level, o.Workers)
	sum := sha1.New()
	counted := *im
	counted.data = &progressReader{im.reader(ctx), o.Progress}
	err := writeTar(io.MultiWriter(sum, gz), o.Name, &counted)
	if err == nil {
		err = im.check(counted.data)
	}
	if err != nil {
		parts.abort(err)
	}
	for _, c := range []io.Closer{gz, cbc, parts} {
		if closed := c.Close(); err == nil {
			err = closed
		}
	}
	return digestOf(sum), err
}

// putManifest signs and stores the manifest. From then on the bundle exists.
func putManifest(ctx context.Context, st Store, m *manifest.Manifest, key *rsa.PrivateKey) error {
	doc, err := m.Sign(key)
	if err != nil {
		return err
	}
	return st.Put(ctx, ManifestName(m.Image.Name), bytes.NewReader(doc), int64(len(doc)), sha1.Sum(doc))
}

// cleanupTime is how long a cancelled Create may take to remove what it put.
const cleanupTime = 30 * time.Second

// removeParts removes the parts of a bundle that was not finished, even if ctx has ended.
func removeParts(ctx context.Context, st Store, parts []manifest.Part) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	errs := make([]error, len(parts))
	eachPart(parts, func(i int, p manifest.Part) {
		if err := st.Remove(ctx, p.Name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs[i] = fmt.Errorf("%s is left behind: %w", p.Name, err)
		}
	})
	return errors.Join(errs...)
}
