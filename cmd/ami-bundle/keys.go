package main

import (
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"runtime"
	"time"

	"amiforge/internal/cli"
)

// readKeys reads the owner's key and certificate, which must belong together, and the service's certificate
// if there is one. (The old tools do not look, and make bundles that nobody can open.)
func (o *options) readKeys(e *cli.Env) (key *rsa.PrivateKey, ec2 *rsa.PublicKey, err error) {
	if key, err = cli.ReadPrivateKey(o.key); err != nil {
		return nil, nil, err
	}
	cert, err := cli.ReadCertificate(o.cert)
	if err != nil {
		return nil, nil, err
	}
	if !key.PublicKey.Equal(cert.PublicKey) {
		return nil, nil, fmt.Errorf("%s and %s do not belong together: the certificate is of another key", o.key, o.cert)
	}
	noticeDates(e, o.cert, cert)
	if o.ec2cert == "" {
		return key, nil, nil
	}
	service, err := cli.ReadCertificate(o.ec2cert)
	if err != nil {
		return nil, nil, err
	}
	noticeDates(e, o.ec2cert, service)
	return key, service.PublicKey.(*rsa.PublicKey), nil
}

// noticeDates mentions a certificate that is out of date and does no more: EC2's own expired in 2006.
func noticeDates(e *cli.Env, path string, cert *x509.Certificate) {
	switch now := time.Now(); {
	case now.After(cert.NotAfter):
		e.Notef("%s expired on %s; its dates are not checked", path, cert.NotAfter.Format(time.DateOnly))
	case now.Before(cert.NotBefore):
		e.Notef("%s is valid from %s on; its dates are not checked", path, cert.NotBefore.Format(time.DateOnly))
	}
}

// machineArch returns the name that manifests have for the architecture of this machine.
func machineArch() string {
	switch runtime.GOARCH {
	case "amd64":
		return "x86_64"
	case "386":
		return "i386"
	}
	return runtime.GOARCH
}
