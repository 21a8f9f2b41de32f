package manifest

import "fmt"

// Parse reads a manifest. It is strict: an element or attribute that the version of the format does not
// know, is missing or is there twice, a name that is no plain file name, a number that is out of range or
// not in canonical form, and all XML beyond plain elements are refused with an *Error. It does not look at
// the signature: see Verify.
//
// Parts are ordered by their index, wherever they stand in the document. A user with dashes, as early
// euca2ools wrote it, loses them. The result does not refer to data.
func Parse(data []byte) (*Manifest, error) {
	d := &decoder{scanner: scanner{data: data}, m: new(Manifest)}
	if err := d.document(); err != nil {
		if _, ok := err.(*Error); !ok {
			err = within("manifest", err)
		}
		return nil, err
	}
	return d.m, nil
}

type decoder struct {
	scanner
	m                          *Manifest
	machineSource, imageSource []byte
}

// document reads the whole document.
func (d *decoder) document() error {
	if len(d.data) > MaxSize {
		return fmt.Errorf("is %d bytes long; at most %d are allowed", len(d.data), MaxSize)
	}
	if err := d.declaration(); err != nil {
		return err
	}
	root, err := d.tag()
	if err != nil {
		return err
	}
	if err := d.manifest(root); err != nil {
		return err
	}
	if d.space(); d.pos < len(d.data) {
		return fmt.Errorf("is followed by %.20q", d.data[d.pos:])
	}
	d.m.signed = sum(d.machineSource, d.imageSource)
	return d.checkRecipients()
}

// checkRecipients refuses a manifest that lacks the owner's wrapped key, unless it is unsigned: euca2ools
// leaves both empty when it is given no key.
func (d *decoder) checkRecipients() error {
	image := &d.m.Image
	switch {
	case len(image.EC2Key) == 0:
		return faultf("image/ec2_encrypted_key", "is empty")
	case len(image.EC2IV) == 0:
		return faultf("image/ec2_encrypted_iv", "is empty")
	case len(image.UserKey) == 0 && (len(image.UserIV) != 0 || !d.m.Unsigned()):
		return faultf("image/user_encrypted_key", "is empty")
	case len(image.UserIV) == 0 && (len(image.UserKey) != 0 || !d.m.Unsigned()):
		return faultf("image/user_encrypted_iv", "is empty")
	}
	return nil
}
