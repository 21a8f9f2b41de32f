package bundle

import (
	"cmp"
	"crypto/rsa"
	"errors"
	"fmt"
	"reflect"

	"amiforge/manifest"
)

// HandoverOptions says what a manifest is to say for another owner, region or kernel. What is left empty stays as
// it is.
type HandoverOptions struct {
	User string // the new owner's account, 12 digits

	// Owner is the new owner's key. EC2 is the service's. If only Owner is given, what the service can open it
	// can still open, unless that was the old owner's key again: then it is the new owner's.
	Owner, EC2 *rsa.PublicKey

	KernelID, RamdiskID string

	// Architecture is that of the machine where the manifest says none, as of version 3.
	Architecture string

	Signer *rsa.PrivateKey // signs the manifest
}

// A Handover is a manifest for the parts of a bundle as they are, made by HandOver. Copy writes it in place of the
// bundle's own.
type Handover struct {
	Document []byte
	Manifest *manifest.Manifest

	signer *rsa.PublicKey
}

// HandOver makes the manifest with which the parts of the bundle are another owner's: the content key, the same as
// before, is wrapped for the new one. The bundle must have been opened with a key. Nothing is stored.
//
// The manifest is of version manifest.Version, whatever the bundle's is: an older one gains the type machine and,
// if it has none, the architecture of the options. What it may say and manifest.Sign does not write, such as an
// architecture that EC2 does not know, is refused with a *manifest.Error.
//
// To hand over revokes nothing: who could open the bundle still has the content key.
func (b *Bundle) HandOver(o *HandoverOptions) (*Handover, error) {
	switch {
	case b.key == nil:
		return nil, errors.New("hand over: the bundle was opened without a private key")
	case o.Signer == nil:
		return nil, errors.New("hand over: a private key is needed to sign the manifest")
	}
	m := *b.Manifest
	o.rewrite(&m)
	if err := m.Wrap(*b.key, o.Owner, o.service(b)); err != nil {
		return nil, fmt.Errorf("hand over: %w", err)
	}
	doc, err := m.Sign(o.Signer)
	if err != nil {
		return nil, fmt.Errorf("hand over: %w", err)
	}
	written, err := manifest.Parse(doc)
	return &Handover{Document: doc, Manifest: written, signer: &o.Signer.PublicKey}, err
}

// rewrite changes all but the wrapped keys. It writes into no list: they are the bundle's.
func (o *HandoverOptions) rewrite(m *manifest.Manifest) {
	m.Version = manifest.Version
	m.Machine.Architecture = cmp.Or(m.Machine.Architecture, o.Architecture)
	m.Machine.KernelID = cmp.Or(o.KernelID, m.Machine.KernelID)
	m.Machine.RamdiskID = cmp.Or(o.RamdiskID, m.Machine.RamdiskID)
	m.Image.User = cmp.Or(o.User, m.Image.User)
	m.Image.Type = cmp.Or(m.Image.Type, "machine") // old versions know no others
}

// service returns for whom the content key is wrapped in the service's place; nil leaves that as it is.
func (o *HandoverOptions) service(b *Bundle) *rsa.PublicKey {
	if o.EC2 == nil && b.Manifest.Opens(b.opener, manifest.Owner) && b.Manifest.Opens(b.opener, manifest.Service) {
		return o.Owner
	}
	return o.EC2
}

// hasParts tells whether the handover is of the bundle that m describes: the same parts of the same image.
func (h *Handover) hasParts(m *manifest.Manifest) bool {
	of := func(m *manifest.Manifest) manifest.Image {
		im := m.Image
		return manifest.Image{Name: im.Name, Digest: im.Digest, Size: im.Size, BundledSize: im.BundledSize, Parts: im.Parts}
	}
	return reflect.DeepEqual(of(h.Manifest), of(m))
}

// equals tells whether doc says the same with the signature of the same signer. Wrapping is random, so the same
// command makes another document each time; keys are known to be for the same owner only by their lengths.
func (h *Handover) equals(doc []byte) bool {
	m, err := manifest.Parse(doc)
	if err != nil || m.Verify(h.signer) != nil {
		return false
	}
	return m.Bundler == h.Manifest.Bundler && reflect.DeepEqual(m.Machine, h.Manifest.Machine) &&
		reflect.DeepEqual(withoutKeys(m.Image), withoutKeys(h.Manifest.Image))
}

// withoutKeys returns the image with nothing of its wrapped keys but their lengths.
func withoutKeys(im manifest.Image) manifest.Image {
	for _, key := range []*[]byte{&im.EC2Key, &im.UserKey, &im.EC2IV, &im.UserIV} {
		*key = make([]byte, len(*key))
	}
	return im
}
