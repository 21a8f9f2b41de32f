// SHA-1 is the only digest of the format: EC2, ec2-ami-tools and euca2ools take no other.

package manifest

import "crypto/sha1"

// sum is the digest that the signature is made of: that of the sources one after the other.
func sum(sources ...[]byte) Digest {
	h := sha1.New()
	for _, source := range sources {
		h.Write(source)
	}
	return Digest(h.Sum(nil))
}
