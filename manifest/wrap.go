package manifest

import (
	"crypto/rsa"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// A ContentKey is the AES-128 key and the CBC initialization vector that the parts are encrypted with.
// Each bundle has its own. No verb of package fmt prints it.
type ContentKey struct{ Key, IV [16]byte }

// Format keeps the key out of logs and errors.
func (ContentKey) Format(f fmt.State, _ rune) { io.WriteString(f, "(content key)") }

// NewContentKey makes a key from rand, which must be crypto/rand.Reader but in tests.
func NewContentKey(rand io.Reader) (ContentKey, error) {
	var ck ContentKey
	_, err := io.ReadFull(rand, ck.Key[:])
	if err == nil {
		_, err = io.ReadFull(rand, ck.IV[:])
	}
	if err != nil {
		return ContentKey{}, fmt.Errorf("make content key: %w", err)
	}
	return ck, nil
}

// A Role is the place that a bundle gives to the holder of a private key.
type Role string

const (
	Owner   Role = "owner"   // made the bundle and signed its manifest
	Service Role = "service" // may open it, as EC2 does to launch the image
)

// Wrap encrypts the content key for the owner and for the service, and sets the four fields of m.Image. A place
// whose key is nil stays as it is.
func (m *Manifest) Wrap(ck ContentKey, user, ec2 *rsa.PublicKey) error {
	wrapped := m.Image
	if err := seal(ck, user, &wrapped.UserKey, &wrapped.UserIV); err != nil {
		return fmt.Errorf("wrap content key for the owner: %w", err)
	}
	if err := seal(ck, ec2, &wrapped.EC2Key, &wrapped.EC2IV); err != nil {
		return fmt.Errorf("wrap content key for the service: %w", err)
	}
	m.Image = wrapped
	return nil
}

// seal encrypts key and IV apart, each as 32 hexadecimal digits: the format's way.
func seal(ck ContentKey, pub *rsa.PublicKey, key, iv *[]byte) (err error) {
	if pub == nil {
		return nil
	}
	if *key, err = rsaEncrypt(pub, hex.AppendEncode(nil, ck.Key[:])); err != nil {
		return err
	}
	*iv, err = rsaEncrypt(pub, hex.AppendEncode(nil, ck.IV[:]))
	return err
}

// Unwrap decrypts the content key, and tells whose private key it was given: the owner's, or else the
// service's. Only for the owner's is the manifest expected to be signed with that same key. Where it is
// neither, or what it opens is no content key, the error is ErrKey and says why.
func (m *Manifest) Unwrap(key *rsa.PrivateKey) (ck ContentKey, by Role, err error) {
	ck, userErr := m.openAs(Owner, key)
	if userErr == nil {
		return ck, Owner, nil
	}
	ck, ec2Err := m.openAs(Service, key)
	if ec2Err == nil {
		return ck, Service, nil
	}
	return ContentKey{}, "", fmt.Errorf("%w: %w; %w", ErrKey, userErr, ec2Err)
}

// Opens tells whether the private key opens the content key in the place of role. The owner's may open it in
// both: where no service was named, tools wrap it for the owner twice.
func (m *Manifest) Opens(key *rsa.PrivateKey, role Role) bool {
	_, err := m.openAs(role, key)
	return err == nil
}

// openAs decrypts the content key as it is wrapped for role.
func (m *Manifest) openAs(role Role, key *rsa.PrivateKey) (ContentKey, error) {
	im := &m.Image
	if role == Service {
		return open(key, "ec2", im.EC2Key, im.EC2IV)
	}
	return open(key, "user", im.UserKey, im.UserIV)
}

// open undoes seal for the elements whose names begin with who.
func open(key *rsa.PrivateKey, who string, sealedKey, sealedIV []byte) (ck ContentKey, err error) {
	if err = openHex(&ck.Key, key, sealedKey); err != nil {
		return ContentKey{}, within("image", within(who+"_encrypted_key", err))
	}
	if err = openHex(&ck.IV, key, sealedIV); err != nil {
		return ContentKey{}, within("image", within(who+"_encrypted_iv", err))
	}
	return ck, nil
}

func openHex(dst *[16]byte, key *rsa.PrivateKey, sealed []byte) error {
	if len(sealed) == 0 {
		return errors.New("is empty")
	}
	if len(sealed) != key.Size() {
		return fmt.Errorf("was made for a key of %d bits, this one has %d", 8*len(sealed), 8*key.Size())
	}
	digits, err := rsaDecrypt(key, sealed)
	if err != nil {
		return errors.New("was made for another key")
	}
	if len(digits) != hex.EncodedLen(len(dst)) {
		return fmt.Errorf("holds %d bytes; want 32 hexadecimal digits", len(digits))
	}
	if _, err := hex.Decode(dst[:], digits); err != nil {
		return errors.New("holds something else than 32 hexadecimal digits") // the error would show a byte
	}
	return nil
}
