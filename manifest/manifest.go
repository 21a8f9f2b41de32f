// Package manifest reads and writes image.manifest.xml, the signed description of a bundle.
//
// A bundle is a disk image cut into encrypted parts; its manifest names the parts in order with their
// SHA-1 digests, carries the content key wrapped for the owner and for the service, and is signed by the
// owner over the source bytes of its machine_configuration and image elements. The format is that of
// ec2-ami-tools: version 2007-10-10 is read and written, 2007-08-29 and 3 are read.
//
// Parse is strict: what it returns names plain files only, has every number bounded and every digest
// whole. Nothing in a manifest is to be believed before Verify has passed.
package manifest

import "encoding/hex"

// Version is the format version that Sign writes.
const Version = "2007-10-10"

// MaxSize is the longest manifest that Parse takes, in bytes: about 250,000 parts.
const MaxSize = 32 << 20

// A Digest is a SHA-1 digest, the only one that the format knows.
type Digest [20]byte

// String returns the digest as 40 lower-case hexadecimal digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// A Manifest is the content of an image.manifest.xml.
type Manifest struct {
	Version   string
	Bundler   Bundler
	Machine   Machine // zero in version 3
	Image     Image
	Signature []byte // nil where the manifest is unsigned

	signed Digest // of the source bytes that the signature covers: machine_configuration, then image
}

// A Bundler is the program that made a bundle.
type Bundler struct{ Name, Version, Release string }

// A Machine is the machine configuration that an image wants. All but Architecture is optional.
type Machine struct {
	Architecture string
	BlockDevices []BlockDevice // sorted by Virtual when written
	KernelID     string
	RamdiskID    string
	ProductCodes []string
}

// A BlockDevice maps a virtual device (ami, root, swap, ephemeral0, ebs1) to a device name (sda1, /dev/sda1).
type BlockDevice struct{ Virtual, Device string }

// An Image describes the bundled image and its parts.
type Image struct {
	Name        string // also the name of the tar member
	User        string // the owner's account, 12 digits
	Type        string // machine, kernel or ramdisk; "" in version 3
	KernelName  string
	Ancestry    []string // AMI IDs
	Digest      Digest   // of the tar stream, not of the image
	Size        int64    // of the image, bytes
	BundledSize int64    // of all parts together, bytes

	// The content key and IV, wrapped with RSA PKCS #1 v1.5 for the service and for the owner.
	EC2Key, UserKey, EC2IV, UserIV []byte

	Parts []Part // by index
}

// A Part is one encrypted piece of the bundle.
type Part struct {
	Name   string // a plain file name, see CheckPartName
	Digest Digest
}
