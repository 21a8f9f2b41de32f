package main

import (
	"crypto/rsa"

	"amiforge/bundle"
	"amiforge/internal/cli"
	"amiforge/internal/registry"
	"amiforge/manifest"
)

// handOver makes the manifest of the copy where it is not that of the source, and says what the new owner has to know.
func (o *options) handOver(e *cli.Env, from *source, image registry.Image) (*bundle.Handover, error) {
	m := from.bundle.Manifest
	if o.cert == "" && image.Owner != m.Image.User {
		e.Notef("the bundle stays that of %s: only their key opens it, or the service's;\n"+
			"-k KEY --cert CERT hands it over to %s", m.Image.User, image.Owner)
	}
	if !o.rewrites() {
		return nil, nil
	}
	signer, err := o.signer()
	if err != nil {
		return nil, err
	}
	opts, err := o.handoverOptions(image)
	if err != nil {
		return nil, err
	}
	opts.Signer = signer
	h, err := from.bundle.HandOver(opts)
	if err != nil {
		return nil, err
	}
	if m.Version != manifest.Version {
		e.Notef("the manifest of version %s is written anew as %s, with type %s and architecture %s",
			m.Version, manifest.Version, h.Manifest.Image.Type, h.Manifest.Machine.Architecture)
	}
	if !h.Manifest.Opens(signer, manifest.Owner) {
		e.Notef("the manifest is not signed by the owner of the copy: unbundling needs --cert SIGNER, the certificate "+
			"that belongs to %s", o.signKeyFile())
	}
	return h, nil
}

func (o *options) signKeyFile() string {
	if o.signKey != "" {
		return o.signKey
	}
	return o.key
}

func (o *options) signer() (*rsa.PrivateKey, error) { return cli.ReadPrivateKey(o.signKeyFile()) }

// handoverOptions reads the certificates. The bundle becomes that of the image's owner only where their certificate
// is given: a name in it that does not open it helps nobody.
func (o *options) handoverOptions(image registry.Image) (*bundle.HandoverOptions, error) {
	opts := &bundle.HandoverOptions{KernelID: o.kernel, RamdiskID: o.ramdisk, Architecture: image.Architecture}
	for _, c := range []struct {
		file string
		to   **rsa.PublicKey
	}{
		{o.cert, &opts.Owner},
		{o.ec2cert, &opts.EC2},
	} {
		if c.file == "" {
			continue
		}
		cert, err := cli.ReadCertificate(c.file)
		if err != nil {
			return nil, err
		}
		*c.to = cert.PublicKey.(*rsa.PublicKey) // ReadCertificate takes no other
	}
	if opts.Owner != nil {
		opts.User = image.Owner
	}
	return opts, nil
}
