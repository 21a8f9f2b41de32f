package manifest

import (
	"crypto/rsa"
	"fmt"
)

// Sign writes the manifest, signed with the owner's key, and returns the document. It sets m.Signature, and
// m.Version, which must be empty or Version before. Block devices are written sorted by Virtual.
//
// What Parse would refuse is not written but refused with an *Error, and so are architectures that are not
// one of Architectures and users with dashes.
func (m *Manifest) Sign(key *rsa.PrivateKey) ([]byte, error) {
	if err := m.checkWritable(); err != nil {
		return nil, err
	}
	var w writer
	w.manifest(m)
	signature, err := rsaSign(key, sum(w.signed()))
	if err != nil {
		return nil, fmt.Errorf("sign manifest: %w", err)
	}
	document := w.close(signature)
	written, err := Parse(document)
	if err != nil {
		return nil, err
	}
	m.Version, m.Signature, m.signed = written.Version, written.Signature, written.signed
	return document, nil
}

// checkWritable refuses what Parse takes from other tools but we do not write.
func (m *Manifest) checkWritable() error {
	if m.Version != "" && m.Version != Version {
		return faultf("version", "%q can be read only; %s is written", m.Version, Version)
	}
	if err := CheckArchitecture(m.Machine.Architecture); err != nil {
		return within("machine_configuration", within("architecture", err))
	}
	if user, err := ParseUser(m.Image.User); err != nil || user != m.Image.User {
		return faultf("image/user", "account ID is %.60q; want 12 digits", m.Image.User)
	}
	return nil
}

// Verify checks the signature of the source that was parsed, or that Sign wrote, against the owner's public
// key. It returns ErrUnsigned or ErrSignature. Changes made to m since then do not count.
func (m *Manifest) Verify(pub *rsa.PublicKey) error {
	if m.Unsigned() {
		return ErrUnsigned
	}
	if err := rsaVerify(pub, m.signed, m.Signature); err != nil {
		return ErrSignature
	}
	return nil
}

// Unsigned tells if the manifest has no signature: euca2ools writes UNSIGNED where it is given no key.
func (m *Manifest) Unsigned() bool { return len(m.Signature) == 0 }
