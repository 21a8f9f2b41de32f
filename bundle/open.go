package bundle

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"

	"amiforge/manifest"
)

// ErrServiceKey says that a bundle was opened with the service's key, which is not the one that signed it.
var ErrServiceKey = errors.New("the key is the service's, and the owner's certificate is needed to check the signature")

// OpenOptions says how to open a bundle.
type OpenOptions struct {
	// Key unwraps the content key: the owner's or the service's. Without it a bundle can be verified part
	// by part, not read.
	Key *rsa.PrivateKey

	// Signer is whose signature is expected; if nil, that of Key's public half. With neither, the
	// signature is not checked.
	Signer *rsa.PublicKey

	// AllowUnsigned accepts a manifest without a signature, as euca2ools wrote it for want of a key.
	AllowUnsigned bool

	// Parts is where the parts lie if not beside the manifest.
	Parts Store

	// Memory is how many bytes of parts a Reader holds at most, but always one part; 0 means 64 MiB, the most.
	Memory int64
}

// A Bundle is a bundle in a store.
type Bundle struct {
	Manifest *manifest.Manifest
	Document []byte // the manifest's source, decrypted if it was encrypted

	parts  Store
	key    *manifest.ContentKey // nil if opened without a key
	opener *rsa.PrivateKey      // that it was unwrapped with
	memory int64                // of a Reader's parts, bytes
}

// Open reads the manifest called name from the store and, if the options tell whose it should be, checks its
// signature before anything of it is believed; without Key and Signer it checks none. Its errors are
// manifest.ErrSignature, ErrUnsigned and ErrKey, ErrServiceKey, *manifest.Error and those of the store.
func Open(ctx context.Context, st Store, name string, opts *OpenOptions) (*Bundle, error) {
	if opts == nil {
		opts = &OpenOptions{}
	}
	doc, err := ReadManifest(ctx, st, name)
	if err != nil {
		return nil, err
	}
	b, err := open(doc, name, opts)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if b.parts = opts.Parts; b.parts == nil {
		b.parts = st
	}
	if b.memory = opts.Memory; b.memory <= 0 {
		b.memory = memory
	}
	return b, nil
}

func open(doc []byte, name string, opts *OpenOptions) (*Bundle, error) {
	if manifest.IsEncrypted(doc) {
		if opts.Key == nil {
			return nil, errors.New("the manifest itself is encrypted: a private key is needed to read it")
		}
		var err error
		if doc, err = manifest.Decrypt(doc, opts.Key); err != nil {
			return nil, err
		}
	}
	m, err := manifest.Parse(doc)
	if err != nil {
		return nil, err
	}
	if err := m.CheckName(name); err != nil {
		return nil, err
	}
	b := &Bundle{Manifest: m, Document: doc}
	if err := b.checkSignature(opts); err != nil {
		return nil, err
	}
	if opts.Key == nil {
		return b, nil
	}
	key, _, err := m.Unwrap(opts.Key)
	b.key, b.opener = &key, opts.Key
	return b, err
}

// checkSignature checks the signature as far as the options tell whose it should be.
func (b *Bundle) checkSignature(opts *OpenOptions) error {
	m := b.Manifest
	switch {
	case m.Unsigned() && opts.AllowUnsigned:
		return nil
	case opts.Signer != nil:
		return m.Verify(opts.Signer)
	case opts.Key == nil:
		return nil
	}
	err := m.Verify(&opts.Key.PublicKey)
	if err == nil || errors.Is(err, manifest.ErrUnsigned) {
		return err
	}
	switch _, role, unwrap := m.Unwrap(opts.Key); {
	case unwrap != nil: // not this bundle's key at all
		return unwrap
	case role == manifest.Service:
		return ErrServiceKey
	}
	return err
}

// ReadManifest reads the document called name from the store, as it stands.
func ReadManifest(ctx context.Context, st Store, name string) ([]byte, error) {
	r, size, err := st.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if size > manifest.MaxSize {
		return nil, invalidf("%s: %d bytes are too long for a manifest (at most %d)", name, size, manifest.MaxSize)
	}
	doc := make([]byte, size)
	if _, err := io.ReadFull(r, doc); err != nil {
		return nil, fmt.Errorf("%s: %w", name, noEOF(err))
	}
	return doc, nil
}
